"""Levels of a case: proposed by the machine or a person, decided by the approval chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.messages import Reason
from contracts.words import CaseState, ClockKind, Level, NotificationKind
from kit.ids import new_id
from kit.problems import Problem
from services.cases import clocks, store
from services.cases.approvals import (
    ApprovalState,
    Decision,
    ProposalKind,
    Signature,
    chain_for,
    first_step,
    kind_of,
    sign,
)
from services.cases.lifecycle import STATE_NAMES, Refused
from services.cases.models import ApprovalRow
from services.cases.plan.schema import ROMAN, Approval
from services.cases.service.actors import MACHINE, PLAN, Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.command import ask_for_departments, form
from services.cases.service.desk import Desk, missing
from services.cases.service.signatories import Standing, settle
from services.cases.service.tasks import add_playbook
from services.cases.service.watching import begin_by_rule, end_by_rule

KIND_NAMES = {ProposalKind.ACTIVATE: "启动", ProposalKind.RAISE: "提升至", ProposalKind.LOWER: "降为"}
_SETTLED = (CaseState.CLOSED, CaseState.DISMISSED)


async def propose(
    file: CaseFile, level: Level, actor: Actor, reason: str, reasons: Sequence[Reason] = ()
) -> ApprovalRow:
    """Propose a level. A raise starts the graver level's clocks at once, until it is decided (fail safe).

    A graver proposal takes the place of one that is pending; any other is refused while one is. Raises
    :class:`Refused`.
    """
    row = file.row
    if file.state in _SETTLED:
        name = STATE_NAMES[file.state]
        raise Refused("case_settled", f"处置单已{name}，不能变更级别", f"The case is {file.state}; its level stays")
    kind = kind_of(file.level, row.level_active, level)
    pending = await store.pending_approval(file.session, row.id)
    if pending is not None:
        if level.rank <= Level(pending.to_level).rank:
            raise Refused(
                "proposal_pending",
                f"已有待审批的级别建议（{ROMAN[Level(pending.to_level)]}级），请先审批",
                f"A proposal of level {pending.to_level} awaits its decision; decide on it first",
            )
        settle(pending, ApprovalState.SUPERSEDED, file.now)
        file.session.add(pending)
        await file.session.flush()
    approval = chain_for(file.plan, file.level, row.level_active, level)
    step = first_step(approval, actor.id, actor.roles)
    signatures = [_request(approval, actor, file.now.isoformat(), reason)] if step else []
    lowering = kind is ProposalKind.LOWER and row.level_active
    proposal = ApprovalRow(
        id=new_id(),
        case_id=row.id,
        kind=kind,
        from_level=file.level,
        to_level=level,
        chain_level=file.level if lowering else level,
        state=ApprovalState.PENDING,
        seat="pending",
        step=step,
        proposer_id=actor.id,
        proposer=actor.name,
        reason=reason,
        reasons=[item.model_dump(mode="json") for item in reasons],
        signatures=[signature.as_json() for signature in signatures],
        proposed_at=file.now,
    )
    standing = await Standing.of(file, proposal)
    standing.begin_to_wait()
    file.session.add(proposal)
    if kind is ProposalKind.RAISE:
        ids = {each: new_id() for each in ClockKind}
        superseded = pending.id if pending is not None else None
        changed = clocks.raise_level(
            await file.clocks(), file.plan, level, file.now, proposal.id, ids, superseded=superseded
        )
        await file.save(changed)
    await file.enter(
        "level_proposed",
        f"建议{what_is_proposed(file, proposal)}：{reason}",
        actor,
        approval_id=proposal.id,
        kind=str(kind),
        from_level=proposal.from_level,
        to_level=proposal.to_level,
        supersedes=pending.id if pending is not None else None,
    )
    await _tell_of_step(file, standing)
    return proposal


def what_is_proposed(file: CaseFile, proposal: ApprovalRow) -> str:
    """Return what a proposal is of, as officers read it: `提升至Ⅱ级（重大或较大）`."""
    return f"{KIND_NAMES[ProposalKind(proposal.kind)]}{file.plan.level_name(Level(proposal.to_level))}"


def _request(approval: Approval, actor: Actor, at: str, reason: str) -> Signature:
    role = sorted(actor.roles & set(approval.steps[0].roles))[0]
    return Signature(0, actor.id or "", actor.name, role, "approve", at, reason)


async def _tell_of_step(file: CaseFile, standing: Standing) -> None:
    proposal, step = standing.row, standing.step
    asked = "请示" if step.kind == "request" else "审批"
    acting = standing.acting()
    delegated = f"\n受委托代签：{'、'.join(acting)}" if acting else ""
    await file.notify(
        NotificationKind.LEVEL_PROPOSED,
        f"【待{asked}】{file.row.number} {what_is_proposed(file, proposal)}",
        f"{file.row.title}\n提出：{proposal.proposer}\n理由：{proposal.reason}{delegated}",
        level=Level(proposal.to_level),
        also=[*step.roles, *standing.approval.informed],
    )


class Levels:
    """Proposals and decisions as people make them over HTTP."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def propose(self, case_id: str, level: Level, reason: str, actor: Actor, check: Any) -> ApprovalRow:
        """Propose a level for a case; `check(file)` may refuse a stale caller."""
        async with self._desk.case(case_id) as file:
            check(file)
            return await propose(file, level, actor, reason)

    async def decide(
        self, case_id: str, approval_id: str, decision: Decision, comment: str, actor: Actor, check: Any
    ) -> ApprovalRow:
        """Sign the step that a proposal stands at, and carry its outcome out.

        404 where the case has no such proposal, 403 where the step belongs to other roles, 409 where it is decided
        already or two people are wanted.
        """
        async with self._desk.case(case_id) as file:
            check(file)
            proposal = await file.session.get(ApprovalRow, approval_id)
            if proposal is None or proposal.case_id != case_id:
                raise missing("approval", approval_id)
            if proposal.state != ApprovalState.PENDING:
                raise Refused("already_decided", "该建议已有结论", "The proposal has been decided already")
            standing = await Standing.of(file, proposal)
            approval = standing.approval
            state, signature = _sign(standing, file, decision, comment, actor)
            proposal.signatures = [*proposal.signatures, signature.as_json()]
            step = proposal.step
            if state is ApprovalState.PENDING:
                proposal.step += 1
                standing.begin_to_wait()
            else:
                settle(proposal, state, file.now)
            file.session.add(proposal)
            await file.session.flush()
            await _enter_decision(file, proposal, approval, step, signature, actor)
            if state is ApprovalState.PENDING:
                await _tell_of_step(file, standing)
            elif state is ApprovalState.APPROVED:
                await _carry_out(file, proposal, approval)
            else:
                await _undo(file, proposal)
            return proposal


