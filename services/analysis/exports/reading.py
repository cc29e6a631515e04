"""What exports read: posts and events as the API lists and shows them, the only place that knows how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.analysis import models
from services.analysis.api.events import view as event_view
from services.analysis.api.posts import post_filter
from services.analysis.api.posts import view as post_view
from services.analysis.enrich.query.gazetteer import event_place
from services.analysis.exports.columns import EventRow, PostRow
from services.analysis.exports.progress import Key
from services.analysis.exports.schemas import EventsWanted, PostsWanted
from services.analysis.models import table
from services.analysis.search import wanted as filters
from services.analysis.search.wanted import PostFilter
from services.analysis.store import event_reading, search, topics
from services.analysis.store.event_reading import EventFilter

_POSTS: Final = table(models.Post)
_EVENTS: Final = table(models.Event)


def check(wanted: PostsWanted | EventsWanted) -> None:
    """Raise QueryError where the words that posts are wanted by cannot be read."""
    if isinstance(wanted, PostsWanted):
        filters.read(_posts_filter(wanted))


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows in order, and the key that the next ones come after; there may be none, and yet more of them later."""

    rows: Sequence[search.Row]
    #: gives a row as it is written; costs time, which is better spent in a thread than in the loop
    show: Callable[[search.Row], PostRow | EventRow]
    key: Key
    #: whether this was the end of the list
    last: bool


async def batch(session: AsyncSession, wanted: PostsWanted | EventsWanted, limit: int, after: Key) -> Batch:
    """Return up to `limit` rows after a key: posts by their publication, events by their making, latest first.

    An event keeps its place in that order while heat and times change, so that none is missed and none comes twice.
    """
    if isinstance(wanted, PostsWanted):
        key = (datetime.fromisoformat(after[0]), after[1]) if after else None
        found = await search.posts(session, _posts_filter(wanted), limit, key)
        last = [found.after[0].isoformat(), found.after[1]] if found.after else None
        return Batch(found.rows, await _show_posts(session, found.rows), last, last is None)
    event_key = (after[0], after[0]) if after else None
    rows = await event_reading.events(session, _events_filter(wanted), "id", limit, event_key)
    kept = rows[:limit]
    more = len(rows) > limit
    return Batch(kept, await _show_events(session, kept), [kept[-1].id] if more else None, not more)


async def passed(session: AsyncSession, wanted: PostsWanted | EventsWanted, after: Key, until: Key) -> int:
    """Count what is stored from one key to a later one, whether it is wanted or not; None: the beginning, the end.

    The share of it that was passed tells how far an export is, for any filter, at the price of reading an index once.
    """
    column: sa.ColumnElement[Any] = _POSTS.c.published_at if isinstance(wanted, PostsWanted) else _EVENTS.c.id
    bounds: list[sa.ColumnElement[bool]] = []
    if isinstance(wanted, PostsWanted):
        first: Any = datetime.fromisoformat(after[0]) if after else None
        last: Any = datetime.fromisoformat(until[0]) if until else wanted.since
        if first is None and wanted.until is not None:
            bounds.append(column < wanted.until)
    else:
        first, last = after[0] if after else None, until[0] if until else None
    if first is not None:
        bounds.append(column < first)
    if last is not None:
        bounds.append(column >= last)
    return int(await session.scalar(sa.select(sa.func.count(column)).where(*bounds)) or 0)


def _posts_filter(wanted: PostsWanted) -> PostFilter:
    return post_filter(**dict(wanted))


def _events_filter(wanted: EventsWanted) -> EventFilter:
    active = None if wanted.status is None else wanted.status == "active"
    place = event_place(wanted.place) if wanted.place else None
    return EventFilter(active, wanted.topic, place, wanted.incident_type, wanted.level)


async def _show_posts(session: AsyncSession, rows: Sequence[search.Row]) -> Callable[[search.Row], PostRow]:
    names = await topics.names(session, {key for row in rows for key in row.topics})
    ids = {row.event_id for row in rows}
    found = await session.execute(sa.select(_EVENTS.c.id, _EVENTS.c.title).where(_EVENTS.c.id.in_(ids)))
    titles = {row.id: row.title for row in found}

    def show(row: search.Row) -> PostRow:
        view = post_view(row)
        return PostRow(view, [names.get(key, key) for key in view.analysis.topics], titles.get(view.event_id, ""))

    return show


async def _show_events(session: AsyncSession, rows: Sequence[search.Row]) -> Callable[[search.Row], EventRow]:
    views = {row.id: event_view(row) for row in rows}
    names = await topics.names(session, {key for view in views.values() for key in view.topics})
    return lambda row: EventRow(views[row.id], [names.get(key, key) for key in views[row.id].topics])
