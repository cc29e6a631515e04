"""SQL of the courses of events, of what is remembered of them, and of what people decided."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.words import AlertStatus, CaseState, Level
from kit.database import MAX_PARAMETERS
from services.cases.approvals import ApprovalState, ProposalKind
from services.cases.models import AlertRow, ApprovalRow, CaseRow, CoursePoint, EventRow, StandingRow
from services.cases.plan.backtest import Came, CaseCame, Course, Point
from services.cases.plan.holding import Decision

#: Events that are read at a time.
_BATCH: Final = 200
_GRAVEST: Final = max(level.rank for level in Level)
#: Ids that one statement names.
_IDS: Final = MAX_PARAMETERS // 2


# --- what is remembered of events


async def standings(session: AsyncSession, event_ids: Iterable[str]) -> dict[str, StandingRow]:
    """Return what is remembered of some events, by id."""
    query = sa.select(StandingRow).where(col(StandingRow.event_id).in_(list(event_ids)))
    rows = list((await session.execute(query.execution_options(populate_existing=True))).scalars())
    for row in rows:
        # written by save_standings alone
        session.expunge(row)
    return {row.event_id: row for row in rows}


async def save_standings(session: AsyncSession, rows: Sequence[StandingRow]) -> None:
    """Insert what is remembered of events, or bring it up to date."""
    if not rows:
        return
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    insert = make(StandingRow.__table__)  # type: ignore[attr-defined]
    values = [row.model_dump() for row in sorted(rows, key=lambda row: row.event_id)]
    changed = {name: insert.excluded[name] for name in values[0] if name != "event_id"}
    await session.execute(insert.on_conflict_do_update(index_elements=["event_id"], set_=changed), values)


async def due_to_ease(session: AsyncSession, now: datetime, limit: int) -> list[str]:
    """Return events of which a lower level may be told by `now`, the longest waiting first."""
    query = sa.select(col(StandingRow.event_id)).where(col(StandingRow.eases_at) <= now)
    return list((await session.execute(query.order_by(col(StandingRow.eases_at)).limit(limit))).scalars())


# --- courses


async def add_points(
    session: AsyncSession, points: Sequence[CoursePoint], replaced: Sequence[tuple[str, int]] = ()
) -> None:
    """Store points of courses in the place of those replaced, which are named by event and instant."""
    table = CoursePoint.__table__  # type: ignore[attr-defined]
    if replaced:
        gone = sa.delete(table).where(table.c.event_id == sa.bindparam("e"), table.c.at_ms == sa.bindparam("a"))
        await session.execute(gone, [{"e": event_id, "a": at} for event_id, at in replaced])
    if points:
        make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        insert = make(table)
        changed = {name: insert.excluded[name] for name in ("figures", "topics", "merged_into", "said_by")}
        merged = insert.on_conflict_do_update(index_elements=["event_id", "at_ms"], set_=changed)
        await session.execute(merged, [point.model_dump() for point in points])


async def forget(session: AsyncSession, before_ms: int, before: datetime) -> int:
    """Delete points before an instant, and what is remembered of events that are gone; returns how many points."""
    gone = await session.execute(sa.delete(CoursePoint).where(col(CoursePoint.at_ms) < before_ms))
    await session.execute(
        sa.delete(StandingRow).where(
            col(StandingRow.updated_at) < before, ~sa.exists().where(col(EventRow.id) == col(StandingRow.event_id))
        )
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


async def count_points(session: AsyncSession, since_ms: int, until_ms: int) -> tuple[int, int]:
    """Return how many events have a course between two instants, and how many points a replay of them reads."""
    query = sa.select(sa.func.count(sa.distinct(col(CoursePoint.event_id))), sa.func.count())
    found = (await session.execute(query.where(*_read(since_ms, until_ms)))).one()
    return int(found[0]), int(found[1])


async def courses(session: AsyncSession, since_ms: int, until_ms: int) -> AsyncIterator[list[Course | list[Point]]]:
    """Give the courses of events that changed between two instants, from their beginning, some events at a time.

    An event that went up in another, or whose topics changed, comes point by point. The others are gathered by the
    database: a row an event instead of a row a point is what makes a replay fast.
    """
    topics, numbers = col(CoursePoint.topics), sa.cast(col(CoursePoint.at_ms), sa.Text) + "," + col(CoursePoint.figures)
    query = (
        sa.select(
            col(CoursePoint.event_id),
            sa.func.count(),
            sa.func.min(topics),
            sa.func.max(topics),
            sa.func.count(col(CoursePoint.merged_into)),
            sa.func.aggregate_strings(numbers, ","),
        )
        .where(*_read(since_ms, until_ms))
        .group_by(col(CoursePoint.event_id))
        .order_by(col(CoursePoint.event_id))
    )
    stream = await session.stream(query.execution_options(yield_per=_BATCH))
    async for rows in stream.partitions():
        mixed = await _points(session, [row[0] for row in rows if row[2] != row[3] or row[4]], until_ms)
        yield [mixed.get(id_) or Course(id_, many, of, gathered) for id_, many, of, _, _, gathered in rows]


async def _points(session: AsyncSession, event_ids: Sequence[str], until_ms: int) -> dict[str, list[Point]]:
    if not event_ids:
        return {}
    query = sa.select(
        col(CoursePoint.event_id),
        col(CoursePoint.at_ms),
        col(CoursePoint.figures),
        col(CoursePoint.topics),
        col(CoursePoint.merged_into),
    ).where(col(CoursePoint.event_id).in_(list(event_ids)), col(CoursePoint.at_ms) <= until_ms)
    found: dict[str, list[Point]] = {}
    for row in await session.execute(query):
        found.setdefault(row[0], []).append(Point(*row))
    return found


async def links(session: AsyncSession, until_ms: int) -> list[tuple[str, str]]:
    """Return which events had gone up in which others by an instant."""
    query = sa.select(col(CoursePoint.event_id), col(CoursePoint.merged_into)).where(
        col(CoursePoint.merged_into).is_not(None), col(CoursePoint.at_ms) <= until_ms
    )
    return [(part, whole) for part, whole in await session.execute(query.distinct()) if whole is not None]


def _read(since_ms: int, until_ms: int) -> tuple[sa.ColumnElement[bool], ...]:
    changed = sa.select(col(CoursePoint.event_id)).where(col(CoursePoint.at_ms).between(since_ms, until_ms))
    return col(CoursePoint.at_ms) <= until_ms, col(CoursePoint.event_id).in_(changed)


# --- what people decided


async def decisions(session: AsyncSession, event_ids: Sequence[str] | None = None) -> dict[str, list[Decision]]:
    """Return what people decided of the levels of some events (None: of all), by event.

    A dismissed alert, a rejected proposal and a case that was not taken up are refusals; a level that was approved is
    settled. The levels above the one that a case was lowered to, or had when its response ended, are refused for good.
    """
    found: dict[str, list[Decision]] = {}
    for event_id, decision in [
        *await _dismissed_alerts(session, event_ids),
        *await _decided_proposals(session, event_ids),
        *await _dismissed_cases(session, event_ids),
        *await _ended_responses(session, event_ids),
    ]:
        found.setdefault(event_id, []).append(decision)
    return found


class _Ranks(NamedTuple):
    to: int
    came_from: int


async def _dismissed_alerts(session: AsyncSession, event_ids: Sequence[str] | None) -> list[tuple[str, Decision]]:
    query = sa.select(
        col(AlertRow.event_id), col(AlertRow.id), col(AlertRow.rank), col(AlertRow.settled_at), col(AlertRow.settled_by)
    ).where(col(AlertRow.status) == AlertStatus.DISMISSED)
    rows = await session.execute(_of(query, col(AlertRow.event_id), event_ids))
    return [(e, Decision(id_, at.timestamp(), by or "", refused=(rank, rank))) for e, id_, rank, at, by in rows]


async def _decided_proposals(session: AsyncSession, event_ids: Sequence[str] | None) -> list[tuple[str, Decision]]:
    query = (
        sa.select(col(CaseRow.event_id), ApprovalRow)
        .join(CaseRow, col(CaseRow.id) == col(ApprovalRow.case_id))
        .where(
            col(CaseRow.event_id).is_not(None),
            col(ApprovalRow.state).in_([ApprovalState.APPROVED, ApprovalState.REJECTED]),
        )
    )
    rows = await session.execute(_of(query, col(CaseRow.event_id), event_ids))
    found = ((event_id, decision_of(approval)) for event_id, approval in rows)
    return [(event_id, decision) for event_id, decision in found if decision is not None]


def decision_of(row: ApprovalRow) -> Decision | None:
    """Return what a decided proposal says of the event's level; None where it says nothing, as a lowering refused."""
    ranks = _Ranks(Level(row.to_level).rank, Level(row.from_level).rank)
    at = row.decided_at or row.proposed_at
    by = str(row.signatures[-1].get("person", "")) if row.signatures else ""
    own = row.proposer_id is not None
    if row.state == ApprovalState.APPROVED:
        lowered = row.kind == ProposalKind.LOWER and ranks.to < ranks.came_from
        refused = (ranks.to + 1, ranks.came_from) if lowered else None
        return Decision(row.id, at.timestamp(), by, refused=refused, settled=ranks.to, own=own, for_good=lowered)
    if row.kind == ProposalKind.LOWER:
        return None
    return Decision(row.id, at.timestamp(), by, refused=(ranks.to, ranks.to), own=own)


