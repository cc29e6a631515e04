"""Correction requests (clause 五(三)1): written, approved by two people, sent by a person, and followed up."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from contracts.words import NotificationKind, Role
from kit.ids import new_id
from kit.problems import FieldError, Problem
from services.cases.approvals import Decision
from services.cases.corrections.asking import Asking, Evidence, Fault, faults
from services.cases.corrections.letter import list_evidence, write
from services.cases.corrections.signing import WANTED, Signature, sign
from services.cases.lifecycle import Refused
from services.cases.models import CorrectionRow, StatementRow
from services.cases.numbering import show_date
from services.cases.roles import ROLE_NAMES
from services.cases.service import tasks
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.changing import changing
from services.cases.service.checks import Check, must_be_open, must_have_been
from services.cases.service.desk import Desk, missing
from services.cases.store import aftermath as stored
from services.cases.store import case_facts

#: States as officers call them.
STATE_NAMES: Final = {
    "draft": "草稿",
    "submitted": "待审批",
    "approved": "已批准待发函",
    "sent": "已发函待答复",
    "settled": "已有结果",
    "withdrawn": "已撤回",
}
#: Outcomes as officers call them.
OUTCOME_NAMES: Final = {
    "corrected": "已更正",
    "clarified": "已作说明",
    "refused": "拒绝更正",
    "no_answer": "逾期未答复",
}
Outcome = Literal["corrected", "clarified", "refused", "no_answer"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A request as somebody hands it in. The fact is a text with its source, a confirmed fact of the case, or what a
    published statement says."""

    outlet: str
    url: str
    claim: str
    evidence: list[Evidence]
    title: str = ""
    fact: str = ""
    fact_source: str = ""
    fact_id: str | None = None
    statement_id: str | None = None
    note: str = ""


