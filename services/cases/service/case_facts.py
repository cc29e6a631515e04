"""Confirmed facts of a case: what the office vouches for, and what its statements may say (快报事实，慎报原因)."""

from __future__ import annotations

from datetime import datetime

from kit.ids import new_id
from kit.problems import FieldError, Problem
from services.cases.lifecycle import Refused
from services.cases.models import CaseFactRow
from services.cases.numbering import show_time
from services.cases.service.actors import Actor
from services.cases.service.checks import Check, must_be_open
from services.cases.service.desk import Desk, missing
from services.cases.store import case_facts as facts
from services.cases.voice.confirmed import UNREADABLE, Confirmed, ConfirmedFactKind, readable

KIND_NAMES = {
    ConfirmedFactKind.FIGURE: "数字",
    ConfirmedFactKind.DATE: "时间",
    ConfirmedFactKind.PLACE: "地点",
    ConfirmedFactKind.NAME: "名称",
    ConfirmedFactKind.CAUSE: "原因",
    ConfirmedFactKind.TEXT: "情况",
}


class CaseFacts:
    """The confirmed facts of cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def confirm(
        self,
        case_id: str,
        *,
        kind: ConfirmedFactKind,
        subject: str,
        value: str,
        as_of: datetime | None,
        source: str,
        evidence: str,
        aliases: list[str],
        actor: Actor,
        check: Check,
    ) -> CaseFactRow:
        """Confirm a fact; it takes the place of the one of the same kind and subject, which stays in the history.

        422 where the value cannot be read as its kind; 409 where the fact in force is of a later time.
        """
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            stands = as_of or file.now
            if stands > file.now:
                raise Refused("not_yet", "截至时间不能在将来", "A fact cannot hold as of a time to come")
            if not readable(Confirmed("", kind, subject, value, stands)):
                raise unreadable(kind)
            seat = f"{kind}:{subject}"
            before = await facts.seated(file.session, case_id, seat)
            if before is not None and before.as_of > stands:
                raise Refused(
                    "newer_confirmed",
                    f"已有截至 {show_time(before.as_of)} 的“{subject}”，不能以更早的事实代替；如其有误，请先撤销",
                    "A fact as of a later time is in force; withdraw it first if it is wrong",
                )
            row = CaseFactRow(
                id=new_id(),
                case_id=case_id,
                kind=kind,
                subject=subject,
                value=value,
                as_of=stands,
                source=source,
                evidence=evidence,
                aliases=aliases,
                confirmed_by_id=actor.id or "",
                confirmed_by=actor.name,
                confirmed_at=file.now,
            )
            if before is not None:
                before.seat, before.superseded_by = None, row.id
                file.session.add(before)
                await file.session.flush()
            row.seat = seat
            file.session.add(row)
            await file.session.flush()
            said = f"确认{KIND_NAMES[kind]}：{subject}为{value}（截至 {show_time(stands)}，来源：{source}）"
            if before is not None:
                said += f"，代替“{before.value}”"
            await file.enter(
                "fact_confirmed",
                said,
                actor,
                fact_id=row.id,
                subject=subject,
                value=value,
                supersedes=before.id if before else None,
            )
            return row

    async def withdraw(self, case_id: str, fact_id: str, reason: str, actor: Actor, check: Check) -> CaseFactRow:
        """Withdraw a fact that proved wrong; it stays in the history with the reason."""
        async with self._desk.case(case_id) as file:
            check(file)
            row = await facts.fact(file.session, case_id, fact_id)
            if row is None:
                raise missing("fact", fact_id)
            if row.seat is None:
                raise Refused("fact_state", "该事实已被代替或撤销", "The fact is no longer in force")
            row.seat, row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = None, file.now, actor.name, reason
            file.session.add(row)
            await file.session.flush()
            text = f"撤销事实“{row.subject}为{row.value}”：{reason}"
            await file.enter("fact_withdrawn", text, actor, fact_id=row.id, subject=row.subject)
            return row


def unreadable(kind: ConfirmedFactKind) -> Problem:
    """Return the 422 of a value that cannot be read as what it is said to be."""
    return Problem(
        422,
        "fact.unreadable",
        zh=UNREADABLE[kind],
        en=f"The value cannot be read as a {kind}",
        errors=[FieldError(pointer="/value", detail=f"cannot be read as a {kind}", zh=UNREADABLE[kind])],
    )


def confirmed(row: CaseFactRow) -> Confirmed:
    """Return a stored fact as the consistency check takes it."""
    return Confirmed(row.id, ConfirmedFactKind(row.kind), row.subject, row.value, row.as_of, tuple(row.aliases))
