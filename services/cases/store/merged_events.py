"""SQL of events that have gone up in others: one knows where it went, which may have gone on itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.cases.models import EventRow


async def lock_merged(session: AsyncSession, event_ids: Iterable[str]) -> dict[str, str]:
    """Return which of some events have gone up in which, held against other writers until the transaction ends."""
    query = sa.select(col(EventRow.id), col(EventRow.merged_into)).where(col(EventRow.id).in_(list(event_ids)))
    rows = await session.execute(query.order_by(col(EventRow.id)).with_for_update())
    return {row[0]: row[1] for row in rows if row[1] is not None}


async def standing(session: AsyncSession, event_id: str) -> str:
    """Return the event that an event has gone up in at the last; itself where it stands."""
    seen = {event_id}
    while True:
        into = await session.scalar(sa.select(col(EventRow.merged_into)).where(col(EventRow.id) == event_id))
        if into is None or into in seen:
            return event_id
        seen.add(into)
        event_id = into


async def gone_up_in(session: AsyncSession, event_id: str) -> set[str]:
    """Return an event and all that have gone up in it, directly or through others."""
    return set((await session.execute(sa.select(wholes_of([event_id]).c.part))).scalars())


def wholes_of(event_ids: Sequence[str]) -> sa.CTE:
    """Choose (id, part): events and all that have gone up in each, themselves too."""
    wholes: sa.CTE = (
        sa.select(col(EventRow.id).label("id"), col(EventRow.id).label("part"))
        .where(col(EventRow.id).in_(list(event_ids)))
        .cte("wholes", recursive=True)
    )
    more = sa.select(wholes.c.id, col(EventRow.id)).where(col(EventRow.merged_into) == wholes.c.part)
    return wholes.union(more)
