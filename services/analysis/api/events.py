"""GET /api/v1/events and what belongs to one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import EventMetrics
from contracts.words import Channel, IncidentType, Level
from kit.auth import Principal, require
from kit.etags import etag
from kit.inputs import Plain
from kit.pages import Page, PageParams, PageRequest, bad_cursor, page_of
from kit.problems import Problem, problems
from kit.service import RuntimeDep
from services.analysis.api.posts import posts_page
from services.analysis.enrich.query.gazetteer import event_place
from services.analysis.event_schemas import EventMerge, EventRestore, EventSplit, EventView, Spread, SpreadStep
from services.analysis.events.state import KEYWORDS, by_count
from services.analysis.hand import Hand
from services.analysis.post_schemas import PostView
from services.analysis.search.wanted import PostFilter
from services.analysis.service import not_found
from services.analysis.store import event_reading
from services.analysis.store.event_reading import EventFilter, Row

router = APIRouter(prefix="/api/v1/events", tags=["events"])

Reader = Annotated[Principal, require("events.read")]
Writer = Annotated[Principal, require("events.write")]


@router.get("", responses=problems(400), summary="舆情事件列表")
async def list_events(
    runtime: RuntimeDep,
    page: PageParams,
    _principal: Reader,
    status: Annotated[Literal["active", "faded"] | None, Query(description="active: not yet faded")] = None,
    topic: Annotated[Plain | None, Query(max_length=64, description="key of a topic")] = None,
    place: Annotated[
        Plain | None, Query(max_length=32, description="the city, a county or township, by full or short name")
    ] = None,
    incident_type: IncidentType | None = None,
    level: Annotated[Level | None, Query(description="of the case on it, else of the gravest alert")] = None,
    sort: Literal["-heat", "-last_seen"] = "-heat",
) -> Page[EventView]:
    """List events, hottest or latest first."""
    column = sort.removeprefix("-")
    wanted = EventFilter(
        active=None if status is None else status == "active",
        topic=topic,
        place=event_place(place) if place else None,
        incident_type=incident_type,
        level=level,
    )
    after = _after(page, column)
    async with runtime.database.reading() as session:
        rows = await event_reading.events(session, wanted, column, page.limit, after)
    return page_of(list(rows), page, lambda row: (row._mapping[column], row.id), view)


@router.get("/{event_id}", response_model=EventView, responses=problems(404), summary="一个舆情事件")
async def get_event(
    request: Request, response: Response, runtime: RuntimeDep, event_id: Plain, _principal: Reader
) -> EventView | Response:
    """Return an event. Its ETag is its version; If-None-Match answers 304."""
    row = await _event(runtime, event_id)
    tag = etag(row.version)
    if tag in (request.headers.get("if-none-match") or ""):
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return view(row)


@router.get("/{event_id}/posts", responses=problems(400, 404, 409), summary="事件的信息")
async def list_event_posts(
    runtime: RuntimeDep,
    event_id: Plain,
    page: PageParams,
    _principal: Annotated[Principal, require("posts.read")],
) -> Page[PostView]:
    """List the posts of an event, latest published first."""
    async with runtime.database.reading() as session:
        await standing(session, event_id)
    return await posts_page(runtime, PostFilter(event=event_id), page)


@router.post("/{event_id}/merge", responses=problems(404, 409), summary="并入其他事件")
async def merge_events(
    request: Request, runtime: RuntimeDep, event_id: Plain, body: EventMerge, principal: Writer
) -> EventView:
    """Let other events go up in this one. It holds whatever comes later; `restore` of one of them takes it back."""
    await hand_of(request).merge(event_id, body.events, principal, body.reason)
    return view(await _event(runtime, event_id))


@router.post("/{event_id}/split", status_code=201, responses=problems(404, 409), summary="拆分事件")
async def split_event(
    request: Request, response: Response, runtime: RuntimeDep, event_id: Plain, body: EventSplit, principal: Writer
) -> EventView:
    """Make an event of its own out of some posts; the rest keeps the identity. It holds whatever comes later."""
    made = await hand_of(request).split(event_id, body.posts, principal, body.reason)
    response.headers["Location"] = f"/api/v1/events/{made}"
    return view(await _event(runtime, made))


@router.post("/{event_id}/restore", responses=problems(404, 409), summary="撤销并入")
async def restore_event(
    request: Request, runtime: RuntimeDep, event_id: Plain, body: EventRestore, principal: Writer
) -> EventView:
    """Take back a merge by hand: the event stands by itself again, with the posts that came with it and since."""
    await hand_of(request).restore(event_id, principal, body.reason)
    return view(await _event(runtime, event_id))


@router.get("/{event_id}/spread", responses=problems(404, 409), summary="传播路径")
async def get_event_spread(runtime: RuntimeDep, event_id: Plain, _principal: Reader) -> Spread:
    """Return how an event spread: its first source, and which channel had it when, with its first post there."""
    async with runtime.database.reading() as session:
        row = await standing(session, event_id)
        first = row.tallies.get("channels", {})
        sources = await event_reading.sources_of(session, [values[2] for values in first.values()])
    steps = [
        SpreadStep(
            channel=Channel(channel),
            first_seen=datetime.fromisoformat(at),
            first_post=post,
            first_source=sources[post].source_name or sources[post].source if post in sources else None,
            first_tier=sources[post].source_tier if post in sources else None,
            posts=posts,
        )
        for channel, (posts, at, post) in first.items()
    ]
    return Spread(steps=sorted(steps, key=lambda step: (step.first_seen, step.channel)))


def hand_of(request: Request) -> Hand:
    """Return what merges and splits."""
    hand: Hand = request.app.state.hand
    return hand


def _after(page: PageRequest, column: str) -> tuple[Any, str] | None:
    """Return the key that a page comes after; 400 where the cursor is of another order."""
    match page.after_times(0) if column == "last_seen" else page.after:
        case None:
            return None
        case [datetime() | float() | int() as value, str(id_)]:
            return value, id_
        case _:
            raise bad_cursor()


async def _event(runtime: RuntimeDep, id_: str) -> Row:
    async with runtime.database.reading() as session:
        row = await event_reading.event(session, id_)
    if row is None:
        raise not_found("事件", "event")
    return row


async def standing(session: AsyncSession, id_: str) -> Row:
    """Return an event that has posts of its own; 404 where there is none, 409 where it has gone up in another."""
    row = await event_reading.event(session, id_)
    if row is None:
        raise not_found("事件", "event")
    if row.merged_into is not None:
        raise Problem(
            409,
            "event.merged",
            zh=f"该事件已并入 {row.merged_into}，请查看后者",
            en=f"The event has gone up in {row.merged_into}: ask for that one",
            merged_into=row.merged_into,
        )
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
        townships=by_count(row.tallies.get("townships", {})),
        level=row.case_level or row.alert_level,
        merged_into=row.merged_into,
        updated_at=row.updated_at,
    )
