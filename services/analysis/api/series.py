"""GET /api/v1/events/{id}/series and /forecast: how an event moves, and what is to be expected of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, cast

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from kit.auth import Principal, require
from kit.inputs import Instant, Plain
from kit.problems import FieldError, Problem, problems
from kit.service import RuntimeDep
from language.calendar import SHANGHAI
from services.analysis.api.events import standing
from services.analysis.calendar import HOUR, LENGTHS, day_of, floor, hour_of
from services.analysis.events.burst import bursts
from services.analysis.events.forecast import HISTORY_HOURS, forecast
from services.analysis.events.series import HourlySeries
from services.analysis.settings import AnalysisSettings
from services.analysis.store import buckets, series
from services.analysis.store.event_reading import Row
from services.analysis.trend_schemas import (
    BurstView,
    FineBucket,
    ForecastHour,
    ForecastView,
    Series,
    SeriesPoint,
)

router = APIRouter(prefix="/api/v1/events", tags=["events"])

Reader = Annotated[Principal, require("events.read")]

_LONGEST_FINE: Final = timedelta(hours=48)
_MOST_FILLED: Final = 2_000
_BURSTS_OF: Final = timedelta(days=31)


@router.get("/{event_id}/series", responses=problems(404, 409), summary="事件走势")
async def get_event_series(
    runtime: RuntimeDep,
    event_id: Plain,
    _principal: Reader,
    bucket: FineBucket = "1h",
    since: Annotated[
        Instant | None, Query(description="default: the event's first post; with bucket=10m its last 24 hours")
    ] = None,
    until: Annotated[Instant | None, Query(description="default: now")] = None,
    fill: Annotated[bool, Query(description="buckets without posts too")] = False,
    with_forecast: Annotated[bool, Query(alias="forecast", description="the next six hours too")] = False,
) -> Series:
    """Return an event's posts over the time of their publication, with its bursts."""
    now = runtime.clock.now()
    settings = cast("AnalysisSettings", runtime.settings)
    hours_from = day_of(now - timedelta(days=settings.hours_kept_days))
    async with runtime.database.reading() as session:
        event = await standing(session, event_id)
        end = until or now
        start = since or event.first_seen
        if bucket == "10m" and since is None:
            end = until or min(now, event.last_seen + LENGTHS[bucket])
            start = max(event.first_seen, end - timedelta(hours=24))
        start = floor(start, LENGTHS[bucket])
        _check_span(start, end, bucket, fill)
        rows = await series.points(session, event_id, bucket, start, end, hours_from=hours_from)
        found = await _bursts(session, event, min(end, now), hours_from, settings)
        told = await _forecast(session, event_id, now) if with_forecast else None
    points = {row.at: SeriesPoint(at=_local(row.at), posts=row.posts, negative=row.negatives) for row in rows}
    if fill:
        at = start
        while at < end:
            points.setdefault(at, SeriesPoint(at=_local(at), posts=0, negative=0))
            at += LENGTHS[bucket]
    return Series(
        bucket=bucket,
        since=_local(start),
        until=_local(end),
        points=[points[at] for at in sorted(points)],
        bursts=found,
        forecast=told,
    )


@router.get("/{event_id}/forecast", responses=problems(404, 409), summary="事件走势预测")
async def get_event_forecast(runtime: RuntimeDep, event_id: Plain, _principal: Reader) -> ForecastView:
    """Return what an event's next six hours are expected to bring, with intervals of 50 % and 90 %."""
    async with runtime.database.reading() as session:
        await standing(session, event_id)
        return await _forecast(session, event_id, runtime.clock.now())


def _check_span(start: datetime, end: datetime, bucket: FineBucket, fill: bool) -> None:
    if bucket == "10m" and end - start > _LONGEST_FINE + LENGTHS[bucket]:
        zh, en = "按 10 分钟统计时，时间跨度不超过 48 小时", "In steps of 10 minutes the span is at most 48 hours"
    elif fill and (end - start) / LENGTHS[bucket] > _MOST_FILLED:
        zh, en = f"补零后超过 {_MOST_FILLED} 个点，请缩短时间跨度", f"This would fill more than {_MOST_FILLED} points"
    elif start >= end:
        zh, en = "结束时间须晚于开始时间", "The span must be more than nothing"
    else:
        return
    raise Problem(
        422, "series.span", zh=zh, en=en, errors=[FieldError(pointer="query.since", detail="out of range", zh=zh)]
    )


async def _bursts(
    session: AsyncSession, event: Row, end: datetime, hours_from: datetime, settings: AnalysisSettings
) -> list[BurstView]:
    """Find the bursts between the event's first post, or 31 days before `end`, and `end`."""
    first = hour_of(max(event.first_seen, end - _BURSTS_OF))
    if first >= end:
        return []
    counts = [0] * ((hour_of(end) - first) // HOUR + 1)
    for row in await series.points(session, event.id, "1h", first, end, hours_from=hours_from):
        counts[(row.at - first) // HOUR] = row.posts
    exposures = HourlySeries(counts, end).exposures()
    return [
        BurstView(
            since=_local(first + one.first * HOUR),
            until=_local(first + (one.last + 1) * HOUR),
            posts=sum(counts[one.first : one.last + 1]),
            weight=one.weight,
        )
        for one in bursts(counts, exposures, settings.events.stage.burst)
    ]


async def _forecast(session: AsyncSession, event_id: str, now: datetime) -> ForecastView:
    hours = HISTORY_HOURS + 1
    counts = (await buckets.recent_hours(session, [event_id], now, hours)).get(event_id, [0] * hours)
    told = forecast(HourlySeries(counts, now))
    return ForecastView(
        as_of=_local(now),
        cold=told.cold,
        hours=[
            ForecastHour(
                since=_local(one.since),
                until=_local(one.since + HOUR),
                mean=one.mean,
                median=one.median,
                low50=one.low50,
                high50=one.high50,
                low90=one.low90,
                high90=one.high90,
            )
            for one in told.hours
        ],
    )


def _local(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI)
