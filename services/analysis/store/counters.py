"""Public counters of posts: as stored, and as they came before their post did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import Counters
from services.analysis import models
from services.analysis.models import table
from services.analysis.store.statements import add, among, change, rows_among

_POSTS: Final = table(models.Post)
_EARLY: Final = table(models.EarlyRecount)
COUNTERS: Final = ("reads", "likes", "comments", "reposts")

#: counters and when they were observed
Observed = tuple[Counters, datetime]


@dataclass(frozen=True, slots=True)
class StoredCounters:
    """A stored post's counters, when they were observed, and its event."""

    post_id: str
    event_id: str
    counters: Counters
    counted_at: datetime


async def stored_counters(session: AsyncSession, ids: Collection[str]) -> dict[str, StoredCounters]:
    """Return the counters of those of the posts `ids` that are stored.

    The posts are locked until the transaction ends: another partition may be moving them to another event.
    """
    columns = (_POSTS.c.id, _POSTS.c.event_id, _POSTS.c.counted_at, *(_POSTS.c[name] for name in COUNTERS))
    statement = sa.select(*columns).order_by(_POSTS.c.id).with_for_update()
    return {
        row.id: StoredCounters(row.id, row.event_id, counters_of(row), row.counted_at)
        for row in await rows_among(session, statement, _POSTS.c.id, ids)
    }


async def save_counters(session: AsyncSession, changed: Iterable[StoredCounters]) -> None:
    """Replace the counters of stored posts."""
    rows = [{"id": c.post_id, "counted_at": c.counted_at, **counter_columns(c.counters)} for c in changed]
    await change(session, _POSTS, rows, (*COUNTERS, "counted_at"))


async def early_recounts(session: AsyncSession, ids: Collection[str]) -> dict[str, Observed]:
    """Return the counters that came before their posts `ids`."""
    rows = await rows_among(session, sa.select(_EARLY), _EARLY.c.post_id, ids)
    return {row.post_id: (counters_of(row), row.observed_at) for row in rows}


async def have_crossed(session: AsyncSession, ids: Collection[str]) -> bool:
    """Tell whether of one of the posts `ids` both the post and counters that were too early for it are stored."""
    crossed = sa.select(_EARLY.c.post_id).join(_POSTS, _POSTS.c.id == _EARLY.c.post_id).limit(1)
    return bool(await rows_among(session, crossed, _EARLY.c.post_id, ids))


async def overtaken_recounts(session: AsyncSession, limit: int) -> dict[str, Observed]:
    """Return early counters whose post has come all the same: the two crossed on their ways through two replicas."""
    crossed = sa.select(_EARLY).join(_POSTS, _POSTS.c.id == _EARLY.c.post_id).limit(limit)
    return {row.post_id: (counters_of(row), row.observed_at) for row in await session.execute(crossed)}


async def replace_early_recounts(
    session: AsyncSession, used: Collection[str], early: Mapping[str, Observed], now: datetime
) -> None:
    """Drop the early counters of the posts `used` and keep those of `early`."""
    if gone := [*used, *early]:
        await session.execute(sa.delete(_EARLY).where(among(session, _EARLY.c.post_id, gone)))
    await add(
        session,
        _EARLY,
        [
            {"post_id": id_, "observed_at": at, "seen_at": now, **counter_columns(counters)}
            for id_, (counters, at) in early.items()
        ],
    )


def counters_of(row: sa.Row[Any]) -> Counters:
    """Return a row's counters."""
    return Counters(reads=row.reads, likes=row.likes, comments=row.comments, reposts=row.reposts)


def counter_columns(counters: Counters) -> dict[str, int]:
    """Return counters as columns."""
    return {name: getattr(counters, name) for name in COUNTERS}