async def _dismissed_cases(session: AsyncSession, event_ids: Sequence[str] | None) -> list[tuple[str, Decision]]:
    query = sa.select(col(CaseRow.event_id), col(CaseRow.id), col(CaseRow.level), col(CaseRow.updated_at)).where(
        col(CaseRow.state) == CaseState.DISMISSED, col(CaseRow.event_id).is_not(None), ~col(CaseRow.drill)
    )
    rows = await session.execute(_of(query, col(CaseRow.event_id), event_ids))
    return [
        (event_id, Decision(id_, at.timestamp(), "", refused=(Level(level).rank, Level(level).rank), ends_case=True))
        for event_id, id_, level, at in rows
    ]


async def _ended_responses(session: AsyncSession, event_ids: Sequence[str] | None) -> list[tuple[str, Decision]]:
    query = sa.select(col(CaseRow.event_id), col(CaseRow.id), col(CaseRow.level), col(CaseRow.monitoring_since)).where(
        col(CaseRow.monitoring_since).is_not(None), col(CaseRow.event_id).is_not(None)
    )
    found: list[tuple[str, Decision]] = []
    for event_id, id_, level, since in await session.execute(_of(query, col(CaseRow.event_id), event_ids)):
        rank = Level(level).rank
        refused = (rank + 1, _GRAVEST) if rank < _GRAVEST else None
        ended = Decision(f"{id_}@{since.timestamp()}", since.timestamp(), "", refused=refused, own=True, for_good=True)
        found.append((event_id, ended))
    return found


