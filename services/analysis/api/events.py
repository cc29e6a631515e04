"""GET /api/v1/events and what belongs to one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from contracts.messages import EventMetrics
from contracts.words import IncidentType
from kit.auth import Principal, require
from kit.etags import etag
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from kit.service import RuntimeDep
from services.analysis.api.posts import posts_page
from services.analysis.calendar import bucket_start
from services.analysis.enrich.places import county_of
from services.analysis.events.state import KEYWORDS, by_count
from services.analysis.schemas import Bucket, EventView, PostView, Series, SeriesPoint
from services.analysis.service import not_found
from services.analysis.store import search
from services.analysis.store.search import EventFilter, PostFilter, Row

router = APIRouter(prefix="/api/v1/events", tags=["events"])

Reader = Annotated[Principal, require("events.read")]


@router.get("", responses=problems(400), summary="舆情事件列表")
async def list_events(
    runtime: RuntimeDep,
    page: PageParams,
    _principal: Reader,
    status: Annotated[Literal["active", "faded"] | None, Query(description="active: not yet faded")] = None,
    topic: Annotated[str | None, Query(max_length=64, description="key of a topic")] = None,
    place: Annotated[str | None, Query(max_length=32, description="county, by full or short name")] = None,
    incident_type: IncidentType | None = None,
    sort: Literal["-heat", "-last_seen"] = "-heat",
) -> Page[EventView]:
    """List events, hottest or latest first."""
    column = sort.removeprefix("-")
    key = page.after_times(0) if column == "last_seen" else page.after
    wanted = EventFilter(
        active=None if status is None else status == "active",
        topic=topic,
        place=(county_of(place) or place) if place else None,
        incident_type=incident_type,
    )
    after: tuple[Any, str] | None = (key[0], str(key[1])) if key is not None and len(key) == 2 else None
    async with runtime.database.reading() as session:
        rows = await search.events(session, wanted, column, page.limit, after)
    return page_of(list(rows), page, lambda row: (row._mapping[column], row.id), view)


@router.get("/{event_id}", response_model=EventView, responses=problems(404), summary="一个舆情事件")
async def get_event(
    request: Request, response: Response, runtime: RuntimeDep, event_id: str, _principal: Reader
) -> EventView | Response:
    """Return an event. Its ETag is its version; If-None-Match answers 304."""
    row = await _event(runtime, event_id)
    tag = etag(row.version)
    if tag in (request.headers.get("if-none-match") or ""):
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return view(row)


@router.get("/{event_id}/posts", responses=problems(400, 404), summary="事件的信息")
async def list_event_posts(
    runtime: RuntimeDep,
    event_id: str,
    page: PageParams,
    _principal: Annotated[Principal, require("posts.read")],
) -> Page[PostView]:
    """List the posts of an event, latest published first."""
    await _event(runtime, event_id)
    return await posts_page(runtime, PostFilter(event=event_id), page)


@router.get("/{event_id}/series", responses=problems(404), summary="事件走势")
async def get_event_series(runtime: RuntimeDep, event_id: str, _principal: Reader, bucket: Bucket = "1h") -> Series:
    """Return an event's posts over the time of their publication."""
    await _event(runtime, event_id)
    async with runtime.database.reading() as session:
        rows = await search.event_hours(session, event_id)
    points: dict[datetime, SeriesPoint] = {}
    for row in rows:
        at = bucket_start(row.hour, bucket)
        point = points.setdefault(at, SeriesPoint(at=at, posts=0, negative=0))
        point.posts += row.posts
        point.negative += row.negatives
    return Series(bucket=bucket, points=list(points.values()))


async def _event(runtime: RuntimeDep, id_: str) -> Row:
    async with runtime.database.reading() as session:
        row = await search.event(session, id_)
    if row is None:
        raise not_found("事件", "event")
    return row


def view(row: Row) -> EventView:
    """Return a stored event as it is shown."""
    return EventView(
        id=row.id,
        version=row.version,
        title=row.title,
        summary=row.summary,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        stage=row.stage,
        incident_type=row.incident_type,
        topics=sorted(row.tallies["topics"]),
        places=by_count(row.tallies["places"]),
        keywords=by_count(row.tallies["keywords"])[:KEYWORDS],
        metrics=EventMetrics.model_validate(row.metrics),
        updated_at=row.updated_at,
    )
