"""SQL of the work on cases: tasks, consultations, information, media contacts, conferences, hand-overs, watches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.database import UtcDateTime
from services.cases.access import Own
from services.cases.concerns import ConcernState
from services.cases.lifecycle import OPEN_STATES
from services.cases.models import (
    CaseRow,
    ConcernRow,
    HandoverRow,
    ParticipantRow,
    ReceiptRow,
    TaskRow,
    TimelineRow,
    WatchRow,
)
from services.cases.store.participants import takes_part
from services.cases.tasks import OWED

#: Where tasks without a due time stand in a list by due time.
_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)


class OfCase(Protocol):
    """A table whose rows belong to a case."""

    id: str
    case_id: str


R = TypeVar("R", bound=OfCase)


async def all_of(session: AsyncSession, table: type[R], case_id: str) -> list[R]:
    """Return a case's rows of a table, the oldest first."""
    query = sa.select(table).where(col(table.case_id) == case_id).order_by(col(table.id))
    return list((await session.execute(query)).scalars())


async def participants(session: AsyncSession, case_id: str, *, present: bool = False) -> list[ParticipantRow]:
    """Return who takes part in a case, in the order of coming; with `present`, without those who have left."""
    query = sa.select(ParticipantRow).where(col(ParticipantRow.case_id) == case_id)
    if present:
        query = query.where(col(ParticipantRow.left_at).is_(None))
    ordered = query.order_by(col(ParticipantRow.added_at), col(ParticipantRow.id))
    return list((await session.execute(ordered)).scalars())


async def cases_without_participants(session: AsyncSession, limit: int) -> list[str]:
    """Return open cases in which nobody takes part: those of a version that knew no participants."""
    query = sa.select(col(CaseRow.id)).where(
        col(CaseRow.state).in_(sorted(OPEN_STATES)),
        ~sa.exists().where(col(ParticipantRow.case_id) == col(CaseRow.id)),
    )
    return list((await session.execute(query.order_by(col(CaseRow.id)).limit(limit))).scalars())


# --- tasks


