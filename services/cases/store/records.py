"""All SQL of the cases service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from contracts.words import AlertStatus, ClockKind, ClockState, Level
from kit.database import insert_ignoring
from services.cases.access import Own
from services.cases.clocks import Clock
from services.cases.models import (
    AlertRow,
    ApprovalRow,
    CaseNumber,
    CaseRow,
    ClockRow,
    EventPlaceRow,
    EventRow,
    NoticeRow,
    PlanRow,
    TaskRow,
    TimelineRow,
)
from services.cases.store.merged_events import wholes_of
from services.cases.store.participants import alert_is_own, takes_part
from services.cases.timeline import Sealed

#: Rows of due clocks that are read for each case wanted: more than one of a case are seldom due at once.
_CLOCKS_A_CASE: Final = 4

# --- plans


async def active_plan(session: AsyncSession) -> PlanRow | None:
    """Return the plan in force."""
    return (await session.execute(sa.select(PlanRow).where(col(PlanRow.seat) == "active"))).scalar_one_or_none()


async def active_version(session: AsyncSession) -> str | None:
    """Return the version in force."""
    return await session.scalar(sa.select(col(PlanRow.version)).where(col(PlanRow.seat) == "active"))


async def plan_row(session: AsyncSession, version: str) -> PlanRow | None:
    """Return a version of the plan."""
    return await session.get(PlanRow, version)


async def add_plan(session: AsyncSession, row: PlanRow) -> bool:
    """Store a version of the plan; tells whether it was new."""
    return bool(await insert_ignoring(session, PlanRow, [row.model_dump()], returning=["version"]))


async def plan_page(session: AsyncSession, limit: int, after: list[Any] | None) -> list[PlanRow]:
    """Return up to `limit` + 1 versions, newest first, after the key (created_at, version)."""
    query = sa.select(PlanRow).order_by(col(PlanRow.created_at).desc(), col(PlanRow.version).desc()).limit(limit + 1)
    if after is not None:
        query = query.where(sa.tuple_(col(PlanRow.created_at), col(PlanRow.version)) < tuple(after))
    return list((await session.execute(query)).scalars())


async def seat_plan(session: AsyncSession, row: PlanRow, at: datetime) -> None:
    """Put a version in force in the place of another."""
    await session.execute(sa.update(PlanRow).where(col(PlanRow.seat) == "active").values(seat=None))
    row.seat, row.activated_at = "active", at
    session.add(row)
    await session.flush()


# --- events


async def take_in_events(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Store snapshots where they are newer than what is known; returns the ids of those that were.

    Rows are written in the order of their ids, so that two replicas never wait for each other in a ring.
    """
    if not rows:
        return set()
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    insert = make(EventRow).values(sorted(rows, key=lambda row: str(row["id"])))
    newer = insert.on_conflict_do_update(
        index_elements=["id"],
        set_={name: insert.excluded[name] for name in ("version", "snapshot", "merged_into", "updated_at")},
        where=insert.excluded.version > col(EventRow.version),
    ).returning(col(EventRow.id))
    taken = set((await session.execute(newer)).scalars())
    await place_events(session, [row for row in rows if row["id"] in taken])
    return taken


