"""One event over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Sentiment
from services.analysis import models
from services.analysis.calendar import DAY, LENGTHS
from services.analysis.models import table
from services.analysis.store.buckets import start_of

_POSTS: Final = table(models.Post)
_HOURS: Final = table(models.EventHour)
_DAYS: Final = table(models.EventDay)

Row = sa.Row[Any]


async def points(
    session: AsyncSession, event_id: str, bucket: str, since: datetime, until: datetime, *, hours_from: datetime
) -> Sequence[Row]:
    """Return `at`, `posts` and `negatives` of the buckets of an event that begin in [since, until), in order.

    Days and hours are read from buckets; ten minutes, and hours before `hours_from` (which retention has dropped), are
    counted from the event's posts.
    """
    length = LENGTHS[bucket]
    if bucket == "10m" or (bucket == "1h" and since < hours_from):
        at: sa.ColumnElement[Any] = start_of(session, _POSTS.c.published_at, length)
        negatives = sa.func.sum(sa.case((_POSTS.c.sentiment == Sentiment.NEGATIVE.value, 1), else_=0))
        counted: tuple[sa.ColumnElement[Any], ...] = (
            at.label("at"),
            sa.func.count().label("posts"),
            negatives.label("negatives"),
        )
        chosen = (_POSTS.c.event_id == event_id) & (_POSTS.c.published_at >= since) & (_POSTS.c.published_at < until)
        return (await session.execute(sa.select(*counted).where(chosen).group_by(at).order_by(at))).fetchall()
    buckets, begin = (_DAYS, _DAYS.c.day) if length == DAY else (_HOURS, _HOURS.c.hour)
    kept: tuple[sa.ColumnElement[Any], ...] = (begin.label("at"), buckets.c.posts, buckets.c.negatives)
    chosen = (buckets.c.event_id == event_id) & (begin >= since) & (begin < until)
    return (await session.execute(sa.select(*kept).where(chosen).order_by(begin))).fetchall()
