"""What every use case works with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock
from kit.database import Database
from kit.inbox import Inbox
from kit.outbox import Outbox
from kit.problems import Problem
from kit.runtime import Runtime
from services.cases import store
from services.cases.lifecycle import Refused
from services.cases.models import CaseRow
from services.cases.service.case_file import CaseFile
from services.cases.service.plans import Plans


@dataclass(frozen=True, slots=True)
class Desk:
    """The service's database, clock, outbox, inbox and plans."""

    database: Database
    clock: Clock
    outbox: Outbox
    inbox: Inbox
    plans: Plans

    @classmethod
    def of(cls, runtime: Runtime) -> Desk:
        """Set the desk up on a runtime."""
        plans = Plans(runtime.database, runtime.outbox, runtime.clock)
        return cls(runtime.database, runtime.clock, runtime.outbox, runtime.inbox, plans)

    async def file(self, session: AsyncSession, row: CaseRow) -> CaseFile:
        """Open the file of a locked case."""
        plan = await self.plans.version(session, row.plan_version)
        return CaseFile(session, self.outbox, row, plan, self.clock.now())

    @asynccontextmanager
    async def case(self, case_id: str) -> AsyncIterator[CaseFile]:
        """Give a case to change in one transaction; 404 where there is none, 409 where a rule forbids it."""
        async with self.database.writing() as session:
            row = await store.lock_case(session, case_id)
            if row is None:
                raise missing("case", case_id)
            try:
                yield await self.file(session, row)
            except Refused as refused:
                raise refusal(refused) from refused


def refusal(refused: Refused) -> Problem:
    """Return a rule's refusal as a 409 that names the rule."""
    return Problem(409, f"case.{refused.rule}", zh=refused.zh, en=refused.en, rule=refused.rule)


def missing(what: str, id_: str) -> Problem:
    """Return the 404 of a thing that is not there."""
    names = {
        "case": "处置单",
        "alert": "预警",
        "event": "事件",
        "approval": "审批",
        "task": "任务",
        "statement": "口径",
    }
    return Problem(404, "not-found", zh=f"没有这个{names.get(what, what)}：{id_}", en=f"There is no {what} {id_}")