async def place_events(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Keep the places that events name in the place of those that they named before."""
    if not rows:
        return
    await session.execute(sa.delete(EventPlaceRow).where(col(EventPlaceRow.event_id).in_([row["id"] for row in rows])))
    named = {(place, row["id"]) for row in rows for place in row["snapshot"].get("places", ())}
    await insert_ignoring(session, EventPlaceRow, [{"place": place, "event_id": id_} for place, id_ in sorted(named)])


async def events(session: AsyncSession, ids: Iterable[str]) -> dict[str, EventRow]:
    """Return events by id."""
    found = await session.execute(sa.select(EventRow).where(col(EventRow.id).in_(list(ids))))
    return {row.id: row for row in found.scalars()}


async def lock_event(session: AsyncSession, event_id: str) -> EventRow | None:
    """Return an event, held against other writers until the transaction ends."""
    query = sa.select(EventRow).where(col(EventRow.id) == event_id).with_for_update()
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def forget_events(session: AsyncSession, before: datetime) -> int:
    """Delete events untouched since `before` that no alert, no case and no other event refers to; returns how many."""
    part = aliased(EventRow)
    gone = await session.execute(
        sa.delete(EventRow).where(
            col(EventRow.updated_at) < before,
            ~sa.exists().where(col(AlertRow.event_id) == col(EventRow.id)),
            ~sa.exists().where(col(CaseRow.event_id) == col(EventRow.id)),
            ~sa.exists().where(col(part.merged_into) == col(EventRow.id)),
        )
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


# --- alerts


async def highest_alerts(session: AsyncSession, event_ids: Sequence[str]) -> dict[str, int]:
    """Return the rank of the gravest alert that each event has ever had, dismissed ones too.

    Alerts of the events that have gone up in it are its own.
    """
    wholes = wholes_of(event_ids)
    query = (
        sa.select(wholes.c.id, sa.func.max(AlertRow.rank))
        .join(AlertRow, col(AlertRow.event_id) == wholes.c.part)
        .group_by(wholes.c.id)
    )
    return {row[0]: int(row[1]) for row in await session.execute(query)}


async def alert(session: AsyncSession, alert_id: str, *, lock: bool = False) -> AlertRow | None:
    """Return an alert."""
    query = sa.select(AlertRow).where(col(AlertRow.id) == alert_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def alert_page(
    session: AsyncSession,
    limit: int,
    after: list[Any] | None,
    *,
    own: Own | None,
    status: AlertStatus | None = None,
    level: Level | None = None,
    event_id: str | None = None,
) -> list[AlertRow]:
    """Return up to `limit` + 1 alerts, newest first, after the key (raised_at, id); `own`: only the caller's own."""
    query = sa.select(AlertRow).order_by(col(AlertRow.raised_at).desc(), col(AlertRow.id).desc()).limit(limit + 1)
    if own is not None:
        query = query.where(alert_is_own(session, own))
    if after is not None:
        query = query.where(sa.tuple_(col(AlertRow.raised_at), col(AlertRow.id)) < tuple(after))
    for column, value in ((AlertRow.status, status), (AlertRow.level, level), (AlertRow.event_id, event_id)):
        if value is not None:
            query = query.where(col(column) == value)
    return list((await session.execute(query)).scalars())


async def alerted_events(session: AsyncSession, case_id: str) -> set[str]:
    """Return the events whose alerts hang on a case."""
    query = sa.select(col(AlertRow.event_id)).where(col(AlertRow.case_id) == case_id).distinct()
    return set((await session.execute(query)).scalars())


async def link_alerts(session: AsyncSession, event_id: str, case_id: str) -> None:
    """Hang an event's alerts that have no case on `case_id`."""
    await session.execute(
        sa.update(AlertRow)
        .where(col(AlertRow.event_id) == event_id, col(AlertRow.case_id).is_(None))
        .values(case_id=case_id)
    )


# --- cases


async def next_count(session: AsyncSession, year: int) -> int:
    """Return the next count of a year's cases, held until the transaction ends."""
    await insert_ignoring(session, CaseNumber, [{"year": year, "last": 0}])
    counted = await session.execute(
        sa.update(CaseNumber)
        .where(col(CaseNumber.year) == year)
        .values(last=CaseNumber.last + 1)
        .returning(col(CaseNumber.last))
    )
    return int(counted.scalar_one())


async def case(session: AsyncSession, case_id: str) -> CaseRow | None:
    """Return a case."""
    return await session.get(CaseRow, case_id)


async def lock_case(session: AsyncSession, case_id: str) -> CaseRow | None:
    """Return a case, held against other writers until the transaction ends."""
    query = sa.select(CaseRow).where(col(CaseRow.id) == case_id).with_for_update()
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def lock_open_case_of(session: AsyncSession, event_id: str) -> CaseRow | None:
    """Return an event's open case, held against other writers."""
    query = sa.select(CaseRow).where(col(CaseRow.open_event_id) == event_id).with_for_update()
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def case_page(
    session: AsyncSession,
    limit: int,
    after: list[Any] | None,
    *,
    own: Own | None,
    states: Sequence[str] = (),
    levels: Sequence[str] = (),
    event_id: str | None = None,
) -> list[CaseRow]:
    """Return up to `limit` + 1 cases, newest first, after the key (opened_at, id); `own`: only the caller's own.

    The newest of each state are taken by its index and merged: a sort of all cases in any of several states, most of
    them maybe, would cost more than the page.
    """
    newest = (col(CaseRow.opened_at).desc(), col(CaseRow.id).desc())
    query = sa.select(CaseRow).order_by(*newest).limit(limit + 1)
    conditions: list[sa.ColumnElement[bool]] = []
    if own is not None:
        conditions.append(takes_part(session, own, col(CaseRow.id)))
    if after is not None:
        conditions.append(sa.tuple_(col(CaseRow.opened_at), col(CaseRow.id)) < tuple(after))
    if levels:
        conditions.append(col(CaseRow.level).in_(list(levels)))
    if event_id is not None:
        conditions.append(col(CaseRow.event_id) == event_id)
    if not states:
        query = query.where(*conditions)
    else:
        each = [
            sa.select(col(CaseRow.id))
            .where(col(CaseRow.state) == state, *conditions)
            .order_by(*newest)
            .limit(limit + 1)
            for state in sorted(set(states))
        ]
        taken = sa.union_all(*(sa.select(one.subquery().c.id) for one in each))
        query = query.where(col(CaseRow.id).in_(taken))
    return list((await session.execute(query)).scalars())


# --- timeline


async def timeline(session: AsyncSession, case_id: str, after: int = 0, limit: int | None = None) -> list[TimelineRow]:
    """Return a case's timeline in order, from the entry after number `after`."""
    query = (
        sa.select(TimelineRow)
        .where(col(TimelineRow.case_id) == case_id, col(TimelineRow.sequence) > after)
        .order_by(col(TimelineRow.sequence))
    )
    return list((await session.execute(query.limit(limit))).scalars())


async def entries(session: AsyncSession, case_id: str, kinds: Sequence[str]) -> list[TimelineRow]:
    """Return the entries of some kinds of a case's timeline, in order."""
    query = sa.select(TimelineRow).where(col(TimelineRow.case_id) == case_id, col(TimelineRow.kind).in_(list(kinds)))
    return list((await session.execute(query.order_by(col(TimelineRow.sequence)))).scalars())


def sealed(row: TimelineRow) -> Sealed:
    """Return a stored entry as it is verified."""
    return Sealed(row.sequence, row.body, row.previous, row.hash)


# --- clocks


async def clocks(session: AsyncSession, case_id: str) -> list[Clock]:
    """Return a case's clocks, in the order in which they were started."""
    query = sa.select(ClockRow).where(col(ClockRow.case_id) == case_id)
    ordered = query.order_by(col(ClockRow.started_at), col(ClockRow.id)).execution_options(populate_existing=True)
    return [clock_of(row) for row in (await session.execute(ordered)).scalars()]


async def cases_with_due_clocks(session: AsyncSession, now: datetime, limit: int) -> list[str]:
    """Return ids of cases a clock of which has something to say by `now`, the longest waiting first."""
    # the rows by the index of `next_at`, told apart here: grouped by case, SQLite would walk every clock there is
    query = sa.select(col(ClockRow.case_id)).where(col(ClockRow.next_at) <= now).order_by(col(ClockRow.next_at))
    found = (await session.execute(query.limit(_CLOCKS_A_CASE * limit))).scalars()
    return list(dict.fromkeys(found))[:limit]


async def save_clocks(session: AsyncSession, case_id: str, clocks: Sequence[tuple[Clock, datetime | None]]) -> None:
    """Insert clocks, or bring their rows up to date; each comes with when it will next have something to say.

    The case must have been written; other rows that wait to be are left to wait.
    """
    if not clocks:
        return
    rows = [{**asdict(clock), "case_id": case_id, "next_at": next_at} for clock, next_at in clocks]
    # rows as parameters, not as VALUES: only so is the compiled statement kept for the next call
    with session.no_autoflush:
        await session.execute(_clocks_upsert(session.get_bind().dialect.name), rows)


@cache
def _clocks_upsert(dialect: str) -> sa.Insert:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    insert = make(ClockRow.__table__)  # type: ignore[attr-defined]
    changed = {column.name: column for column in insert.excluded if column.name not in ("id", "case_id")}
    return insert.on_conflict_do_update(index_elements=["id"], set_=changed)


def clock_of(row: ClockRow) -> Clock:
    """Return a stored clock as the domain knows it."""
    return Clock(
        id=row.id,
        kind=ClockKind(row.kind),
        level=Level(row.level),
        started_at=row.started_at,
        due_at=row.due_at,
        state=ClockState(row.state),
        warned=row.warned,
        escalated=row.escalated,
        breached_at=row.breached_at,
        ended_at=row.ended_at,
        proposal_id=row.proposal_id,
        replaces=row.replaces,
        subject=row.subject,
        paused_at=row.paused_at,
        paused_until=row.paused_until,
        paused_seconds=row.paused_seconds,
        met_by=row.met_by,
    )


# --- approvals, tasks, statements, notices


async def pending_approval(session: AsyncSession, case_id: str) -> ApprovalRow | None:
    """Return the proposal of a case that awaits its decision."""
    query = sa.select(ApprovalRow).where(col(ApprovalRow.case_id) == case_id, col(ApprovalRow.seat) == "pending")
    return (await session.execute(query)).scalar_one_or_none()


async def pending_approvals(session: AsyncSession, case_ids: Sequence[str]) -> dict[str, ApprovalRow]:
    """Return the pending proposals of several cases, by case."""
    query = sa.select(ApprovalRow).where(
        col(ApprovalRow.case_id).in_(list(case_ids)), col(ApprovalRow.seat) == "pending"
    )
    return {row.case_id: row for row in (await session.execute(query)).scalars()}


async def approvals(session: AsyncSession, case_id: str) -> list[ApprovalRow]:
    """Return every proposal of a case, the oldest first."""
    query = sa.select(ApprovalRow).where(col(ApprovalRow.case_id) == case_id)
    rows = await session.execute(query.order_by(col(ApprovalRow.proposed_at), col(ApprovalRow.id)))
    return list(rows.scalars())


async def tasks(session: AsyncSession, case_id: str) -> list[TaskRow]:
    """Return a case's tasks in the order of the playbook."""
    query = sa.select(TaskRow).where(col(TaskRow.case_id) == case_id)
    return list((await session.execute(query.order_by(col(TaskRow.position), col(TaskRow.id)))).scalars())


async def notices(session: AsyncSession, ids: Sequence[str]) -> dict[str, NoticeRow]:
    """Return notifications that were asked for, by id."""
    found = await session.execute(sa.select(NoticeRow).where(col(NoticeRow.id).in_(list(ids))))
    return {row.id: row for row in found.scalars()}
