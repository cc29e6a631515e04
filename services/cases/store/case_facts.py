"""All SQL of the confirmed facts of cases."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.cases.models import CaseFactRow


async def facts(session: AsyncSession, case_id: str, *, history: bool = False) -> list[CaseFactRow]:
    """Return a case's facts in force, in the order they were confirmed; with `history` those of before as well."""
    query = sa.select(CaseFactRow).where(col(CaseFactRow.case_id) == case_id)
    if not history:
        query = query.where(col(CaseFactRow.seat).is_not(None))
    rows = await session.execute(query.order_by(col(CaseFactRow.confirmed_at), col(CaseFactRow.id)))
    return list(rows.scalars())


async def fact(session: AsyncSession, case_id: str, fact_id: str) -> CaseFactRow | None:
    """Return a fact of a case."""
    row = await session.get(CaseFactRow, fact_id)
    return row if row is not None and row.case_id == case_id else None


async def seated(session: AsyncSession, case_id: str, seat: str) -> CaseFactRow | None:
    """Return the fact in force of a subject."""
    query = sa.select(CaseFactRow).where(col(CaseFactRow.case_id) == case_id, col(CaseFactRow.seat) == seat)
    return (await session.execute(query)).scalar_one_or_none()
