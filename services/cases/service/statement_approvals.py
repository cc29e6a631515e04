"""Statements handed in for approval: decided on by another person, or taken back by who wrote them."""

from __future__ import annotations

from contracts.words import NotificationKind
from kit.problems import Problem
from services.cases.approvals import Decision
from services.cases.lifecycle import Refused
from services.cases.models import StatementRow
from services.cases.plan.statements import StatementKind
from services.cases.service import checking, tasks
from services.cases.service.actors import Actor
from services.cases.service.checks import Check
from services.cases.service.desk import Desk
from services.cases.service.signatories import mandate_of
from services.cases.service.statement_file import StatementFile, changing
from services.cases.service.statement_waiting import begin_to_wait, cease_to_wait
from services.cases.voice.consistency import Finding, blocking


class StatementApprovals:
    """The way of a case's statements from draft to approved."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def submit(self, case_id: str, statement_id: str, actor: Actor, check: Check) -> StatementRow:
        """Hand a draft in for approval."""
        async with changing(self._desk, case_id, statement_id, check, "draft") as held:
            file, row = held.case, held.row
            row.state, row.submitted_at = "submitted", file.now
            begin_to_wait(file, row)
            text = f"提交口径第 {row.number} 份第 {row.revision} 版审批"
            entry = await file.enter(
                "statement_submitted", text, actor, statement_id=row.id, version=row.number, revision=row.revision
            )
            open_ = len(blocking(await checking.found_in(held.case.session, held.row, held.case.now)))
            await file.notify(
                NotificationKind.STATEMENT_SUBMITTED,
                f"【口径待审】{file.row.number} 第 {row.number} 份第 {row.revision} 版",
                f"{row.title}\n起草：{row.author}" + (f"\n一致性核对有 {open_} 处须更正或说明" if open_ else ""),
                also=sorted(file.plan.deciders(file.level)),
            )
            if StatementKind(row.kind) is not StatementKind.QA:
                said = f"口径第 {row.number} 份第 {row.revision} 版已送审（时间线第 {entry} 条）"
                await tasks.met(file, "statement", said, actor)
            return row

    async def recall(self, case_id: str, statement_id: str, reason: str, actor: Actor, check: Check) -> StatementRow:
        """Take a submitted version back: it is a draft again, and whoever was to decide on it is told.

        403 for others than who wrote it; 409 once it has been decided on.
        """
        async with changing(self._desk, case_id, statement_id, check, "submitted") as held:
            file, row = held.case, held.row
            if actor.id != row.author_id:
                raise Problem(
                    403,
                    "statement.not_yours",
                    zh="送审的口径只能由起草人撤回修改；审批人可以退回",
                    en="Only its author takes a submitted text back; an approver may send it back",
                )
            row.state, row.submitted_at = "draft", None
            cease_to_wait(row)
            if reason:
                held.say("recalled", reason, actor)
            text = f"撤回送审的口径第 {row.number} 份第 {row.revision} 版，继续修改" + (f"：{reason}" if reason else "")
            await file.enter(
                "statement_recalled", text, actor, statement_id=row.id, version=row.number, revision=row.revision
            )
            await file.notify(
                NotificationKind.STATEMENT_SUBMITTED,
                f"【送审撤回】{file.row.number} 第 {row.number} 份第 {row.revision} 版",
                f"{row.title}\n{text}，无须审批",
                also=sorted(file.plan.deciders(file.level)),
            )
            return row

    async def decide(
        self,
        case_id: str,
        statement_id: str,
        decision: Decision,
        comment: str,
        actor: Actor,
        check: Check,
        *,
        accept_explanations: bool = False,
    ) -> StatementRow:
        """Approve a submitted version, or send it back to its author with the reason.

        403 where the actor holds none of the roles that decide at the case's level and acts for no holder of one; 409
        where the actor, or whom they act for, wrote it, or where something found in it is neither corrected nor
        explained, or an explanation is not accepted.
        """
        async with changing(self._desk, case_id, statement_id, check, "submitted") as held:
            file, row = held.case, held.row
            mandate = await mandate_of(file, actor)
            if row.author_id in (actor.id, mandate.holder_id if mandate else None):
                raise Refused("two_people", "起草人不能审批自己的口径", "The author cannot approve their own text")
            if decision == "reject" and not comment.strip():
                raise Refused("comment_missing", "退回须说明理由", "A rejection needs its reason")
            found = await checking.found_in(held.case.session, held.row, held.case.now)
            if decision == "approve":
                _settle(found, held, actor, accept=accept_explanations)
            held.version.findings = checking.as_json(found)
            signed = f"{actor.name}（代{mandate.holder}）" if mandate else actor.name
            row.decided_at, row.decided_by, row.comment = file.now, signed, comment
            row.state = "approved" if decision == "approve" else "draft"
            cease_to_wait(row)
            if comment:
                held.say("approved" if decision == "approve" else "returned", comment, actor)
            said = "批准" if decision == "approve" else "退回"
            way = f"（{signed}）" if mandate else ""
            text = f"{said}口径第 {row.number} 份第 {row.revision} 版{way}" + (f"：{comment}" if comment else "")
            await file.enter(
                "statement_approved" if decision == "approve" else "statement_returned",
                text,
                actor,
                statement_id=row.id,
                version=row.number,
                revision=row.revision,
                explained=[item["finding"] for item in held.version.explanations],
                on_behalf_of=mandate.holder if mandate else None,
                delegation_id=mandate.delegation_id if mandate else None,
            )
            return row


def _settle(found: list[Finding], held: StatementFile, actor: Actor, *, accept: bool) -> None:
    """Hold approval up until everything found is corrected, or explained and the explanation accepted."""
    left = checking.unexplained(found, held.version)
    if left:
        raise checking.inconsistent(left)
    waiting = checking.unaccepted(found, held.version)
    if waiting and not accept:
        raise Problem(
            409,
            "case.explanations_not_accepted",
            zh=f"有 {len(waiting)} 处说明待审批人认可：" + "；".join(one.why for one in waiting),
            en=f"{len(waiting)} explanations are yet to be accepted by the approver",
            rule="explanations_not_accepted",
            findings=checking.as_json(waiting),
        )
    accepted = {"accepted_by": actor.name, "accepted_at": held.case.now.isoformat()}
    held.version.explanations = [{**item, **accepted} for item in held.version.explanations]
