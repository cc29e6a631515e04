"""Posts by hour and by day of their publication: counting them in, and windows of any length (docs/metrics.md).

A window (t, u] is added up from whole hours and corrected at both ends: the hours after t's up to u's, plus the posts
between t and the end of its hour, less those between u and the end of its hour. The corrections are counted from an
index over one hour of posts at most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Sentiment
from kit.database import UtcDateTime
from services.analysis import models
from services.analysis.calendar import DAY, HOUR, hour_of
from services.analysis.events.counting import TONES, PlacedPost, by_day, tallied
from services.analysis.events.series import RECENT_HOURS
from services.analysis.events.state import Window
from services.analysis.models import table
from services.analysis.store.statements import add_up, among, dialect_of, rows_among

_POSTS: Final = table(models.Post)
_HOURS: Final = table(models.EventHour)
_DAYS: Final = table(models.EventDay)
_TREND_HOURS: Final = table(models.TrendHour)
_TREND_DAYS: Final = table(models.TrendDay)


async def count(session: AsyncSession, placed: Sequence[PlacedPost]) -> None:
    """Count new posts into the hours and days of their events and of the trends.

    Call it once a transaction and late in it: on PostgreSQL the rows of the running hour stay locked until the
    commit, and every writer takes rows in the order of their keys, so that writers wait but never for each other.
    """
    events, trends = tallied(placed)
    await add_up(session, _HOURS, _event_rows("hour", events), ("posts", "negatives"))
    await add_up(session, _DAYS, _event_rows("day", by_day(events)), ("posts", "negatives"))
    await add_up(session, _TREND_HOURS, _trend_rows("hour", trends), TONES)
    await add_up(session, _TREND_DAYS, _trend_rows("day", by_day(trends)), TONES)


async def windows(session: AsyncSession, event_ids: Collection[str], now: datetime) -> dict[str, Window]:
    """Return the posts of events that were published within the hour and the 24 hours up to `now`.

    A post dated after `now` is in no window until its time has come. Events without a post in 24 hours are left out.
    """
    day_ago, hour_ago = now - DAY, now - HOUR
    whole = (
        sa.select(
            _HOURS.c.event_id,
            sa.func.sum(_HOURS.c.posts).label("day"),
            sa.func.sum(sa.case((_HOURS.c.hour > hour_of(hour_ago), _HOURS.c.posts), else_=0)).label("hour"),
        )
        .where(_HOURS.c.hour > hour_of(day_ago), _HOURS.c.hour <= hour_of(now))
        .group_by(_HOURS.c.event_id)
    )
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in await rows_among(session, whole, _HOURS.c.event_id, sorted(event_ids)):
        found[row.event_id] = [int(row.hour), int(row.day)]
    for at, in_hour, in_day in ((day_ago, 0, 1), (hour_ago, 1, 0), (now, -1, -1)):
        for event_id, posts in (await _tails(session, event_ids, at)).items():
            found[event_id][0] += in_hour * posts
            found[event_id][1] += in_day * posts
    return {id_: Window(hour, day) for id_, (hour, day) in found.items() if day}


async def recent_hours(
    session: AsyncSession, event_ids: Collection[str], now: datetime, hours: int = RECENT_HOURS
) -> dict[str, list[int]]:
    """Return the posts of events in each of the last hours of the clock (72 by default), oldest first.

    The last is the running hour, up to `now`. Events without a post in that time are left out.
    """
    last = hour_of(now)
    first = last - (hours - 1) * HOUR
    statement = sa.select(_HOURS.c.event_id, _HOURS.c.hour, _HOURS.c.posts).where(
        _HOURS.c.hour >= first, _HOURS.c.hour <= last
    )
    place = {first + number * HOUR: number for number in range(hours)}
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0] * hours)
    for row in await rows_among(session, statement, _HOURS.c.event_id, sorted(event_ids)):
        found[row.event_id][place[row.hour]] = row.posts
    for event_id, posts in (await _tails(session, found, now)).items():
        found[event_id][-1] -= posts
    return {id_: counts for id_, counts in found.items() if any(counts)}


async def rebuild(session: AsyncSession, event_ids: Collection[str]) -> None:
    """Count the hours and days of events anew from their posts, after posts have moved between them.

    The caller holds the events locked. Hours that retention has dropped come back until its next pass. Trends are
    not touched: they do not depend on which event a post belongs to.
    """
    ids = sorted(event_ids)
    if not ids:
        return
    hour = start_of(session, _POSTS.c.published_at, HOUR)
    negatives = sa.func.sum(sa.case((_POSTS.c.sentiment == Sentiment.NEGATIVE.value, 1), else_=0))
    statement = sa.select(
        _POSTS.c.event_id, hour.label("hour"), sa.func.count().label("posts"), negatives.label("negatives")
    ).group_by(_POSTS.c.event_id, hour)
    rows = await rows_among(session, statement, _POSTS.c.event_id, ids)
    hours = {(row.event_id, row.hour): [int(row.posts), int(row.negatives)] for row in rows}
    for model in (_HOURS, _DAYS):
        await session.execute(sa.delete(model).where(among(session, model.c.event_id, ids)))
    await add_up(session, _HOURS, _event_rows("hour", hours), ("posts", "negatives"))
    await add_up(session, _DAYS, _event_rows("day", by_day(hours)), ("posts", "negatives"))


async def drop_hours(session: AsyncSession, before: datetime, limit: int) -> int:
    """Delete up to `limit` hours of events and of trends before an instant; returns how many. Their days stay."""
    dropped = 0
    for model, hour in ((_HOURS, _HOURS.c.hour), (_TREND_HOURS, _TREND_HOURS.c.hour)):
        keys = sa.tuple_(*model.primary_key.columns)
        due = sa.select(*model.primary_key.columns).where(hour < before)
        if model is _TREND_HOURS:
            due = due.where(model.c.kind.in_(("all", "channel", "place", "topic")))  # what its index begins with
        # what the tracker is just counting into is passed over: neither waits for the other
        due = due.limit(limit).with_for_update(skip_locked=True)
        gone = await session.execute(sa.delete(model).where(keys.in_(due)))
        dropped += gone.rowcount  # type: ignore[attr-defined]
    return dropped


def start_of(session: AsyncSession, at: sa.ColumnElement[Any], length: timedelta) -> sa.ColumnElement[datetime]:
    """Return, in SQL, the start of the bucket of `length` that an instant belongs to (as ``calendar.floor``)."""
    seconds = int(length.total_seconds())
    if dialect_of(session) == "postgresql":
        midnight: sa.ColumnElement[Any] = sa.literal_column("TIMESTAMPTZ '1970-01-01 16:00:00+00'")
        start: sa.ColumnElement[Any] = sa.func.date_bin(
            sa.literal_column(f"INTERVAL '{seconds} seconds'"), at, midnight
        )
    else:
        # without the fraction of the second, which SQLite would round up
        second = sa.func.substr(at, sa.literal_column("1"), sa.literal_column("19"), type_=sa.String)
        local = sa.cast(sa.func.strftime("%s", second), sa.Integer) + sa.literal_column("28800")
        whole = local - local % sa.literal_column(str(seconds)) - sa.literal_column("28800")
        start = sa.func.strftime("%Y-%m-%d %H:%M:%S.000000", whole, "unixepoch")
    return sa.type_coerce(start, UtcDateTime)


async def _tails(session: AsyncSession, event_ids: Collection[str], at: datetime) -> dict[str, int]:
    """Count the posts of events after `at` within its hour."""
    statement = (
        sa.select(_POSTS.c.event_id, sa.func.count().label("posts"))
        .where(_POSTS.c.published_at > at, _POSTS.c.published_at < hour_of(at) + HOUR)
        .group_by(_POSTS.c.event_id)
    )
    rows = await rows_among(session, statement, _POSTS.c.event_id, sorted(event_ids))
    return {row.event_id: int(row.posts) for row in rows}


def _event_rows(bucket: str, counted: Mapping[tuple[str, datetime], Sequence[int]]) -> list[dict[str, Any]]:
    return [
        {"event_id": event_id, bucket: at, "posts": counts[0], "negatives": counts[1]}
        for (event_id, at), counts in sorted(counted.items())
    ]


def _trend_rows(bucket: str, counted: Mapping[tuple[str, str, datetime], Sequence[int]]) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "key": key, bucket: at, **dict(zip(TONES, counts, strict=True))}
        for (kind, key, at), counts in sorted(counted.items())
    ]
