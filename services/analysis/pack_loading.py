"""Use cases of topic packs: what is at hand, taking one into force, and taking it out again."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kit.ids import new_id
from kit.problems import FieldError, Problem
from kit.runtime import Runtime
from services.analysis.models import Topic
from services.analysis.service import not_found
from services.analysis.store import topics
from services.analysis.topic_packs import PackFile, TopicPack, packs_in
from services.analysis.topic_schemas import LoadedPack, PackLoaded, PackProblem, PackView


async def listed(runtime: Runtime, folder: Path) -> list[PackView]:
    """Return the packs of the folder and those in force whose file is gone, by name."""
    files = {file.name: file for file in await asyncio.to_thread(packs_in, folder)}
    in_force: dict[str, list[Topic]] = defaultdict(list)
    async with runtime.database.reading() as session:
        for topic in await topics.of_packs(session):
            in_force[topic.family].append(topic)
    names = sorted(files.keys() | in_force.keys())
    return [_view(files.get(name, PackFile(name, None, ())), in_force.get(name, [])) for name in names]


async def load(runtime: Runtime, folder: Path, name: str) -> PackLoaded:
    """Make a pack's topics those of its file; 404 where there is none, 422 where it cannot be used.

    Loading again changes nothing that is the same. A topic that was switched off stays off; one that the file no
    longer has is removed, and posts keep its key.
    """
    file = await _file(folder, name)
    pack = _usable(file)
    counts: Counter[str] = Counter()
    async with runtime.database.writing() as session:
        await topics.lock(session)
        stored = await topics.of_pack(session, name)
        for key, values in _values(pack).items():
            topic = stored.get(key)
            if topic is None:
                session.add(_topic(runtime, key, values))
                counts["added"] += 1
            else:
                counts["changed" if topics.change(topic, runtime.clock.now(), **values) else "unchanged"] += 1
        for key in stored.keys() - _values(pack).keys():
            await session.delete(stored[key])
            counts["removed"] += 1
        if counts["added"] + counts["changed"] + counts["removed"]:
            await topics.raise_revision(session)
        await session.flush()
        view = _view(file, (await topics.of_pack(session, name)).values())
    return PackLoaded(
        pack=view,
        added=counts["added"],
        changed=counts["changed"],
        removed=counts["removed"],
        unchanged=counts["unchanged"],
    )


async def remove(session: AsyncSession, name: str) -> None:
    """Delete a pack's topics, also where its file is gone; 404 where none is in force. Posts keep their keys."""
    stored = await topics.of_pack(session, name)
    if not stored:
        raise not_found("已载入的专题包", "loaded pack")
    for topic in stored.values():
        await session.delete(topic)
    await topics.raise_revision(session)


async def _file(folder: Path, name: str) -> PackFile:
    for file in await asyncio.to_thread(packs_in, folder):
        if file.name == name:
            return file
    raise not_found("专题包", "topic pack")


def _usable(file: PackFile) -> TopicPack:
    if file.pack is not None:
        return file.pack
    raise Problem(
        422,
        "topic.pack",
        zh=f"专题包 {file.name} 的文件有误，不能载入",
        en=f"The file of the pack {file.name} cannot be used",
        errors=[
            FieldError(pointer=f"line {finding.line}: {finding.path}", detail=finding.message)
            for finding in file.findings
            if finding.severity == "error"
        ],
    )


def _values(pack: TopicPack) -> dict[str, dict[str, Any]]:
    """Return the columns of a pack's topics, by key; whether they are enabled is the user's affair."""
    return {
        rule.key: {
            "name": topic.name,
            "query": rule.query,
            "places": list(rule.places),
            "exclude": list(rule.exclude),
            "family": rule.family,
            "pack_version": pack.version,
        }
        for topic, rule in zip(pack.topics, pack.rules(), strict=True)
    }


def _topic(runtime: Runtime, key: str, values: dict[str, Any]) -> Topic:
    now = runtime.clock.now()
    return Topic(id=new_id(), key=key, origin="pack", created_at=now, updated_at=now, **values)


def _view(file: PackFile, in_force: Iterable[Topic]) -> PackView:
    pack, stored = file.pack, list(in_force)
    loaded = None
    if stored:
        newest = max(stored, key=lambda topic: topic.updated_at)
        loaded = LoadedPack(
            version=newest.pack_version, topics=len(stored), enabled=sum(topic.enabled for topic in stored)
        )
    return PackView(
        name=file.name,
        title=pack.title if pack else None,
        version=pack.version if pack else None,
        about=pack.about if pack else None,
        topics=len(pack.topics) if pack else None,
        loaded=loaded,
        problems=[PackProblem.model_validate(finding) for finding in file.findings],
    )
