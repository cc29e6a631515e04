"""How sources are, and what is covered: read from their schedules, passes and habits."""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import timedelta
from typing import Any, Final

from contracts.words import Channel
from kit.runtime import Runtime
from services.ingest import store
from services.ingest.collecting import store as schedules
from services.ingest.collecting.health import Condition, Silence, condition
from services.ingest.collecting.problems import detail_in_words, in_words
from services.ingest.coverage import TopicPlaces, WatchedSource, cells
from services.ingest.source_schemas import (
    Coverage,
    Covered,
    CoveredCell,
    PassShown,
    SilentSource,
    SourceHealth,
    SourceProblem,
)
from services.ingest.watching import surge_of

_DAY: Final = timedelta(hours=24)
_LOOK_BACK: Final = timedelta(days=7)
_SHOWN_PASSES: Final = 20


async def health(runtime: Runtime, source_id: str, *, chinese: bool, surge_minutes: float) -> SourceHealth | None:
    """Return how a source is; None where there is no such source."""
    now = runtime.clock.now()
    async with runtime.database.reading() as session:
        rows = await schedules.both(session, source_id)
        if not rows:
            return None
        row = rows[0]
        passes = await schedules.passes_since(session, source_id, now - _DAY)
        newest = (await schedules.newest_passes(session, [source_id], now - _LOOK_BACK)).get(source_id, [])
        habit = (await schedules.habits(session, {row.id: row.created_at}, now))[row.id]
        watches = await store.watches(session)
        posts = await store.counted(session, source_id, now - _DAY)
    seconds = sorted(one.seconds for one in passes)
    surge = surge_of(row.topics, watches, now).active
    minutes = min(row.interval / 60, surge_minutes) if surge else row.interval / 60
    return SourceHealth(
        source_id=row.id,
        name=row.name,
        condition=_condition(row, newest),
        silence=Silence(row.silence) if row.silence else None,
        silent_since=row.silent_since,
        problem=told(row.problem, row.detail, chinese=chinese) if row.problem else None,
        failures_in_a_row=row.failures,
        last_pass_at=row.last_pass_at,
        last_success_at=row.last_success_at,
        last_post_at=row.last_post_at,
        next_at=row.next_at if row.adapter and row.enabled else None,
        interval_minutes=round(minutes, 2) if row.adapter else None,
        surge=surge,
        passes_24h=len(passes),
        success_rate_24h=round(sum(one.problem is None for one in passes) / len(passes), 4) if passes else None,
        seconds_median_24h=round(statistics.median(seconds), 3) if seconds else None,
        seconds_p95_24h=seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))] if seconds else None,
        posts_24h=posts,
        posts_per_day=round(habit.per_day, 2) if habit.days >= 1 else None,
        missed_24h=sum(one.missed for one in passes),
        passes=[PassShown.model_validate(one) for one in newest[:_SHOWN_PASSES]],
    )


async def coverage(runtime: Runtime) -> Coverage:
    """Return what came in during the last 24 hours, which sources are silent, and which cells nobody watches."""
    now = runtime.clock.now()
    since = now - _DAY
    async with runtime.database.reading() as session:
        items = [Covered.model_validate(row, from_attributes=True) for row in await store.coverage(session, since)]
        rows = await schedules.both(session)
        passes = await schedules.newest_passes(session, [row.id for row in rows], now - _LOOK_BACK)
        topics = await store.plan_topics(session)
    conditions = {row.id: _condition(row, passes.get(row.id, [])) for row in rows}
    watched = [WatchedSource(Channel(row.channel), row.topics, row.places, conditions[row.id]) for row in rows]
    return Coverage(
        since=since,
        items=items,
        silent_sources=[row.name for row in rows if row.last_post_at is None or row.last_post_at < since],
        silent=[
            SilentSource(
                source_id=row.id,
                name=row.name,
                silence=Silence(row.silence),
                since=row.silent_since,
                detail=row.detail,
                last_success_at=row.last_success_at,
                last_post_at=row.last_post_at,
            )
            for row in rows
            if row.silence
        ],
        conditions=dict(Counter(conditions.values())),
        topics={row.key: row.name for row in topics},
        cells=[
            CoveredCell(
                topic=one.topic,
                channel=one.channel,
                place=one.place,
                sources=one.sources,
                heard=one.heard,
                watched=one.watched,
            )
            for one in cells([TopicPlaces(row.key, row.places) for row in topics], watched)
        ],
    )


def told(problem: str, detail: str | None, *, chinese: bool) -> SourceProblem:
    """Return a problem in words."""
    zh, en = in_words(problem)
    return SourceProblem(kind=problem, message=zh if chinese else en, detail=detail_in_words(detail, chinese=chinese))


def _condition(row: Any, passes: list[Any]) -> Condition:
    return condition(
        enabled=row.enabled,
        passes=[schedules.seen(one) for one in passes],
        silent=row.silence is not None,
        collected=bool(row.adapter),
    )
