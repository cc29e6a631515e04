"""GET /api/v1/overview and /api/v1/trends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final, cast

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Channel, Sentiment, Stage
from kit.auth import Principal, require
from kit.inputs import Instant, Plain
from kit.problems import PROBLEMS, FieldError, Problem
from kit.service import RuntimeDep
from language.calendar import SHANGHAI
from services.analysis.api.events import view
from services.analysis.calendar import LENGTHS, bucket_start, day_of
from services.analysis.exports.words import word
from services.analysis.settings import AnalysisSettings
from services.analysis.store import event_reading, topics, trends
from services.analysis.store.event_reading import EventFilter
from services.analysis.store.trends import Kind
from services.analysis.trend_schemas import Bucket, By, Counted, Overview, TrendPoint, Trends, TrendSeries, change

router = APIRouter(prefix="/api/v1", tags=["events"])

_TOP_EVENTS: Final = 10
_TOP_KEYS: Final = 20
_LONGEST: Final = timedelta(days=400)
_LONGEST_HOURLY: Final = timedelta(days=31)
_STAGES_OF: Final = timedelta(days=3)


@router.get("/overview", responses=PROBLEMS, summary="总览")
async def get_overview(runtime: RuntimeDep, _principal: Annotated[Principal, require("events.read")]) -> Overview:
    """Return the posts of the last 24 hours beside those of the 24 before, the stages of events and the hottest."""
    now = runtime.clock.now()
    async with runtime.database.reading() as session:
        names = await topics.names(session)
        counted = await trends.last_days(session, now, names.keys())
        stages = await trends.stages(session, now - _STAGES_OF)
        hottest = await event_reading.events(session, EventFilter(active=True), "heat", _TOP_EVENTS, None)

    def by(kind: By, named: Mapping[str, str]) -> list[Counted]:
        last, before = counted.last[kind], counted.before[kind]
        keys = sorted(key for key in last.keys() | before.keys() if last.get(key, 0) + before.get(key, 0))
        rows = [
            Counted(
                key=key,
                name=named.get(key, key),
                posts=last.get(key, 0),
                previous=before.get(key, 0),
                change=change(last.get(key, 0), before.get(key, 0)),
            )
            for key in keys
        ]
        return sorted(rows, key=lambda row: -row.posts)

    tones = {tone: counted.last["sentiment"].get(tone, 0) for tone in Sentiment}
    tones_before = {tone: counted.before["sentiment"].get(tone, 0) for tone in Sentiment}
    posts, previous = sum(tones.values()), sum(tones_before.values())
    return Overview(
        as_of=now,
        posts_24h=posts,
        previous_24h=previous,
        change=change(posts, previous),
        by_sentiment=tones,
        previous_by_sentiment=tones_before,
        by_topic=by("topic", names),
        by_place=by("place", {}),
        by_channel=by("channel", {one.value: word(one, chinese=True) for one in Channel}),
        stages={stage: stages.get(stage, 0) for stage in Stage},
        top_events=[view(row) for row in hottest[:_TOP_EVENTS]],
    )


@router.get("/trends", responses=PROBLEMS, summary="趋势")
async def get_trends(
    runtime: RuntimeDep,
    _principal: Annotated[Principal, require("events.read")],
    since: Annotated[Instant | None, Query(description="default: a week before `until`")] = None,
    until: Annotated[Instant | None, Query(description="default: now")] = None,
    bucket: Bucket = "1h",
    by: Annotated[By | None, Query(description="one series each for the 20 with most posts, or those of `key`")] = None,
    key: Annotated[list[Plain] | None, Query(max_length=20, description="with `by`: only these")] = None,
    topic: Annotated[list[Plain] | None, Query(max_length=20, description="short for by=topic with these keys")] = None,
) -> Trends:
    """Return posts by sentiment over the time of their publication, with the total of the period before."""
    now = runtime.clock.now()
    end = until or now
    start = since or end - timedelta(days=7)
    hours_from = day_of(now - timedelta(days=cast("AnalysisSettings", runtime.settings).hours_kept_days))
    _check_span(start, end, bucket, hours_from)
    if topic:
        by, key = "topic", topic
    async with runtime.database.reading() as session:
        kind: Kind = "all" if by is None or by == "sentiment" else by
        keys = [""] if kind == "all" else key or await trends.greatest(session, kind, bucket, start, end, _TOP_KEYS)
        names = await topics.names(session, keys) if kind == "topic" else {}
        points = await _points(session, kind, keys, bucket, start, end)
        before = await _before(session, kind, keys, bucket, start, min(end, now), hours_from)
    if by == "sentiment":
        wanted = [tone for tone in Sentiment if not key or tone.value in key]
        series = [_of_tone(tone, points[""], None if before is None else before.get("", {})) for tone in wanted]
    else:
        series = [
            _series(by, one, _name(by, one, names), points[one], None if before is None else before.get(one, {}))
            for one in keys
        ]
    return Trends(bucket=bucket, since=start, until=end, series=series)


def _check_span(start: datetime, end: datetime, bucket: Bucket, hours_from: datetime) -> None:
    longest = _LONGEST_HOURLY if bucket == "1h" else _LONGEST
    if not timedelta(0) < end - start <= longest:
        raise Problem(
            422,
            "trends.span",
            zh=f"时间跨度须大于 0 且不超过 {longest.days} 天",
            en=f"The span must be more than nothing and at most {longest.days} days",
            errors=[FieldError(pointer="query.since", detail="out of range")],
        )
    if bucket == "1h" and start < hours_from:
        oldest = hours_from.astimezone(SHANGHAI)
        raise Problem(
            422,
            "trends.rolled-up",
            zh=f"{oldest:%Y-%m-%d} 以前的数据只按天保存，请用 bucket=1d",
            en=f"Before {oldest:%Y-%m-%d} counts are kept by day alone: ask for bucket=1d",
            errors=[FieldError(pointer="query.since", detail="hours are no longer kept")],
        )


async def _points(
    session: AsyncSession, kind: Kind, keys: list[str], bucket: Bucket, start: datetime, end: datetime
) -> dict[str, list[TrendPoint]]:
    points: dict[str, list[TrendPoint]] = {key: [] for key in keys}
    for row in await trends.points(session, kind, keys, bucket, start, end):
        posts = row.negative + row.neutral + row.positive
        at = row.at.astimezone(SHANGHAI)
        tones = {"negative": row.negative, "neutral": row.neutral, "positive": row.positive}
        # rows of our own need no checking, which would be a fifth of the work for twenty series of a week by hour
        points[row.key].append(TrendPoint.model_construct(at=at, posts=posts, **tones))
    return points


async def _before(
    session: AsyncSession,
    kind: Kind,
    keys: list[str],
    bucket: Bucket,
    start: datetime,
    end: datetime,
    hours_from: datetime,
) -> dict[str, dict[str, int]] | None:
    """Return the totals of the period before: as many buckets back, and of the last as much as has gone by."""
    length = LENGTHS[bucket]
    first = bucket_start(start, bucket)
    if first < start:
        first += length
    buckets = max(1, -((first - end) // length))
    # up to now, or up to the end of the last bucket shown
    upto = min(end, first + buckets * length) - buckets * length
    begin = first - buckets * length
    if upto < hours_from and (bucket == "1h" or upto != day_of(upto)):
        return None
    return await trends.totals(session, kind, keys, begin, upto - timedelta(microseconds=1))


def _series(
    by: By | None, key: str, name: str, points: list[TrendPoint], before: Mapping[str, int] | None
) -> TrendSeries:
    posts = sum(point.posts for point in points)
    previous = None if before is None else sum(before.values())
    return TrendSeries(
        by=by,
        key=key or None,
        topic=key if by == "topic" else None,
        name=name,
        posts=posts,
        previous=previous,
        change=change(posts, previous),
        points=points,
    )


def _of_tone(tone: Sentiment, points: list[TrendPoint], before: Mapping[str, int] | None) -> TrendSeries:
    """Return the series of one sentiment, out of the points of all."""
    own = []
    for point in points:
        if posts := getattr(point, tone):
            tones = dict.fromkeys(("negative", "neutral", "positive"), 0) | {tone.value: posts}
            own.append(TrendPoint(at=point.at, posts=posts, **tones))
    counted = None if before is None else {tone.value: before.get(tone.value, 0)}
    return _series("sentiment", tone.value, word(tone, chinese=True), own, counted)


def _name(by: By | None, key: str, names: Mapping[str, str]) -> str:
    if by is None:
        return "全部信息"
    if by == "channel" and key in tuple(Channel):
        return word(Channel(key), chinese=True)
    return names.get(key, key)
