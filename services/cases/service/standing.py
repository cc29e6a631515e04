"""How a case stands: what is owed by whom and until when, for the command's page and the note of a hand-over."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import CaseState, ClockKind, Level, Role, WatchMode
from services.cases import store
from services.cases.handover import Owed, Standing
from services.cases.labels import CLOCK_NAMES, STATE_NAMES
from services.cases.lifecycle import WORKING
from services.cases.models import CaseRow, ConferenceRow, CorrectionRow
from services.cases.numbering import show_time
from services.cases.participation import body_name, departments_are_wanted
from services.cases.plan import Plan
from services.cases.plan.schema import ROMAN
from services.cases.store import work
from services.cases.tasks import OWED

#: Entries of the timeline that a note of a hand-over repeats.
_NEWS = 8
#: Kinds of entry that are no news: each follows from another.
_NO_NEWS = ("notice_failed", "acknowledged", "clock_warning", "escalated", "escalation_taken")


async def standing(session: AsyncSession, plan: Plan, row: CaseRow) -> Standing:
    """Return how a case stands."""
    watch = "24小时监控中" if row.watch_mode == WatchMode.SURGE else "日常监测"
    level = plan.level_name(Level(row.level)) + ("" if row.level_active else "（待批准启动）")
    receipts = [one for one in await work.receipts(session, row.id) if one.acknowledged_at is None]
    tasks = [task for task in await store.tasks(session, row.id) if task.state in OWED]
    by_receipt = {receipt.task_id for receipt in receipts}
    news = [entry for entry in await work.last_entries(session, row.id, 4 * _NEWS) if entry.kind not in _NO_NEWS]
    return Standing(
        number=row.number,
        title=row.title,
        state=STATE_NAMES[CaseState(row.state)],
        level=level,
        watch=watch,
        tasks=[
            Owed(task.title, body_name(plan, task.role, task.unit, task.person), task.due_at)
            for task in tasks
            if task.id not in by_receipt
        ],
        clocks=[
            Owed(CLOCK_NAMES[clock.kind], "", clock.due_at)
            for clock in await store.clocks(session, row.id)
            if clock.is_open and clock.kind is not ClockKind.TASK
        ],
        decisions=await decisions(session, plan, row),
        replies=[
            Owed("签收传递的信息", body_name(plan, task.role, task.unit), task.due_at)
            for task in tasks
            if task.id in by_receipt
        ],
        news=[(entry.at, json.loads(entry.body)["text"]) for entry in news[:_NEWS]],
    )


async def decisions(session: AsyncSession, plan: Plan, row: CaseRow) -> list[Owed]:
    """Return the decisions that a case waits for: departments to be named, a proposed level, texts and letters."""
    found: list[Owed] = []
    present = [one.role for one in await work.participants(session, row.id, present=True)]
    if CaseState(row.state) in WORKING and departments_are_wanted(plan, Level(row.level), present):
        found.append(Owed("确定参与部门", body_name(plan, Role.OFFICE)))
    pending = await store.pending_approval(session, row.id)
    if pending is not None:
        found.append(Owed(f"{ROMAN[Level(pending.to_level)]}级响应的审批（{show_time(pending.proposed_at)} 提出）"))
    said = await store.statements(session, row.id)
    found += [Owed(f"口径第 {one.number} 版《{one.title}》的审批") for one in said if one.state == "submitted"]
    requests: Sequence[CorrectionRow] = await work.all_of(session, CorrectionRow, row.id)
    found += [Owed(f"更正请求（{one.outlet}）的审批") for one in requests if one.state == "submitted"]
    return found


async def conference_of(session: AsyncSession, case_id: str) -> ConferenceRow | None:
    """Return the press conference that the case goes by: the latest that was not cancelled."""
    rows = [row for row in await work.all_of(session, ConferenceRow, case_id) if row.state != "cancelled"]
    return rows[-1] if rows else None