async def task_page(
    session: AsyncSession,
    limit: int,
    after: list[Any] | None,
    *,
    own: Own | None = None,
    mine: Own | None = None,
    open_only: bool = False,
    states: Sequence[str] = (),
    overdue_at: datetime | None = None,
) -> list[tuple[TaskRow, CaseRow]]:
    """Return up to `limit` + 1 tasks with their cases, those due soonest first, after the key (due_at or never, id).

    `own` leaves only cases in which a confined caller takes part; `mine` only tasks of the caller's role and unit, or
    of the caller by name.
    """
    due = due_key()
    query = (
        sa.select(TaskRow, CaseRow)
        .join(CaseRow, col(CaseRow.id) == col(TaskRow.case_id))
        .order_by(due, col(TaskRow.id))
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(sa.tuple_(due, col(TaskRow.id)) > sa.tuple_(sa.literal(after[0], UtcDateTime()), after[1]))
    if own is not None:
        query = query.where(takes_part(session, own, col(TaskRow.case_id)))
    if mine is not None:
        held = sa.and_(
            col(TaskRow.role).in_(sorted(mine.roles)),
            col(TaskRow.unit).in_(sorted({"", mine.unit})),
            col(TaskRow.person).in_(sorted({"", mine.person})),
        )
        query = query.where(held)
    if open_only:
        query = query.where(col(TaskRow.state).in_(sorted(OWED)), col(CaseRow.state).in_(sorted(OPEN_STATES)))
    if states:
        query = query.where(col(TaskRow.state).in_(sorted(states)))
    if overdue_at is not None:
        query = query.where(col(TaskRow.due_at) <= overdue_at, col(TaskRow.state).in_(sorted(OWED)))
    return [(task, case) for task, case in await session.execute(query)]


def due_key() -> sa.ColumnElement[datetime]:
    """Return what tasks are listed by: their due time, or the end of time."""
    return sa.func.coalesce(col(TaskRow.due_at), sa.literal(_LAST, UtcDateTime()), type_=UtcDateTime())


def due_of(row: TaskRow) -> datetime:
    """Return the value of :func:`due_key` for a task."""
    return row.due_at or _LAST


async def cases_of_tasks(session: AsyncSession, ids: Iterable[str]) -> dict[str, str]:
    """Return the case of each task that there is, by the task's id."""
    found = await session.execute(
        sa.select(col(TaskRow.id), col(TaskRow.case_id)).where(col(TaskRow.id).in_(list(ids)))
    )
    return {row.id: row.case_id for row in found}


# --- information


async def receipts(session: AsyncSession, case_id: str, information_id: str | None = None) -> list[ReceiptRow]:
    """Return the receipts of a case's information, or of one piece of it."""
    query = sa.select(ReceiptRow).where(col(ReceiptRow.case_id) == case_id)
    if information_id is not None:
        query = query.where(col(ReceiptRow.information_id) == information_id)
    return list((await session.execute(query.order_by(col(ReceiptRow.id)))).scalars())


async def receipt_of_notice(session: AsyncSession, notice_id: str) -> ReceiptRow | None:
    """Return the receipt that a notice asked for."""
    query = sa.select(ReceiptRow).where(col(ReceiptRow.notice_id) == notice_id)
    return (await session.execute(query)).scalar_one_or_none()


async def open_concerns(session: AsyncSession, case_id: str) -> list[ConcernRow]:
    """Return a case's concerns that are not yet answered, those of most people first."""
    query = sa.select(ConcernRow).where(col(ConcernRow.case_id) == case_id, col(ConcernRow.state) == ConcernState.OPEN)
    return list((await session.execute(query.order_by(col(ConcernRow.posts).desc(), col(ConcernRow.id)))).scalars())


# --- hand-overs


async def open_cases(session: AsyncSession) -> list[CaseRow]:
    """Return every open case outside drills, the gravest first, then the oldest."""
    gravity = sa.case({"I": 1, "II": 2, "III": 3}, value=col(CaseRow.level), else_=4)
    query = sa.select(CaseRow).where(col(CaseRow.state).in_(sorted(OPEN_STATES)), col(CaseRow.drill).is_(False))
    return list((await session.execute(query.order_by(gravity, col(CaseRow.opened_at), col(CaseRow.id)))).scalars())


async def handovers_of_case(session: AsyncSession, case_id: str) -> list[HandoverRow]:
    """Return a case's own hand-overs, the oldest first."""
    query = sa.select(HandoverRow).where(col(HandoverRow.case_id) == case_id).order_by(col(HandoverRow.id))
    return list((await session.execute(query)).scalars())


async def handover_page(session: AsyncSession, limit: int, after: list[Any] | None) -> list[HandoverRow]:
    """Return up to `limit` + 1 of the duty desk's hand-overs, the newest first, after the key (created_at, id)."""
    query = sa.select(HandoverRow).where(col(HandoverRow.case_id).is_(None))
    if after is not None:
        query = query.where(sa.tuple_(col(HandoverRow.created_at), col(HandoverRow.id)) < tuple(after))
    ordered = query.order_by(col(HandoverRow.created_at).desc(), col(HandoverRow.id).desc()).limit(limit + 1)
    return list((await session.execute(ordered)).scalars())


async def handover(session: AsyncSession, handover_id: str, *, lock: bool = False) -> HandoverRow | None:
    """Return a hand-over."""
    query = sa.select(HandoverRow).where(col(HandoverRow.id) == handover_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def handovers_of_notices(session: AsyncSession, notices: Iterable[str]) -> list[HandoverRow]:
    """Return the hand-overs of which any of the notices told the receiver."""
    query = sa.select(HandoverRow).where(col(HandoverRow.notice_id).in_(list(notices)))
    return list((await session.execute(query)).scalars())


async def last_entries(session: AsyncSession, case_id: str, count: int) -> list[TimelineRow]:
    """Return the last entries of a case's timeline, the newest first."""
    query = sa.select(TimelineRow).where(col(TimelineRow.case_id) == case_id)
    return list((await session.execute(query.order_by(col(TimelineRow.sequence).desc()).limit(count))).scalars())


# --- the watch


async def cases_with_due_briefs(session: AsyncSession, now: datetime, limit: int) -> list[str]:
    """Return cases of which a situation brief is due by `now`, the longest waiting first."""
    query = sa.select(col(WatchRow.case_id)).where(col(WatchRow.next_brief_at) <= now)
    return list((await session.execute(query.order_by(col(WatchRow.next_brief_at)).limit(limit))).scalars())


async def start_watch(
    session: AsyncSession,
    case_id: str,
    by: str,
    now: datetime,
    next_brief_at: datetime,
    figures: dict[str, Any],
    *,
    by_plan: bool,
) -> None:
    """Remember that a case is in surge watch from `now` on, started by somebody or the plan."""
    row = WatchRow(
        case_id=case_id,
        since=now,
        started_by=by,
        by_plan=by_plan,
        next_brief_at=next_brief_at,
        figures=figures,
        figures_at=now,
    )
    session.add(row)
    await session.flush()


async def end_watch(session: AsyncSession, case_id: str) -> None:
    """Forget that a case is in surge watch."""
    await session.execute(sa.delete(WatchRow).where(col(WatchRow.case_id) == case_id))
