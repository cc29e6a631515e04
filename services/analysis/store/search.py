"""Reading posts and events by what they are found by. No statement here reads or compares an author."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.analysis import models
from services.analysis.models import table

_POSTS: Final = table(models.Post)
_EVENTS: Final = table(models.Event)
_POST_TOPICS: Final = table(models.PostTopic)
_POST_PLACES: Final = table(models.PostPlace)
_EVENT_TOPICS: Final = table(models.EventTopic)
_EVENT_PLACES: Final = table(models.EventPlace)
_HOURS: Final = table(models.EventHour)
_TRENDS: Final = table(models.TrendHour)
#: Every column of a post but the author's hash.
_SHOWN: Final = tuple(column for column in _POSTS.columns if column.name not in {"author_hash", "story_hash"})

Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class PostFilter:
    """What posts are wanted; None or empty fields do not filter."""

    q: str | None = None
    topic: str | None = None
    sentiment: str | None = None
    incident_type: str | None = None
    place: str | None = None
    channel: str | None = None
    source: str | None = None
    event: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What events are wanted; None fields do not filter. `active` events have not faded."""

    active: bool | None = None
    topic: str | None = None
    place: str | None = None
    incident_type: str | None = None


async def posts(
    session: AsyncSession, wanted: PostFilter, limit: int, after: tuple[datetime, str] | None
) -> Sequence[Row]:
    """Return up to `limit` + 1 posts, latest published first, beginning after the key `after`."""
    source: sa.FromClause = _POSTS
    at, id_ = _POSTS.c.published_at, _POSTS.c.id
    if wanted.place:
        source = source.join(_POST_PLACES, _POST_PLACES.c.post_id == _POSTS.c.id)
        at, id_ = _POST_PLACES.c.published_at, _POST_PLACES.c.post_id
    if wanted.topic:
        source = source.join(_POST_TOPICS, _POST_TOPICS.c.post_id == _POSTS.c.id)
        at, id_ = _POST_TOPICS.c.published_at, _POST_TOPICS.c.post_id
    statement = sa.select(*_SHOWN).select_from(source).order_by(at.desc(), id_.desc()).limit(limit + 1)
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.topic:
        conditions.append(_POST_TOPICS.c.topic == wanted.topic)
    if wanted.place:
        conditions.append(_POST_PLACES.c.place == wanted.place)
    for column, value in (
        (_POSTS.c.sentiment, wanted.sentiment),
        (_POSTS.c.incident_type, wanted.incident_type),
        (_POSTS.c.channel, wanted.channel),
        (_POSTS.c.event_id, wanted.event),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.source is not None:
        conditions.append(await _of_source(session, wanted.source))
    if wanted.q:
        conditions.append(
            sa.or_(
                _POSTS.c.text.icontains(wanted.q, autoescape=True), _POSTS.c.title.icontains(wanted.q, autoescape=True)
            )
        )
    if wanted.since is not None:
        conditions.append(at >= wanted.since)
    if wanted.until is not None:
        conditions.append(at < wanted.until)
    if after is not None:
        conditions.append(_before(at, id_, after))
    return (await session.execute(statement.where(*conditions))).fetchall()


async def post(session: AsyncSession, id_: str) -> Row | None:
    """Return one post."""
    return (await session.execute(sa.select(*_SHOWN).where(_POSTS.c.id == id_))).first()


async def events(
    session: AsyncSession, wanted: EventFilter, sort: str, limit: int, after: tuple[Any, str] | None
) -> Sequence[Row]:
    """Return up to `limit` + 1 events, greatest `sort` ("heat" or "last_seen") first, after the key `after`."""
    source: sa.FromClause = _EVENTS
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.topic is not None:
        source = source.join(_EVENT_TOPICS, _EVENT_TOPICS.c.event_id == _EVENTS.c.id)
        conditions.append(_EVENT_TOPICS.c.topic == wanted.topic)
    if wanted.place is not None:
        source = source.join(_EVENT_PLACES, _EVENT_PLACES.c.event_id == _EVENTS.c.id)
        conditions.append(_EVENT_PLACES.c.place == wanted.place)
    if wanted.incident_type is not None:
        conditions.append(_EVENTS.c.incident_type == wanted.incident_type)
    if wanted.active is not None:
        faded = _EVENTS.c.stage == "fading"
        conditions.append(~faded if wanted.active else faded)
    key = _EVENTS.c[sort]
    if after is not None:
        conditions.append(_before(key, _EVENTS.c.id, after))
    statement = sa.select(_EVENTS).select_from(source).where(*conditions)
    ordered = statement.order_by(key.desc(), _EVENTS.c.id.desc()).limit(limit + 1)
    return (await session.execute(ordered)).fetchall()


async def event(session: AsyncSession, id_: str) -> Row | None:
    """Return one event."""
    return (await session.execute(sa.select(_EVENTS).where(_EVENTS.c.id == id_))).first()


async def event_hours(session: AsyncSession, id_: str) -> Sequence[Row]:
    """Return an event's posts and negatives by hour of publication, in order."""
    return (await session.execute(sa.select(_HOURS).where(_HOURS.c.event_id == id_).order_by(_HOURS.c.hour))).fetchall()


async def trend_hours(session: AsyncSession, topic: str, since: datetime, until: datetime) -> Sequence[Row]:
    """Return posts by hour and sentiment of a topic ("" for all posts) in [since, until)."""
    chosen = (_TRENDS.c.topic == topic) & (_TRENDS.c.hour >= since) & (_TRENDS.c.hour < until)
    return (await session.execute(sa.select(_TRENDS).where(chosen).order_by(_TRENDS.c.hour))).fetchall()


async def count_by_sentiment(session: AsyncSession, since: datetime) -> dict[str, int]:
    """Count the posts published since, by sentiment."""
    statement = sa.select(_POSTS.c.sentiment, sa.func.count().label("posts")).where(_POSTS.c.published_at >= since)
    rows = await session.execute(statement.group_by(_POSTS.c.sentiment))
    return {row.sentiment: int(row.posts) for row in rows}


async def count_by_topic(session: AsyncSession, since: datetime, keys: Sequence[str]) -> dict[str, int]:
    """Count the posts published since, by topic of `keys`."""
    return await _count_by(session, _POST_TOPICS.c.topic, _POST_TOPICS.c.published_at, since, keys)


async def count_by_place(session: AsyncSession, since: datetime, names: Sequence[str]) -> dict[str, int]:
    """Count the posts published since, by county of `names`."""
    return await _count_by(session, _POST_PLACES.c.place, _POST_PLACES.c.published_at, since, names)


async def _of_source(session: AsyncSession, wanted: str) -> sa.ColumnElement[bool]:
    """Return the condition that a post is of a source, by id, name or host; of one column, so that an index serves."""
    by_id = _POSTS.c.source == wanted
    known = await session.scalar(sa.select(sa.literal(1)).where(by_id).limit(1))
    return by_id if known else _POSTS.c.source_name == wanted


async def _count_by(
    session: AsyncSession, column: sa.Column[Any], at: sa.Column[Any], since: datetime, values: Sequence[str]
) -> dict[str, int]:
    statement = sa.select(column.label("value"), sa.func.count().label("posts")).where(
        column.in_(list(values)), at >= since
    )
    rows = await session.execute(statement.group_by(column).order_by(sa.func.count().desc(), column))
    return {row.value: int(row.posts) for row in rows}


def _before(key: sa.ColumnElement[Any], id_: sa.ColumnElement[Any], after: tuple[Any, str]) -> sa.ColumnElement[bool]:
    """Return the condition that (key, id) comes after `after` in descending order."""
    # the first half alone is what an index can seek to
    return sa.and_(key <= after[0], sa.or_(key < after[0], id_ < after[1]))
