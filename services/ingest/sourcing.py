"""Use cases of sources: made, changed, deleted, tried out, looked at now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from contracts.words import Channel
from kit.field_words import in_chinese, plain
from kit.ids import new_id
from kit.problems import FieldError, Problem
from kit.runtime import Runtime
from services.ingest import store
from services.ingest.adapters import adapters
from services.ingest.collecting import store as schedules
from services.ingest.collecting.around import Around, Fetches
from services.ingest.collecting.collector import Collector, Failure, look
from services.ingest.collecting.drafts import item, outlet_of, spec
from services.ingest.collecting.problems import safe, safe_url
from services.ingest.coverage import place_key
from services.ingest.service import Ingest
from services.ingest.source_health import told
from services.ingest.source_schemas import AdapterInfo, Missed, NewSource, PreviewedPost, SourceChange, SourcePreview

#: posts that a preview brings, and the seconds that it may take
_PREVIEWED: Final = 10
_PREVIEW_SECONDS: Final = 45.0
_SHOWN_TEXT: Final = 500


class Sources:
    """Everything that people do with sources."""

    def __init__(self, runtime: Runtime, ingest: Ingest, collector: Collector, fetcher: Fetches) -> None:
        self._runtime, self._ingest = runtime, ingest
        self._collector, self._fetcher = collector, fetcher
        self._previews = asyncio.Semaphore(4)

    def adapters(self) -> list[AdapterInfo]:
        """Return the ways of collecting, with the settings that each takes."""
        return [
            AdapterInfo(name=one.name, label=one.label, config_schema=one.config.model_json_schema())
            for one in sorted(adapters().values(), key=lambda one: one.name)
        ]

    async def create(self, new: NewSource) -> Any:
        """Make a source and plan its first look; returns its row."""
        config = checked(new.adapter, new.url, new.config)
        values = {
            "id": new_id(),
            **new.model_dump(mode="json"),
            "config": config,
            "version": 1,
            "created_at": self._runtime.clock.now(),
        }
        try:
            async with self._runtime.database.writing() as session:
                await store.add_source(session, values)
                row = await store.source(session, values["id"])
                await schedules.schedule(session, [self._collector.first(row)])
        except IntegrityError:
            raise _taken(new.name) from None
        await self._ingest.load_sources()
        self._collector.wake.set()
        return row

    async def change(self, row: Any, change: SourceChange) -> Any:
        """Change the source of `row`; returns its new row. Raises 412 where somebody was faster."""
        values = change.model_dump(mode="json", exclude_unset=True)
        values = {name: value for name, value in values.items() if value is not None or name == "url"}
        after = {**row._mapping, **values}
        if {"adapter", "url", "config"} & set(values) or values.get("enabled"):
            values["config"] = checked(after["adapter"], after["url"], after["config"])
        try:
            async with self._runtime.database.writing() as session:
                if not await store.change_source(session, row.id, row.version, values):
                    raise Problem(412, "stale", zh="内容已被他人修改", en="The source has changed since you read it")
                if {"adapter", "url", "config", "cadence_minutes", "enabled"} & set(values):
                    planned: dict[str, Any] = {"interval": after["cadence_minutes"] * 60.0, "failures": 0}
                    if {"adapter", "url", "config"} & set(values):
                        planned["state"] = {}
                    await schedules.change_schedule(session, row.id, planned)
                    await schedules.hasten(session, [row.id], self._runtime.clock.now(), reset=True)
                changed = await store.source(session, row.id)
        except IntegrityError:
            raise _taken(str(values.get("name"))) from None
        await self._ingest.load_sources()
        self._collector.wake.set()
        return changed

    async def warnings(self, source: Any, *, chinese: bool) -> list[str]:
        """Return what of a source's settings may not be meant so: unknown places and topics, an address kept twice."""
        async with self._runtime.database.reading() as session:
            topics = await store.plan_topics(session)
            rows = await store.with_url(session, source.url)
        same = [row.name for row in rows if row.id != getattr(source, "id", "")]
        places = {place_key(place): place for row in topics for place in row.places}
        found: list[str] = []
        if topics and (unknown := sorted(set(source.topics) - {row.key for row in topics})):
            known = "、".join(f"{row.key}（{row.name}）" for row in topics)
            zh = f"预案中没有这些专题：{'、'.join(unknown)}；预案的专题有：{known}"
            found.append(zh if chinese else f"no topics of the plan: {', '.join(unknown)}; it has: {known}")
        if places and (unknown := [one for one in source.places if place_key(one) not in places]):
            known = "、".join(places.values())
            zh = f"预案各专题中没有这些县区：{'、'.join(unknown)}；有：{known}"
            found.append(zh if chinese else f"no places of the plan's topics: {', '.join(unknown)}; they have: {known}")
        if same:
            zh = f"已有信源使用同一网址：{'、'.join(same)}"
            found.append(zh if chinese else f"other sources have the same address: {', '.join(same)}")
        return found

    async def delete(self, source_id: str) -> None:
        """Delete a source with its schedule and records; its posts stay."""
        async with self._runtime.database.writing() as session:
            await store.delete_source(session, source_id)
            await schedules.unschedule(session, source_id)
        await self._ingest.load_sources()

    async def fetch_now(self, row: Any) -> None:
        """Have a source looked at now. Raises 409 where it cannot be."""
        if not row.adapter:
            raise Problem(
                409,
                "push-only",
                zh="该信源只接收推送，没有设置采集方式",
                en="Posts are pushed to this source; it has no adapter",
            )
        if not row.enabled:
            raise Problem(409, "paused", zh="该信源已停用", en="The source is paused")
        async with self._runtime.database.writing() as session:
            await schedules.hasten(session, [row.id], self._runtime.clock.now())
        self._collector.wake.set()

    async def preview(self, new: NewSource, *, chinese: bool) -> SourcePreview:
        """Return what a source would bring, storing nothing. Raises 422 for wrong settings, 503 while too many try."""
        config = checked(new.adapter, new.url, new.config)
        if not new.adapter:
            raise _field("adapter", "请选择采集方式", "choose an adapter")
        if self._previews.locked():
            raise Problem(
                503,
                "busy",
                zh="同时试看的人太多，请稍后再试",
                en="Too many previews at once",
                headers={"Retry-After": "10"},
            )
        row = _Unsaved({**new.model_dump(mode="json"), "id": new_id()})
        began = time.perf_counter()
        around = Around(
            self._fetcher,
            self._runtime.database,
            spec(row),
            state={},
            now=self._runtime.clock.now(),
            limit=_PREVIEWED,
            seconds=_PREVIEW_SECONDS,
            remember=False,
        )
        async with self._previews:
            found = await look(new.adapter, config, around, seconds=_PREVIEW_SECONDS + 5)
        shown = SourcePreview(
            posts=[],
            missed=[],
            problem=None,
            warnings=await self.warnings(new, chinese=chinese),
            seen=0,
            pages=around.fetched,
            seconds=round(time.perf_counter() - began, 2),
        )
        if isinstance(found, Failure):
            return shown.model_copy(update={"problem": told(found.problem, found.detail, chinese=chinese)})
        drafts = found.drafts[:_PREVIEWED]
        candidates, bad = self._ingest.look(
            [item(draft, row) for draft in drafts], chinese=chinese, outlet=outlet_of(row)
        )
        async with self._runtime.database.reading() as session:
            known = await store.stored(session, sorted({one.identity for one in candidates}))
        posts = [
            PreviewedPost(
                url=one.url,
                title=one.title,
                text=one.text[:_SHOWN_TEXT],
                length=len(one.text),
                published_at=one.published_at,
                channel=Channel(one.channel),
                source_name=new.name,
                outlet=one.outlet,
                counters=dict(drafts[one.index].counters),
                voice=one.author_hash is not None,
                known=one.identity in known,
            )
            for one in candidates
        ]
        missed = [Missed(url=safe_url(drafts[index].url or ""), reason=reason) for index, reason in bad]
        missed += [
            Missed(url=safe_url(one.url), reason=safe(one.reason_zh if chinese else one.reason_en))
            for one in found.misses
        ]
        return shown.model_copy(update={"posts": posts, "missed": missed, "seen": found.seen})