def _of(query: Any, column: Any, event_ids: Sequence[str] | None) -> Any:
    return query if event_ids is None else query.where(column.in_(list(event_ids)))


# --- what did come


async def open_case_of(session: AsyncSession, event_id: str) -> CaseRow | None:
    """Return an event's open case, to be read."""
    query = sa.select(CaseRow).where(col(CaseRow.open_event_id) == event_id)
    return (await session.execute(query)).scalar_one_or_none()


async def count_alerts(session: AsyncSession, event_id: str, level: Level) -> int:
    """Return how many alerts of a level an event has had."""
    query = sa.select(sa.func.count()).where(col(AlertRow.event_id) == event_id, col(AlertRow.level) == level)
    return int(await session.scalar(query) or 0)


async def alerts_between(session: AsyncSession, since: datetime, until: datetime) -> list[Came]:
    """Return the alerts that were raised between two instants."""
    query = (
        sa.select(
            col(AlertRow.event_id),
            col(AlertRow.rank),
            col(AlertRow.raised_at),
            col(AlertRow.id),
            col(AlertRow.status),
            col(CaseRow.number),
        )
        .join(CaseRow, col(CaseRow.id) == col(AlertRow.case_id), isouter=True)
        .where(col(AlertRow.raised_at).between(since, until))
    )
    rows = await session.execute(query.order_by(col(AlertRow.raised_at), col(AlertRow.id)))
    return [Came(e, rank, at.timestamp(), id_, status, number) for e, rank, at, id_, status, number in rows]


async def cases_between(session: AsyncSession, since: datetime, until: datetime) -> list[CaseCame]:
    """Return the cases of events that were opened between two instants, drills left out."""
    query = sa.select(col(CaseRow.event_id), col(CaseRow.opened_at), col(CaseRow.number), col(CaseRow.automatic)).where(
        col(CaseRow.opened_at).between(since, until), col(CaseRow.event_id).is_not(None), col(CaseRow.drill).is_(False)
    )
    rows = await session.execute(query)
    return [CaseCame(e or "", at.timestamp(), number, bool(auto)) for e, at, number, auto in rows]


async def titles(session: AsyncSession, event_ids: Sequence[str]) -> Mapping[str, str]:
    """Return the titles of events, as far as they or an alert of theirs are still kept."""
    found: dict[str, str] = {}
    for start in range(0, len(event_ids), _IDS):
        some = list(event_ids[start : start + _IDS])
        told = sa.select(col(AlertRow.event_id), col(AlertRow.event_title)).where(col(AlertRow.event_id).in_(some))
        found |= {row[0]: row[1] for row in await session.execute(told)}
        title = sa.cast(col(EventRow.snapshot)["title"].as_string(), sa.Text)
        known = sa.select(col(EventRow.id), title).where(col(EventRow.id).in_(some))
        found |= {row[0]: row[1] for row in await session.execute(known) if row[1]}
    return found