class Corrections:
    """The correction requests of cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def draft(self, case_id: str, draft: Draft, actor: Actor, check: Check) -> CorrectionRow:
        """Write a request; 422 or 409 with every reason why it cannot be one."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            written = await _written(file, draft)
            before = await stored.corrections(file.session, case_id)
            number = before[0].number + 1 if before else 1
            row = CorrectionRow(
                id=new_id(),
                case_id=case_id,
                number=number,
                state="draft",
                author=actor.name,
                writers=[actor.id or ""],
                signatures=[],
                created_at=file.now,
                **written,
            )
            file.session.add(row)
            await file.session.flush()
            text = f"起草更正请求 {number}：{row.outlet}称“{row.claim}”"
            await file.enter("correction_drafted", text, actor, correction_id=row.id, number=number)
            return row

    async def change(self, case_id: str, correction_id: str, draft: Draft, actor: Actor, check: Check) -> CorrectionRow:
        """Write a draft anew; whoever does is one of its writers."""
        async with self._changing(case_id, correction_id, check, "draft") as (file, row):
            for name, value in (await _written(file, draft)).items():
                setattr(row, name, value)
            row.writers = sorted({*row.writers, actor.id or ""})
            text = f"修改更正请求 {row.number}：{row.outlet}称“{row.claim}”"
            await file.enter("correction_changed", text, actor, correction_id=row.id, number=row.number)
            return row

    async def submit(self, case_id: str, correction_id: str, actor: Actor, check: Check) -> CorrectionRow:
        """Hand a draft in for the approval of two people."""
        async with self._changing(case_id, correction_id, check, "draft") as (file, row):
            row.state, row.submitted_at, row.signatures = "submitted", file.now, []
            await file.enter(
                "correction_submitted",
                f"提交更正请求 {row.number} 审批（须两人批准）",
                actor,
                correction_id=row.id,
                number=row.number,
            )
            await file.notify(
                NotificationKind.CORRECTION_SUBMITTED,
                f"【更正请求待审】{file.row.number} 第 {row.number} 件",
                f"{row.outlet}（{row.url}）\n所指说法：{row.claim}\n官方事实：{row.fact}（{row.fact_source}）\n起草：{row.author}",
                also=file.plan.corrections.approvers.roles,
            )
            return row

    async def decide(
        self, case_id: str, correction_id: str, decision: Decision, comment: str, actor: Actor, check: Check
    ) -> CorrectionRow:
        """Approve a request, or send it back; with the second approval its letter is written.

        403 where the actor holds none of the approvers' roles, 409 where they wrote or signed it already.
        """
        async with self._changing(case_id, correction_id, check, "submitted") as (file, row):
            approvers = file.plan.corrections.approvers
            earlier = [Signature.of_json(one) for one in row.signatures]
            try:
                signature = sign(
                    earlier,
                    writers=row.writers,
                    approvers=approvers.roles,
                    weighty=approvers.one_of,
                    person_id=actor.id or "",
                    person=actor.name,
                    roles=actor.roles,
                    decision=decision,
                    at=file.now.isoformat(),
                    comment=comment,
                )
            except Refused as refused:
                if refused.rule != "not_an_approver":
                    raise
                raise Problem(403, "correction.role", zh=refused.zh, en=refused.en, rule=refused.rule) from refused
            row.signatures = [*row.signatures, signature.as_json()]
            said = f"：{comment}" if comment else ""
            if decision == "reject":
                row.state = "draft"
                kind, text = "correction_returned", f"退回更正请求 {row.number}{said}"
            elif len(row.signatures) < WANTED:
                kind, text = "correction_signed", f"批准更正请求 {row.number}（第 1 人，还须 1 人）{said}"
            else:
                row.state, row.approved_at = "approved", file.now
                row.letter = _letter(file, row)
                row.remind_at = file.now + file.plan.corrections.answer_within.within
                kind, text = "correction_approved", f"更正请求 {row.number} 已获两人批准，更正函已生成，由人发出{said}"
            await file.enter(
                kind, text, actor, correction_id=row.id, number=row.number, role=str(signature.role), decision=decision
            )
            if row.state != "submitted":
                await file.notify(
                    NotificationKind.CASE_CHANGED,
                    f"【更正请求】{file.row.number} 第 {row.number} 件",
                    text,
                    only=charged(file),
                )
            return row

    async def sent(
        self, case_id: str, correction_id: str, *, at: datetime | None, way: str, to: str, actor: Actor, check: Check
    ) -> CorrectionRow:
        """Record that a person has sent the letter. Nothing is sent by the machine."""
        async with self._changing(case_id, correction_id, check, "approved") as (file, row):
            when = at or file.now
            must_have_been("at", when, file.now)
            if row.approved_at is not None and when < row.approved_at:
                raise Refused("sent_before_approval", "发函时间早于批准时间", "The letter was sent before its approval")
            row.state, row.sent_at, row.sent_by, row.sent_way, row.sent_to = "sent", when, actor.name, way, to
            row.remind_at = when + file.plan.corrections.answer_within.within
            text = f"更正函 {row.number} 已由{actor.name}以{way}送{to}（{row.outlet}）"
            entry = await file.enter(
                "correction_sent",
                text,
                actor,
                correction_id=row.id,
                number=row.number,
                way=way,
                to=to,
                at=when.isoformat(),
            )
            await tasks.met(file, "correction", f"更正函 {row.number} 已送{row.outlet}（时间线第 {entry} 条）", actor)
            return row

    async def settle(
        self,
        case_id: str,
        correction_id: str,
        outcome: Outcome,
        *,
        answer: str,
        published_url: str,
        actor: Actor,
        check: Check,
    ) -> CorrectionRow:
        """Record what came of a request. A later outcome takes the place of an earlier one; both stay in the timeline.

        A correction that was promised but has no address yet is asked after until it has one.
        """
        async with self._changing(case_id, correction_id, check, "sent", "settled") as (file, row):
            within = file.plan.corrections.answer_within.within
            assert row.sent_at is not None
            if outcome == "no_answer" and file.now < row.sent_at + within:
                raise Refused(
                    "answer_still_due",
                    f"答复期限未到（发函后 {within.days} 天），不能记为未答复",
                    f"The outlet has {within.days} days to answer",
                )
            if outcome != "no_answer" and not answer.strip():
                raise Refused("outcome_missing", "须写明对方如何答复", "Say what the outlet answered")
            row.state, row.outcome, row.outcome_at = "settled", outcome, file.now
            row.answer, row.published_url = answer, published_url
            promised = outcome in ("corrected", "clarified") and not published_url
            row.remind_at = file.now + within if promised else None
            where = f"，刊于 {published_url}" if published_url else "，尚未见刊发" if promised else ""
            text = f"更正请求 {row.number}（{row.outlet}）：{OUTCOME_NAMES[outcome]}{where}" + (
                f"。{answer}" if answer else ""
            )
            await file.enter(
                "correction_settled", text, actor, correction_id=row.id, number=row.number, outcome=outcome
            )
            return row

    async def withdraw(
        self, case_id: str, correction_id: str, reason: str, actor: Actor, check: Check
    ) -> CorrectionRow:
        """Withdraw a request with the reason; whoever has the letter is told so by people."""
        wanted = ("draft", "submitted", "approved", "sent", "settled")
        async with self._changing(case_id, correction_id, check, *wanted) as (file, row):
            told = "（更正函已发出，须由发函人告知对方）" if row.sent_at else ""
            row.state, row.withdrawn_at, row.reason, row.remind_at = "withdrawn", file.now, reason, None
            text = f"撤回更正请求 {row.number}：{reason}{told}"
            await file.enter("correction_withdrawn", text, actor, correction_id=row.id, number=row.number)
            return row

    def _changing(
        self, case_id: str, correction_id: str, check: Check, *wanted: str
    ) -> AbstractAsyncContextManager[tuple[CaseFile, CorrectionRow]]:
        async def find(file: CaseFile) -> CorrectionRow:
            check(file)
            row = await stored.correction(file.session, case_id, correction_id)
            if row is None:
                raise missing("correction", correction_id)
            return row

        def refusal(row: CorrectionRow) -> Refused:
            names = "、".join(STATE_NAMES[one] for one in wanted)
            return Refused(
                "correction_state",
                f"更正请求为“{STATE_NAMES[row.state]}”，此操作要求“{names}”",
                f"The request is {row.state}; this step needs it {' or '.join(wanted)}",
            )

        return changing(self._desk, case_id, find, wanted, refusal)