class _Unsaved:
    """A source that is not stored, with the attributes of one that is."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def checked(adapter: str, url: str | None, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return an adapter's settings as they are stored; raises 422 that names each wrong field."""
    if url and not _is_web(url):
        raise _field("url", "须为 http 或 https 网址", "must be an http or https address")
    if not adapter:
        if config:
            raise _field("config", "没有采集方式时不能有设置", "settings need an adapter")
        return {}
    if adapter not in adapters():
        known = ", ".join(sorted(adapters()))
        raise _field("adapter", f"须为以下之一：{known}", f"must be one of: {known}")
    one = adapters()[adapter]
    if not url and getattr(one, "needs_url", True):
        raise _field("url", "这种采集方式需要网址", "this adapter needs an address")
    try:
        return one.config.model_validate(config).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        errors = [
            FieldError(pointer="/".join(("/config", *map(str, one["loc"]))), detail=plain(one), zh=in_chinese(one))
            for one in error.errors()
        ]
        where = " ".join(errors[0].pointer.split("/")[2:])
        raise Problem(
            422,
            "invalid-fields",
            zh=f"采集设置有误：{where} {errors[0].zh}".replace("： ", "："),
            en=f"Wrong settings: {where} {errors[0].detail}",
            errors=errors,
        ) from None


def _field(name: str, zh: str, en: str) -> Problem:
    errors = [FieldError(pointer=f"/{name}", detail=en, zh=zh)]
    return Problem(422, "invalid-fields", zh=f"{name}：{zh}", en=f"{name}: {en}", errors=errors)


def _taken(name: str) -> Problem:
    return Problem(409, "name-taken", zh=f"信源名称已被使用：{name}", en=f"The name is taken: {name}")