def _sign(
    standing: Standing, file: CaseFile, decision: Decision, comment: str, actor: Actor
) -> tuple[ApprovalState, Signature]:
    try:
        return sign(
            standing.approval,
            standing.row.step,
            standing.signatures,
            proposer_id=standing.row.proposer_id,
            person_id=actor.id or "",
            person=actor.name,
            roles=actor.roles,
            decision=decision,
            at=file.now.isoformat(),
            comment=comment,
            mandates=standing.mandates(actor.id or ""),
            stand_ins=standing.stand_ins,
        )
    except Refused as refused:
        if refused.rule != "not_your_step":
            raise
        raise Problem(
            403,
            "approval.role",
            zh=refused.zh,
            en=refused.en,
            roles=[str(role) for role in (*standing.step.roles, *standing.stand_ins)],
        ) from refused


async def _enter_decision(
    file: CaseFile, proposal: ApprovalRow, approval: Approval, step: int, signature: Signature, actor: Actor
) -> None:
    requests = approval.steps[step].kind == "request"
    said = "不同意" if signature.decision == "reject" else "已请示" if requests else "批准"
    way = f"（{signature.signed}）" if signature.holder else "（代行审批）" if signature.deputy else ""
    comment = f"：{signature.comment}" if signature.comment else ""
    await file.enter(
        "level_decided" if proposal.state != ApprovalState.PENDING else "level_requested",
        f"{said}{what_is_proposed(file, proposal)}{way}{comment}",
        actor,
        approval_id=proposal.id,
        step=step,
        role=str(signature.role),
        decision=signature.decision,
        state=proposal.state,
        on_behalf_of=signature.holder,
        delegation_id=signature.delegation_id,
        deputy=signature.deputy,
    )


async def _carry_out(file: CaseFile, proposal: ApprovalRow, approval: Approval) -> None:
    level, left = Level(proposal.to_level), file.level
    file.row.level, file.row.level_active = level, True
    if proposal.kind == ProposalKind.LOWER:
        await file.save(clocks.lower_level(await file.clocks(), file.plan, level, file.now))
    await file.enter(
        "level_changed",
        _what_has_changed(file, ProposalKind(proposal.kind), left),
        PLAN,
        from_level=str(left),
        to_level=str(level),
        approval_id=proposal.id,
    )
    await form(file)
    await ask_for_departments(file)
    if proposal.kind == ProposalKind.RAISE:
        await add_playbook(file, level, file.now)
    chain = file.plan.levels[level].chain
    lead = "、".join(role_name(file, role) for role in chain.lead)
    executors = "、".join(role_name(file, role) for role in chain.executors)
    body = f"{file.row.title}\n领导：{lead}\n执行：{executors}\n{file.plan.levels[level].text}"
    subject = f"【{file.plan.level_name(level)}响应】{file.row.number}"
    graver = max(level, left, key=lambda one: one.rank)
    await file.notify(NotificationKind.LEVEL_CHANGED, subject, body, level=graver, also=approval.informed)
    await begin_by_rule(file, f"{file.plan.level_name(level)}响应")
    await end_by_rule(file)


async def _undo(file: CaseFile, proposal: ApprovalRow) -> None:
    if proposal.kind == ProposalKind.RAISE:
        await file.save(clocks.restore(await file.clocks(), proposal.id, file.now))
        if not file.row.level_active:
            # the raise had taken the place of the case's own activation, which is still to be decided
            await propose(file, file.level, MACHINE, "提升未获批准，恢复原级别的启动建议")


def _what_has_changed(file: CaseFile, kind: ProposalKind, left: Level) -> str:
    now = file.plan.level_name(file.level)
    if kind is ProposalKind.ACTIVATE or left is file.level:
        return f"{now}响应已启动"
    return f"响应级别由{file.plan.level_name(left)}{KIND_NAMES[kind]}{now}"


def role_name(file: CaseFile, role: str) -> str:
    """Return what the plan calls a role."""
    return next((holder.name for holder in file.plan.organisation.roles if holder.role == role), str(role))
