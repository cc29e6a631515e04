"""What people decided about events."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.ids import new_id
from services.analysis import models
from services.analysis.models import table
from services.analysis.store.statements import among, rows_among

_DECISIONS: Final = table(models.HandDecision)
_EVENTS: Final = table(models.Event)
_POSTS: Final = table(models.Post)


@dataclass(frozen=True, slots=True)
class Decision:
    """That `event` goes up in `other` (merge), or is made of posts of it (split); who decided, why and when."""

    kind: Literal["merge", "split"]
    event: str
    other: str
    by: str
    reason: str
    at: datetime


async def note(session: AsyncSession, decision: Decision, posts: tuple[str, str] | None = None) -> None:
    """Keep a decision; a merge joins `posts`."""
    one, other = posts or (None, None)
    row = {
        "id": new_id(),
        "kind": decision.kind,
        "event": decision.event,
        "other": decision.other,
        "post_id": one,
        "other_post_id": other,
        "by": decision.by,
        "reason": decision.reason,
        "at": decision.at,
    }
    await session.execute(sa.insert(_DECISIONS).values(row))


async def joins(session: AsyncSession, posts: Collection[str]) -> list[tuple[str, str]]:
    """Return the pairs of posts that people joined, as far as the first is one of `posts`."""
    standing = sa.select(_DECISIONS.c.post_id, _DECISIONS.c.other_post_id).where(_DECISIONS.c.undone_at.is_(None))
    rows = await rows_among(session, standing, _DECISIONS.c.post_id, posts)
    return [(row.post_id, row.other_post_id) for row in rows]


async def undo_merge(session: AsyncSession, event: str, by: str, reason: str, at: datetime) -> bool:
    """Take back that `event` went up in another; tells whether a person had decided so."""
    merged = (_DECISIONS.c.event == event) & (_DECISIONS.c.kind == "merge") & _DECISIONS.c.undone_at.is_(None)
    values = {"undone_at": at, "undone_by": by, "undone_reason": reason}
    undone = sa.update(_DECISIONS).where(merged).values(values).returning(_DECISIONS.c.id)
    return bool((await session.execute(undone)).fetchall())


async def undo_joins(session: AsyncSession, posts: Collection[str], at: datetime) -> None:
    """Let no merge join `posts` any longer: they have been put where they are one by one."""
    joined = among(session, _DECISIONS.c.post_id, posts) & _DECISIONS.c.undone_at.is_(None)
    await session.execute(sa.update(_DECISIONS).where(joined).values(undone_at=at))


async def found(session: AsyncSession, event: str, post: str) -> None:
    """Let an event begin with another of its posts."""
    await session.execute(sa.update(_EVENTS).where(_EVENTS.c.id == event).values(founder_id=post))


async def partition_of(session: AsyncSession, post: str) -> int:
    """Return the partition of a stored post."""
    return int(await session.scalar(sa.select(_POSTS.c.partition).where(_POSTS.c.id == post)) or 0)
