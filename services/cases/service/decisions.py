"""The pass over proposals that wait: reminders, deputies, escalation and expiry, each told once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from contracts.words import Level, NotificationKind, Role
from services.cases import store
from services.cases.approvals import ApprovalState, ProposalKind
from services.cases.models import ApprovalRow
from services.cases.plan.figures import show_duration
from services.cases.service.actors import MACHINE, PLAN
from services.cases.service.case_file import CaseFile
from services.cases.service.desk import PASS_BATCH, Desk
from services.cases.service.levels import propose, what_is_proposed
from services.cases.service.signatories import Standing, settle, wait_of
from services.cases.store import decisions as waiting
from services.cases.waiting import Overdue, Wait, tick


class Decisions:
    """Moves the proposals of all cases to the present."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def move_on(self) -> int:
        """Say of every proposal that waits what there is to say; returns how many things were told."""
        now = self._desk.clock.now()
        async with self._desk.database.reading() as session:
            due = await waiting.cases_with_due_decisions(session, now, PASS_BATCH)
        return await self._desk.move_each(due, _move_case, "decisions")


async def _move_case(file: CaseFile) -> int:
    row = await store.pending_approval(file.session, file.row.id)
    if row is None or row.next_at is None or row.next_at > file.now:
        return 0  # another replica was here first
    standing = await Standing.of(file, row)
    known = [holder.role for holder in file.plan.organisation.roles]
    before = wait_of(row)
    kind, step = ProposalKind(row.kind), standing.step
    after, told = tick(
        before, kind, step, standing.approval.waiting, file.now, known=known, vacant_from=standing.vacant_from
    )
    standing.keep(after)
    file.session.add(row)
    await file.session.flush()
    for what in told:
        await _SAY[what](file, standing, before, after)
    if Overdue.EXPIRY in told and kind is ProposalKind.LOWER:
        await _lapse(file, row)
    return len(told)


async def _remind(file: CaseFile, standing: Standing, before: Wait, after: Wait) -> None:
    text = f"{_what(file, standing)}已等待{_long(file, before)}，请尽快审批"
    await _enter(file, standing, Overdue.REMINDER, text, (*standing.step.roles, *after.climbed), "催办")


async def _call_deputies(file: CaseFile, standing: Standing, before: Wait, _after: Wait) -> None:
    deputies = standing.step.deputies
    assert deputies is not None
    vacant = standing.vacant_from
    why = "无人在岗" if vacant is not None and vacant <= file.now else f"已等待{_long(file, before)}"
    text = f"{_what(file, standing)}{why}，可由{_named(file, deputies.roles)}代行审批"
    await _enter(file, standing, Overdue.DEPUTIES, text, deputies.roles, "代行审批")


async def _escalate(file: CaseFile, standing: Standing, before: Wait, _after: Wait) -> None:
    rule = standing.approval.waiting.escalate
    assert rule is not None
    text = f"{_what(file, standing)}已等待{_long(file, before)}，上报{_named(file, rule.roles)}"
    await _enter(file, standing, Overdue.ESCALATION, text, (*rule.roles, *standing.step.roles), "审批超时")


async def _expire(file: CaseFile, standing: Standing, before: Wait, after: Wait) -> None:
    if standing.row.kind == ProposalKind.LOWER:
        return  # said as it lapses
    higher = after.climbed[len(before.climbed) :]
    what = f"{_what(file, standing)}已等待{_long(file, before)}，逾期未批"
    if higher:
        text = f"{what}；建议继续有效，提请{_named(file, higher)}审批"
    else:
        text = f"{what}；建议继续有效，已无更高角色可提请"
    roles = (*higher, *standing.step.roles, *before.climbed)
    await _enter(file, standing, Overdue.EXPIRY, text, roles, "逾期未批")


_SAY: Final = {
    Overdue.REMINDER: _remind,
    Overdue.DEPUTIES: _call_deputies,
    Overdue.ESCALATION: _escalate,
    Overdue.EXPIRY: _expire,
}


async def _lapse(file: CaseFile, row: ApprovalRow) -> None:
    """Let a lowering on which nobody decided lapse: the higher level stays."""
    settle(row, ApprovalState.LAPSED, file.now)
    file.session.add(row)
    await file.session.flush()
    text = f"{what_is_proposed(file, row)}的建议逾期未批，自行失效，级别不变"
    await file.enter("level_lapsed", text, PLAN, approval_id=row.id, state=row.state)
    roles = standing_roles(file, row)
    await file.notify(
        NotificationKind.DECISION_OVERDUE,
        f"【建议失效】{file.row.number} {what_is_proposed(file, row)}",
        f"{file.row.title}\n{text}",
        level=Level(row.chain_level),
        also=roles,
    )
    if not file.row.level_active:
        await propose(file, file.level, MACHINE, "降级建议失效，恢复原级别的启动建议")


def standing_roles(file: CaseFile, row: ApprovalRow) -> list[Role]:
    """Return everybody who has a part in a proposal's chain."""
    approval = file.plan.levels[Level(row.chain_level)].approval
    return list(dict.fromkeys(role for step in approval.steps for role in step.roles))


async def _enter(file: CaseFile, standing: Standing, what: Overdue, text: str, roles: Iterable[Role], tag: str) -> None:
    told = list(dict.fromkeys(roles))
    row = standing.row
    await file.enter(
        "decision_overdue",
        text,
        PLAN,
        approval_id=row.id,
        what=str(what),
        step=row.step,
        roles=[str(role) for role in told],
    )
    level = max(Level(row.to_level), Level(row.from_level), key=lambda one: one.rank)
    await file.notify(
        NotificationKind.DECISION_OVERDUE,
        f"【{tag}】{file.row.number} {what_is_proposed(file, row)}",
        f"{file.row.title}\n{text}\n提出：{row.proposer}\n理由：{row.reason}",
        level=level,
        only=told,
    )


def _what(file: CaseFile, standing: Standing) -> str:
    asked = "请示" if standing.step.kind == "request" else "审批"
    return f"{what_is_proposed(file, standing.row)}的{asked}"


def _long(file: CaseFile, wait: Wait) -> str:
    return show_duration(file.now - wait.since)


def _named(file: CaseFile, roles: Iterable[Role]) -> str:
    names = {holder.role: holder.name for holder in file.plan.organisation.roles}
    return "、".join(names.get(role, str(role)) for role in dict.fromkeys(roles))