async def _written(file: CaseFile, draft: Draft) -> dict[str, Any]:
    """Return a request's columns; raises the problem that names everything which is wrong with it."""
    fact, source = await _fact(file, draft)
    asked = Asking(
        outlet=draft.outlet,
        url=draft.url,
        claim=draft.claim,
        evidence=draft.evidence,
        fact=fact,
        fact_source=source,
        title=draft.title,
        note=draft.note,
    )
    found = faults(asked)
    if found:
        raise _refusal(found)
    return {
        "outlet": draft.outlet,
        "title": draft.title,
        "url": draft.url,
        "claim": draft.claim,
        "evidence": [one.as_json() for one in draft.evidence],
        "fact": fact,
        "fact_source": source,
        "fact_id": draft.fact_id,
        "statement_id": draft.statement_id,
        "note": draft.note,
    }


async def _fact(file: CaseFile, draft: Draft) -> tuple[str, str]:
    """Return the official fact and its source: those given, or those of what the request refers to."""
    fact, source = draft.fact, draft.fact_source
    if draft.fact_id:
        confirmed = await case_facts.fact(file.session, file.row.id, draft.fact_id)
        if confirmed is None:
            raise missing("fact", draft.fact_id)
        if confirmed.seat is None:
            zh, en = "所引事实已被更新或撤销", "The fact is in force no longer"
            raise Refused("fact_not_confirmed", zh, en)
        fact = fact or f"{confirmed.subject}：{confirmed.value}"
        source = source or confirmed.source
    if draft.statement_id:
        said = await file.session.get(StatementRow, draft.statement_id)
        if said is None or said.case_id != file.row.id:
            raise missing("statement", draft.statement_id)
        if said.state != "published" or said.published_at is None:
            raise Refused("statement_not_published", "所引口径尚未发布或已撤回", "The statement is not public")
        source = source or f"《{said.title}》，{show_date(said.published_at)}发布"
    return fact, source


def _refusal(found: list[Fault]) -> Problem:
    """Return why a request cannot stand: 409 where it never may, 422 where something is missing."""
    first = found[0]
    errors = [FieldError(pointer=f"/{fault.field}", detail=fault.en, zh=fault.zh) for fault in found]
    reasons = [{"rule": fault.rule, "field": fault.field, "text": fault.zh, "text_en": fault.en} for fault in found]
    status = 409 if first.forbidden else 422
    return Problem(
        status,
        f"correction.{first.rule}",
        zh="；".join(fault.zh for fault in found),
        en="; ".join(fault.en for fault in found),
        errors=errors,
        rule=first.rule,
        reasons=reasons,
    )


def _letter(file: CaseFile, row: CorrectionRow) -> str:
    plan = file.plan
    publisher = plan.disclosure.publisher or plan.meta.issuer
    held = (holder.name for holder in plan.organisation.roles if holder.role is Role.OFFICE)
    office = next(held, ROLE_NAMES[Role.OFFICE])
    fields = {
        "number": f"{file.row.number}-更{row.number}",
        "outlet": row.outlet,
        "title": f"《{row.title}》" if row.title else "",
        "url": row.url,
        "claim": row.claim,
        "evidence": list_evidence(row.evidence),
        "fact": row.fact,
        "source": row.fact_source,
        "contact": plan.corrections.contact or f"{plan.meta.issuer}{office}",
        "publisher": publisher,
        "date": show_date(file.now),
    }
    mark = "【演练】\n" if file.row.drill else ""
    return mark + write(plan.corrections.letter, fields)


def charged(file: CaseFile) -> list[Role]:
    """Return who is told of what becomes of a request: propaganda, where the plan has it, and the office."""
    roles = {holder.role for holder in file.plan.organisation.roles}
    return [role for role in (Role.OFFICE, Role.PROPAGANDA) if role in roles]
