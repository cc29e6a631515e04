"""SQL of the plan's history: activations, and cases moved from one version to another."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.cases.models import ActivationRow, PlanMoveRow, PlanRow


async def lock_plans(session: AsyncSession) -> dict[str, PlanRow]:
    """Return every version, held against others who would put one in force until the transaction ends."""
    query = sa.select(PlanRow).order_by(col(PlanRow.version)).with_for_update()
    rows = await session.execute(query.execution_options(populate_existing=True))
    return {row.version: row for row in rows.scalars()}


async def activation_page(session: AsyncSession, limit: int, after: list[Any] | None) -> list[ActivationRow]:
    """Return up to `limit` + 1 activations, the newest first, after the key (at, id)."""
    query = sa.select(ActivationRow).order_by(col(ActivationRow.at).desc(), col(ActivationRow.id).desc())
    if after is not None:
        query = query.where(sa.tuple_(col(ActivationRow.at), col(ActivationRow.id)) < tuple(after))
    return list((await session.execute(query.limit(limit + 1))).scalars())


async def moves(session: AsyncSession, case_id: str) -> list[PlanMoveRow]:
    """Return a case's moves from one version of the plan to another, the oldest first."""
    query = sa.select(PlanMoveRow).where(col(PlanMoveRow.case_id) == case_id)
    ordered = query.order_by(col(PlanMoveRow.sequence))
    return list((await session.execute(ordered)).scalars())
