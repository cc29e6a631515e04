"""SQL of delegations and absences."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.words import Role
from services.cases.delegations import Leave, LeaveKind
from services.cases.models import LeaveRow


async def lock(session: AsyncSession, leave_id: str) -> LeaveRow | None:
    """Return a delegation or absence, held against other writers until the transaction ends."""
    query = sa.select(LeaveRow).where(col(LeaveRow.id) == leave_id).with_for_update()
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def standing(session: AsyncSession, at: datetime) -> list[Leave]:
    """Return every delegation and absence that is not over at `at`, also those that have yet to start."""
    query = sa.select(LeaveRow).where(col(LeaveRow.ends_at) > at, col(LeaveRow.revoked_at).is_(None))
    ordered = query.order_by(col(LeaveRow.starts_at), col(LeaveRow.id))
    return [leave_of(row) for row in (await session.execute(ordered)).scalars()]


async def page(
    session: AsyncSession,
    limit: int,
    after: list[Any] | None,
    *,
    at: datetime | None = None,
    role: Role | None = None,
) -> list[LeaveRow]:
    """Return up to `limit` + 1, the latest to start first, after the key (starts_at, id); `at`: in force then."""
    query = sa.select(LeaveRow).order_by(col(LeaveRow.starts_at).desc(), col(LeaveRow.id).desc()).limit(limit + 1)
    if after is not None:
        query = query.where(sa.tuple_(col(LeaveRow.starts_at), col(LeaveRow.id)) < tuple(after))
    if at is not None:
        revoked = sa.or_(col(LeaveRow.revoked_at).is_(None), col(LeaveRow.revoked_at) > at)
        query = query.where(col(LeaveRow.starts_at) <= at, col(LeaveRow.ends_at) > at, revoked)
    if role is not None:
        query = query.where(col(LeaveRow.role) == role)
    return list((await session.execute(query)).scalars())


def leave_of(row: LeaveRow) -> Leave:
    """Return a stored delegation or absence as the domain knows it."""
    return Leave(
        id=row.id,
        kind=LeaveKind(row.kind),
        role=Role(row.role),
        holder_id=row.holder_id,
        holder=row.holder,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        delegate_id=row.delegate_id,
        delegate=row.delegate,
        revoked_at=row.revoked_at,
    )
