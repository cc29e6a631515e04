"""Topics in the database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.database import insert_ignoring
from services.analysis import models
from services.analysis.enrich.topics import PLAN_FAMILY, TopicRule
from services.analysis.models import Topic, table

_TOPICS: Final = table(models.Topic)
_REVISION: Final = table(models.TopicRevision)


async def revision(session: AsyncSession) -> int:
    """Return the number that rises with every change of the topics; 0 before the first."""
    return int(await session.scalar(sa.select(_REVISION.c.revision)) or 0)


async def raise_revision(session: AsyncSession) -> None:
    """Let every worker see that the topics have changed."""
    await insert_ignoring(session, _REVISION, [{"id": 1, "revision": 0}])
    await session.execute(sa.update(_REVISION).values(revision=_REVISION.c.revision + 1))


async def lock(session: AsyncSession) -> None:
    """Let no other change of the topics begin before this transaction ends."""
    await insert_ignoring(session, _REVISION, [{"id": 1, "revision": 0}])
    await session.execute(sa.select(_REVISION.c.revision).with_for_update())


async def rules(session: AsyncSession) -> list[TopicRule]:
    """Return the enabled topics that can be used.

    A pack tells more finely what the plan watches: its topics' events are the plan's, whatever family names the pack.
    """
    usable = _TOPICS.c.enabled.is_(True) & _TOPICS.c.problem.is_(None)
    rows = await session.execute(sa.select(_TOPICS).where(usable).order_by(_TOPICS.c.key))
    return [
        TopicRule(
            row.key,
            row.query,
            tuple(row.places),
            tuple(row.exclude),
            PLAN_FAMILY if row.origin == "pack" else row.family,
        )
        for row in rows
    ]


async def one(session: AsyncSession, id_: str) -> Topic | None:
    """Return a topic by id."""
    return await session.get(Topic, id_)


async def names(session: AsyncSession, keys: Collection[str] | None = None) -> dict[str, str]:
    """Return the names of topics by key: of the enabled ones, or of `keys`."""
    chosen = _TOPICS.c.enabled.is_(True) if keys is None else _TOPICS.c.key.in_(list(keys))
    rows = await session.execute(sa.select(_TOPICS.c.key, _TOPICS.c.name).where(chosen).order_by(_TOPICS.c.key))
    return {row.key: row.name for row in rows}


async def page(session: AsyncSession, limit: int, after: str | None) -> list[Topic]:
    """Return up to `limit` + 1 topics in order of their ids, beginning after `after`."""
    statement = sa.select(Topic).order_by(_TOPICS.c.id).limit(limit + 1)
    if after is not None:
        statement = statement.where(_TOPICS.c.id > after)
    return list((await session.scalars(statement)).all())


async def of_plans(session: AsyncSession) -> dict[str, Topic]:
    """Return every topic that came from a plan, by key, locked."""
    rows = await session.scalars(sa.select(Topic).where(_TOPICS.c.origin == "plan").with_for_update())
    return {topic.key: topic for topic in rows}


async def of_packs(session: AsyncSession) -> list[Topic]:
    """Return every topic that came with a pack."""
    return list((await session.scalars(sa.select(Topic).where(_TOPICS.c.origin == "pack"))).all())


async def of_pack(session: AsyncSession, name: str) -> dict[str, Topic]:
    """Return the topics that came with a pack, by key, locked."""
    chosen = (_TOPICS.c.origin == "pack") & (_TOPICS.c.family == name)
    rows = await session.scalars(sa.select(Topic).where(chosen).with_for_update())
    return {topic.key: topic for topic in rows}


def change(topic: Topic, now: datetime, **values: Any) -> bool:
    """Set fields of a loaded topic and raise its version; tells whether anything differed."""
    differing = {name: value for name, value in values.items() if getattr(topic, name) != value}
    for name, value in differing.items():
        setattr(topic, name, value)
    if differing:
        topic.version += 1
        topic.updated_at = now
    return bool(differing)


async def by_key(session: AsyncSession, key: str) -> Topic | None:
    """Return a topic by its key."""
    return (await session.scalars(sa.select(Topic).where(_TOPICS.c.key == key))).first()
