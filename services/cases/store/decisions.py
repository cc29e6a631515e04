"""SQL of decisions that wait."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.cases.models import ApprovalRow


async def cases_with_due_decisions(session: AsyncSession, now: datetime, limit: int) -> list[str]:
    """Return ids of cases of whose pending proposal there is something to say by `now`, the longest waiting first."""
    query = (
        sa.select(col(ApprovalRow.case_id))
        .where(col(ApprovalRow.next_at) <= now, col(ApprovalRow.seat) == "pending")
        .order_by(col(ApprovalRow.next_at), col(ApprovalRow.id))
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def wake(session: AsyncSession, at: datetime) -> None:
    """Let the pass look at every pending proposal at `at`, because who is on duty changes then."""
    later = sa.or_(col(ApprovalRow.next_at).is_(None), col(ApprovalRow.next_at) > at)
    await session.execute(sa.update(ApprovalRow).where(col(ApprovalRow.seat) == "pending", later).values(next_at=at))
