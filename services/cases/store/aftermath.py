"""All SQL of correction requests, concerns, aftercare and reviews."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.words import CaseState
from services.cases.models import (
    AftercareRow,
    CaseRow,
    ConcernRow,
    CorrectionRow,
    NoticeRow,
    ReviewMarkRow,
    ReviewRow,
)

# --- correction requests


async def corrections(session: AsyncSession, case_id: str) -> list[CorrectionRow]:
    """Return a case's correction requests, the newest first."""
    query = sa.select(CorrectionRow).where(col(CorrectionRow.case_id) == case_id)
    return list((await session.execute(query.order_by(col(CorrectionRow.number).desc()))).scalars())


async def correction(session: AsyncSession, case_id: str, correction_id: str) -> CorrectionRow | None:
    """Return a correction request of a case."""
    row = await session.get(CorrectionRow, correction_id)
    return row if row is not None and row.case_id == case_id else None


async def cases_with_due_corrections(session: AsyncSession, now: datetime, limit: int) -> list[str]:
    """Return ids of cases with a request of which somebody is to be reminded by `now`, the longest waiting first."""
    query = (
        sa.select(col(CorrectionRow.case_id))
        .where(col(CorrectionRow.remind_at) <= now)
        .group_by(col(CorrectionRow.case_id))
        .order_by(sa.func.min(CorrectionRow.remind_at))
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


# --- concerns


async def concerns(session: AsyncSession, case_id: str) -> list[ConcernRow]:
    """Return a case's concerns in the order in which they came up."""
    query = sa.select(ConcernRow).where(col(ConcernRow.case_id) == case_id)
    return list((await session.execute(query.order_by(col(ConcernRow.created_at), col(ConcernRow.id)))).scalars())


async def concern(session: AsyncSession, case_id: str, concern_id: str) -> ConcernRow | None:
    """Return a concern of a case."""
    row = await session.get(ConcernRow, concern_id)
    return row if row is not None and row.case_id == case_id else None


async def open_cases_of(session: AsyncSession, event_ids: Sequence[str]) -> list[str]:
    """Return ids of the open cases of some events, in order."""
    query = sa.select(col(CaseRow.id)).where(col(CaseRow.open_event_id).in_(list(event_ids)))
    return list((await session.execute(query.order_by(col(CaseRow.id)))).scalars())


# --- aftercare


async def aftercare(session: AsyncSession, case_id: str) -> AftercareRow | None:
    """Return what is remembered of a case's aftercare."""
    return await session.get(AftercareRow, case_id)


async def cases_in_aftercare(session: AsyncSession, now: datetime, limit: int) -> list[str]:
    """Return ids of cases in monitoring whose aftercare is due to be looked at by `now`, or not yet remembered."""
    query = (
        sa.select(col(CaseRow.id))
        .outerjoin(AftercareRow, col(AftercareRow.case_id) == col(CaseRow.id))
        .where(
            col(CaseRow.state) == CaseState.MONITORING.value,
            sa.or_(col(AftercareRow.case_id).is_(None), col(AftercareRow.next_at) <= now),
        )
        .order_by(col(AftercareRow.next_at), col(CaseRow.id))
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


# --- reviews


async def reviews(session: AsyncSession, case_id: str) -> list[ReviewRow]:
    """Return a case's reviews, the newest first."""
    query = sa.select(ReviewRow).where(col(ReviewRow.case_id) == case_id).order_by(col(ReviewRow.number).desc())
    return list((await session.execute(query)).scalars())


async def marks(session: AsyncSession, review_id: str) -> list[ReviewMarkRow]:
    """Return the marks of a review, in the order in which they were given."""
    query = sa.select(ReviewMarkRow).where(col(ReviewMarkRow.review_id) == review_id)
    return list((await session.execute(query.order_by(col(ReviewMarkRow.at), col(ReviewMarkRow.person_id)))).scalars())


async def mark_of(session: AsyncSession, review_id: str, person_id: str) -> ReviewMarkRow | None:
    """Return the marks that a person has given."""
    return await session.get(ReviewMarkRow, (review_id, person_id))


async def final_reviews(session: AsyncSession, limit: int, after: list[Any] | None) -> list[tuple[ReviewRow, CaseRow]]:
    """Return up to `limit` + 1 final reviews with their cases, newest first, after the key (finished_at, id)."""
    query = (
        sa.select(ReviewRow, CaseRow)
        .join(CaseRow, col(CaseRow.id) == col(ReviewRow.case_id))
        .where(col(ReviewRow.state) == "final")
        .order_by(col(ReviewRow.finished_at).desc(), col(ReviewRow.id).desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(sa.tuple_(col(ReviewRow.finished_at), col(ReviewRow.id)) < tuple(after))
    return [(row[0], row[1]) for row in await session.execute(query)]


async def notices_of(session: AsyncSession, case_id: str) -> list[NoticeRow]:
    """Return the notifications of a case that wanted an acknowledgement, in the order in which they were asked for."""
    query = sa.select(NoticeRow).where(col(NoticeRow.case_id) == case_id, col(NoticeRow.requires_acknowledgement))
    return list((await session.execute(query.order_by(col(NoticeRow.requested_at), col(NoticeRow.id)))).scalars())
