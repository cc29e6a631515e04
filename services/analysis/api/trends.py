"""GET /api/v1/overview and /api/v1/trends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Sentiment
from kit.auth import Principal, require
from kit.problems import PROBLEMS, FieldError, Problem
from kit.service import RuntimeDep
from services.analysis.api.events import view
from services.analysis.calendar import bucket_start
from services.analysis.enrich.places import COUNTIES
from services.analysis.schemas import Bucket, Counted, Overview, TrendPoint, Trends, TrendSeries
from services.analysis.store import search, topics
from services.analysis.store.search import EventFilter

router = APIRouter(prefix="/api/v1", tags=["events"])

_TOP_EVENTS: Final = 10
_LONGEST: Final = timedelta(days=400)
_LONGEST_HOURLY: Final = timedelta(days=31)


@router.get("/overview", responses=PROBLEMS, summary="总览")
async def get_overview(runtime: RuntimeDep, _principal: Annotated[Principal, require("events.read")]) -> Overview:
    """Return the posts of the last 24 hours by sentiment, topic and county, and the hottest events."""
    now = runtime.clock.now()
    since = now - timedelta(hours=24)
    async with runtime.database.reading() as session:
        names = await topics.names(session)
        tones = await search.count_by_sentiment(session, since)
        by_topic = await search.count_by_topic(session, since, list(names))
        by_place = await search.count_by_place(session, since, COUNTIES)
        hottest = await search.events(session, EventFilter(active=True), "heat", _TOP_EVENTS, None)
    return Overview(
        as_of=now,
        posts_24h=sum(tones.values()),
        by_sentiment={tone: tones.get(tone, 0) for tone in Sentiment},
        by_topic=[Counted(key=key, name=names[key], posts=posts) for key, posts in by_topic.items()],
        by_place=[Counted(key=name, name=name, posts=posts) for name, posts in by_place.items()],
        top_events=[view(row) for row in hottest[:_TOP_EVENTS]],
    )


@router.get("/trends", responses=PROBLEMS, summary="趋势")
async def get_trends(
    runtime: RuntimeDep,
    _principal: Annotated[Principal, require("events.read")],
    since: Annotated[AwareDatetime | None, Query(description="default: a week before `until`")] = None,
    until: Annotated[AwareDatetime | None, Query(description="default: now")] = None,
    bucket: Bucket = "1h",
    topic: Annotated[list[str] | None, Query(max_length=20, description="keys of topics; none: all posts")] = None,
) -> Trends:
    """Return posts by sentiment over the time of their publication, for all posts or for each topic asked for."""
    end = until or runtime.clock.now()
    start = since or end - timedelta(days=7)
    longest = _LONGEST_HOURLY if bucket == "1h" else _LONGEST
    if not timedelta(0) < end - start <= longest:
        raise Problem(
            422,
            "trends.span",
            zh=f"时间跨度须大于 0 且不超过 {longest.days} 天",
            en=f"The span must be more than nothing and at most {longest.days} days",
            errors=[FieldError(pointer="query.since", detail="out of range")],
        )
    async with runtime.database.reading() as session:
        names = await topics.names(session, topic or [])
        series = [
            TrendSeries(
                topic=key or None,
                name=names.get(key, key) if key else "全部信息",
                points=await _points(session, key, start, end, bucket),
            )
            for key in (topic or [""])
        ]
    return Trends(bucket=bucket, since=start, until=end, series=series)


async def _points(
    session: AsyncSession, topic: str, start: datetime, end: datetime, bucket: Bucket
) -> list[TrendPoint]:
    points: dict[datetime, TrendPoint] = {}
    for row in await search.trend_hours(session, topic, start, end):
        at = bucket_start(row.hour, bucket)
        point = points.setdefault(at, TrendPoint(at=at, posts=0, negative=0, neutral=0, positive=0))
        point.posts += row.posts
        setattr(point, row.sentiment, getattr(point, row.sentiment) + row.posts)
    return list(points.values())
