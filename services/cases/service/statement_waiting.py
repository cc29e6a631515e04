"""Statements that await approval: reminders, and escalation where the plan escalates, each told once.

The times are those that the plan gives to decisions of the case's level (`approval.waiting`). A text neither lapses nor
goes to deputies: it is its author's to take back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from contracts.words import NotificationKind, Role
from services.cases.approvals import ProposalKind
from services.cases.models import StatementRow
from services.cases.plan.figures import show_duration
from services.cases.plan.schema import ApprovalStep
from services.cases.plan.waiting import Waiting
from services.cases.roles import list_roles
from services.cases.service.actors import PLAN
from services.cases.service.case_file import CaseFile
from services.cases.service.desk import PASS_BATCH, Desk
from services.cases.store import speech
from services.cases.waiting import Overdue, Wait, next_instant, tick

_TAGS: Final = {Overdue.REMINDER: "催办", Overdue.ESCALATION: "审批超时"}


class StatementReminders:
    """Moves the statements that await approval, of all cases, to the present."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def move_on(self) -> int:
        """Say of every statement that waits what there is to say; returns how many things were told."""
        async with self._desk.database.reading() as session:
            due = await speech.cases_with_waiting_statements(session, self._desk.clock.now(), PASS_BATCH)
        return await self._desk.move_each(due, _move_case, "statements")


def begin_to_wait(file: CaseFile, row: StatementRow) -> None:
    """Let a statement that is handed in begin to wait."""
    row.told = []
    row.next_at = next_instant(Wait(file.now), *_rules(file))


def cease_to_wait(row: StatementRow) -> None:
    """Let a statement wait no more: it was decided on, or taken back."""
    row.told, row.next_at = [], None


async def _move_case(file: CaseFile) -> int:
    count = 0
    for row in await speech.statements(file.session, file.row.id):
        if row.next_at is None or row.next_at > file.now or row.submitted_at is None:
            continue
        before = Wait(row.submitted_at, frozenset(Overdue(one) for one in row.told))
        step, rules = _rules(file)
        after, told = tick(before, ProposalKind.LOWER, step, rules, file.now, known=())
        row.told, row.next_at = sorted(str(one) for one in after.told), next_instant(after, step, rules)
        file.session.add(row)
        await file.session.flush()
        for what in told:
            await _tell(file, row, before, what, step, rules)
        count += len(told)
    return count


async def _tell(
    file: CaseFile, row: StatementRow, wait: Wait, what: Overdue, step: ApprovalStep, rules: Waiting
) -> None:
    label = f"口径第 {row.number} 份第 {row.revision} 版"
    text = f"{label}《{row.title}》送审已等待{show_duration(file.now - wait.since)}"
    roles: Iterable[Role] = step.roles
    if what is Overdue.ESCALATION and rules.escalate is not None:
        roles = (*rules.escalate.roles, *step.roles)
        text += f"，上报{list_roles(rules.escalate.roles)}"
    else:
        text += "，请尽快审批"
    told = list(dict.fromkeys(roles))
    await file.enter(
        "decision_overdue",
        text,
        PLAN,
        statement_id=row.id,
        version=row.number,
        revision=row.revision,
        what=str(what),
        roles=[str(role) for role in told],
    )
    await file.notify(
        NotificationKind.DECISION_OVERDUE,
        f"【{_TAGS[what]}】{file.row.number} {label}",
        f"{file.row.title}\n{text}\n起草：{row.author}",
        only=told,
    )


def _rules(file: CaseFile) -> tuple[ApprovalStep, Waiting]:
    """Return who decides on the case's statements, and what of the level's waiting applies to them."""
    approval = file.plan.levels[file.level].approval
    step = approval.steps[-1].model_copy(update={"deputies": None})
    return step, approval.waiting.model_copy(update={"expires_after": None})
