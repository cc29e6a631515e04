"""Whom the plan's notification matrix names, shown without anybody being told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Level, NotificationKind
from services.cases import store
from services.cases.models import CaseRow, EventRow, ParticipantRow
from services.cases.plan import Plan
from services.cases.service.desk import Desk, missing
from services.cases.service.notices import MatrixNotice, told_by_plan, with_subscribers
from services.cases.store import work


@dataclass(frozen=True, slots=True)
class PlanNotices:
    """Whom a version of the plan names for a kind at a level, row by row of its matrix."""

    version: str
    kind: NotificationKind
    level: Level
    notices: list[MatrixNotice]


class Matrix:
    """Reads the plan's notification matrix."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def of_plan(
        self, version: str | None, kind: NotificationKind, level: Level, topics: Sequence[str]
    ) -> PlanNotices:
        """Return whom a version of the plan names (None: the one in force); 404 for an unknown one."""
        async with self._desk.database.reading() as session:
            plan = await (self._desk.plans.version(session, version) if version else self._desk.plans.in_force(session))
        return _named(plan, kind, level, (), topics)

    async def of_case(self, case_id: str, kind: NotificationKind, level: Level | None) -> PlanNotices:
        """Return whom the plan of a case names, at its level unless one is given; 404 for an unknown case."""
        async with self._desk.database.reading() as session:
            row = await session.get(CaseRow, case_id)
            if row is None:
                raise missing("case", case_id)
            plan = await self._desk.plans.version(session, row.plan_version)
            present = await work.participants(session, row.id)
            topics = await _topics(session, row.event_id)
        return _named(plan, kind, level or Level(row.level), present, topics)

    async def of_alert(self, alert_id: str, kind: NotificationKind, level: Level | None) -> PlanNotices:
        """Return whom the plan in force names about an alert, at its level unless one is given; 404 where unknown."""
        async with self._desk.database.reading() as session:
            row = await store.alert(session, alert_id)
            if row is None:
                raise missing("alert", alert_id)
            plan = await self._desk.plans.in_force(session)
            present = await work.participants(session, row.case_id) if row.case_id else []
            topics = await _topics(session, row.event_id)
        return _named(plan, kind, level or Level(row.level), present, topics)


def _named(
    plan: Plan, kind: NotificationKind, level: Level, present: Sequence[ParticipantRow], topics: Sequence[str]
) -> PlanNotices:
    rows = told_by_plan(plan, kind, level, present)
    audiences = with_subscribers([row.audience for row in rows], topics)
    if audiences and not rows:
        return PlanNotices(plan.version, kind, level, [MatrixNotice(None, "", audiences[0])])
    told = [replace(row, audience=audience) for row, audience in zip(rows, audiences, strict=True)]
    return PlanNotices(plan.version, kind, level, told)


async def _topics(session: AsyncSession, event_id: str | None) -> Sequence[str]:
    event = await session.get(EventRow, event_id) if event_id else None
    return event.snapshot.get("topics", ()) if event is not None else ()
