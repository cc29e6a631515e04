"""Reading events. No statement here reads or compares an author."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from language.places import COUNTIES
from services.analysis import models
from services.analysis.enrich.query.gazetteer import CITY_NAME
from services.analysis.models import table

_EVENTS: Final = table(models.Event)
_POSTS: Final = table(models.Post)
_EVENT_TOPICS: Final = table(models.EventTopic)
_EVENT_PLACES: Final = table(models.EventPlace)

Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What events are wanted; None fields do not filter. `active` events have not faded.

    `place` is as the gazetteer has it; an event of any county is one of the city.
    """

    active: bool | None = None
    topic: str | None = None
    place: str | None = None
    incident_type: str | None = None
    level: str | None = None


async def events(
    session: AsyncSession, wanted: EventFilter, sort: str, limit: int, after: tuple[Any, str] | None
) -> Sequence[Row]:
    """Return up to `limit` + 1 events, greatest `sort` ("heat" or "last_seen") first, after the key `after`."""
    source: sa.FromClause = _EVENTS
    conditions: list[sa.ColumnElement[bool]] = [_EVENTS.c.merged_into.is_(None)]
    if wanted.topic is not None:
        source = source.join(_EVENT_TOPICS, _EVENT_TOPICS.c.event_id == _EVENTS.c.id)
        conditions.append(_EVENT_TOPICS.c.topic == wanted.topic)
    if wanted.place == CITY_NAME:
        of_counties = _EVENT_PLACES.c.place.in_(COUNTIES) & (_EVENT_PLACES.c.event_id == _EVENTS.c.id)
        conditions.append(sa.exists().where(of_counties))
    elif wanted.place is not None:
        source = source.join(_EVENT_PLACES, _EVENT_PLACES.c.event_id == _EVENTS.c.id)
        conditions.append(_EVENT_PLACES.c.place == wanted.place)
    if wanted.incident_type is not None:
        conditions.append(_EVENTS.c.incident_type == wanted.incident_type)
    if wanted.level is not None:
        # each half is read off an index of its own, which few events are in
        led, alerted = _EVENTS.c.case_level, _EVENTS.c.alert_level
        conditions.append(sa.or_(led == wanted.level, led.is_(None) & (alerted == wanted.level)))
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


async def sources_of(session: AsyncSession, posts: Sequence[str]) -> dict[str, Row]:
    """Return the sources of posts by id: `source`, `source_name`, `source_tier`."""
    chosen: sa.Select[Any] = sa.select(_POSTS.c.id, _POSTS.c.source, _POSTS.c.source_name, _POSTS.c.source_tier)
    return {row.id: row for row in await session.execute(chosen.where(_POSTS.c.id.in_(list(posts))))}


def _before(key: sa.ColumnElement[Any], id_: sa.ColumnElement[Any], after: tuple[Any, str]) -> sa.ColumnElement[bool]:
    """Return the condition that (key, id) comes after `after` in descending order."""
    # the first half alone is what an index can seek to
    return sa.and_(key <= after[0], sa.or_(key < after[0], id_ < after[1]))
