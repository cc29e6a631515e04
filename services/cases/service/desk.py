"""What every use case works with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
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

_log = structlog.get_logger(__name__)
#: Cases that a pass takes at once (see :meth:`Desk.move_each`); the rest wait for the next.
PASS_BATCH: Final = 200


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
                file = await self.file(session, row)
                yield file
            except Refused as refused:
                raise refusal(refused) from refused
            if file.unproved:
                raise RuntimeError("a clock was met, but no entry says by what")

    async def move_each(self, due: Iterable[str], act: Callable[[CaseFile], Awaitable[int]], what: str) -> int:
        """Let `act` move each of the cases that are `due`; returns the sum of what it returned.

        Each case is its own transaction, so that one faulty case holds up no other; what fails is logged as a failure
        of the pass `what`, and the first failure is raised at the end.
        """
        moved = 0
        failed: list[Exception] = []
        for case_id in due:
            try:
                async with self.case(case_id) as file:
                    moved += await act(file)
            except Exception as error:
                failed.append(error)
                _log.warning("pass.case_failed", what=what, case_id=case_id, error=str(error).split("\n")[0])
        if failed:
            raise failed[0]
        return moved


def refusal(refused: Refused) -> Problem:
    """Return a rule's refusal as a 409 that names the rule and all that is missing; 403 where the caller's role is."""
    status = 403 if any(lack.rule == "role_missing" for lack in refused.lacks) else 409
    more: dict[str, Any] = {"missing": [lack.as_json() for lack in refused.lacks]} if refused.lacks else {}
    return Problem(status, f"case.{refused.rule}", zh=refused.zh, en=refused.en, rule=refused.rule, **more)


def missing(what: str, id_: str) -> Problem:
    """Return the 404 of a thing that is not there."""
    names = {
        "case": "处置单",
        "alert": "预警",
        "event": "事件",
        "approval": "审批",
        "task": "任务",
        "statement": "口径",
        "statement version": "口径版本",
        "statement template": "口径模板",
        "finding": "核对结果",
        "fact": "已确认事实",
        "participant": "参与单位或人员",
        "consultation": "会商",
        "conclusion": "会商结论",
        "information": "传递的信息",
        "media_contact": "媒体联络记录",
        "press_conference": "新闻发布会",
        "question": "问答",
        "handover": "交接班记录",
        "delegation": "授权代理",
        "clock": "时限",
        "correction": "更正请求",
        "concern": "诉求",
        "aftercare": "善后关注记录",
        "review": "总结评估",
    }
    return Problem(404, "not-found", zh=f"没有这个{names.get(what, what)}：{id_}", en=f"There is no {what} {id_}")
