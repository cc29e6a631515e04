"""All SQL of statements: texts, their versions, and numbers (`portal` has what is public)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.database import insert_ignoring
from services.cases.models import NumberSeriesRow, StatementRow, StatementVersionRow

#: States of a text that was published; it stays readable in each.
PUBLIC: Final = ("published", "withdrawn", "corrected")


async def statements(session: AsyncSession, case_id: str) -> list[StatementRow]:
    """Return a case's statements, the newest first."""
    query = sa.select(StatementRow).where(col(StatementRow.case_id) == case_id)
    return list((await session.execute(query.order_by(col(StatementRow.number).desc()))).scalars())


async def statement(session: AsyncSession, case_id: str, statement_id: str) -> StatementRow | None:
    """Return a statement of a case."""
    row = await session.get(StatementRow, statement_id)
    return row if row is not None and row.case_id == case_id else None


async def cases_with_waiting_statements(session: AsyncSession, now: datetime, limit: int) -> list[str]:
    """Return ids of cases of whose submitted statements there is something to say by `now`, the longest due first."""
    query = (
        sa.select(col(StatementRow.case_id))
        .where(col(StatementRow.next_at) <= now)
        .group_by(col(StatementRow.case_id))
        .order_by(sa.func.min(col(StatementRow.next_at)), col(StatementRow.case_id))
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def versions(session: AsyncSession, statement_id: str) -> list[StatementVersionRow]:
    """Return a statement's versions, the newest first."""
    query = sa.select(StatementVersionRow).where(col(StatementVersionRow.statement_id) == statement_id)
    return list((await session.execute(query.order_by(col(StatementVersionRow.revision).desc()))).scalars())


async def version(session: AsyncSession, statement_id: str, revision: int) -> StatementVersionRow | None:
    """Return one version of a statement."""
    return await session.get(StatementVersionRow, (statement_id, revision))


async def next_number(session: AsyncSession, series: str) -> int:
    """Return the next number of a series, held until the transaction ends, so that no two texts get the same."""
    await insert_ignoring(session, NumberSeriesRow, [{"name": series, "last": 0}])
    counted = await session.execute(
        sa.update(NumberSeriesRow)
        .where(col(NumberSeriesRow.name) == series)
        .values(last=NumberSeriesRow.last + 1)
        .returning(col(NumberSeriesRow.last))
    )
    return int(counted.scalar_one())
