"""Information passed to departments and counties: acknowledged and answered within the plan's time (clause 五(二)3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.messages import NotificationChanged, Recipient
from contracts.permissions import CONFINED
from contracts.words import NotificationKind, Role
from kit.ids import new_id
from kit.problems import Problem
from services.cases import access
from services.cases.lifecycle import Refused
from services.cases.models import InformationRow, ReceiptRow
from services.cases.numbering import show_time
from services.cases.participation import body_name
from services.cases.service import tasks
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check, must_be_open
from services.cases.service.command import join
from services.cases.service.consultations import Body
from services.cases.service.desk import Desk, missing
from services.cases.service.tasks import Giving
from services.cases.store import work


class Information:
    """The information of cases that goes out to units."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def pass_on(
        self, case_id: str, text: str, units: Sequence[Body], answer_wanted: bool, actor: Actor, check: Check
    ) -> InformationRow:
        """Pass information to units. Each takes part from now on, owes a receipt by a task, and is told of it alone.

        One entry names them all, with their tasks, and who came to take part by it.
        """
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            wanted = list(dict.fromkeys(units))
            limit = file.plan.information
            row = InformationRow(
                id=new_id(),
                case_id=case_id,
                text=text,
                answer_wanted=answer_wanted,
                passed_at=file.now,
                passed_by=actor.name,
                due_at=file.now + limit.within,
            )
            file.session.add(row)
            await file.session.flush()
            names = "、".join(body_name(file.plan, body.role, body.unit) for body in wanted)
            asked = "签收并反馈" if answer_wanted else "签收"
            due = show_time(row.due_at)
            number = file.row.sequence + 1
            said: list[dict[str, Any]] = []
            for body in wanted:
                came = await join(file, body.role, body.unit, "签收传递的信息", actor, quiet=True)
                giving = Giving(
                    title=f"{asked}传递的信息（时间线第 {number} 条）",
                    role=body.role,
                    unit=body.unit,
                    due_at=row.due_at,
                    origin="information",
                    clause="五(二)3",
                    source=limit.origin,
                )
                task = await tasks.give(file, giving, actor)
                said.append({**body.as_json(), "task_id": task.id, "joined": came})
                notices = await file.notify(
                    NotificationKind.INFORMATION_PASSED,
                    f"【信息传递】{file.row.number}",
                    f"{file.row.title}\n{text}\n请于 {due} 前{asked}",
                    only=[Recipient(role=body.role, unit=body.unit or None)],
                    receipt=True,
                )
                file.session.add(
                    ReceiptRow(
                        id=new_id(),
                        information_id=row.id,
                        case_id=case_id,
                        role=body.role,
                        unit=body.unit,
                        task_id=task.id,
                        notice_id=notices[0],
                    )
                )
            await file.session.flush()
            new = [body_name(file.plan, body["role"], body["unit"]) for body in said if body["joined"]]
            joined = f"；{'、'.join(new)}由此参与处置" if new else ""
            entry = f"向{names}传递信息（{due} 前{asked}）：{text}{joined}"
            await file.enter("information_passed", entry, actor, information_id=row.id, units=said)
            await tasks.met(file, "information", f"已向{names}传递信息（时间线第 {number} 条）", actor)
            return row

    async def acknowledge(
        self, case_id: str, information_id: str, body: Body | None, actor: Actor, check: Check
    ) -> InformationRow:
        """Acknowledge information for one's own unit, or for `body`, on whose behalf the office records it."""
        async with self._desk.case(case_id) as file:
            check(file)
            row, receipt = await _receipt_of(file, information_id, body, actor)
            if receipt.acknowledged_at is not None:
                raise Refused("acknowledged", "已签收", "It has been acknowledged already")
            await _acknowledge(file, row, receipt, actor, "case")
            return row

    async def answer(
        self, case_id: str, information_id: str, body: Body | None, text: str, actor: Actor, check: Check
    ) -> InformationRow:
        """Answer information for one's own unit, or for `body`; an answer acknowledges too. A later one replaces it."""
        async with self._desk.case(case_id) as file:
            check(file)
            row, receipt = await _receipt_of(file, information_id, body, actor)
            if receipt.acknowledged_at is None:
                await _acknowledge(file, row, receipt, actor, "case")
            receipt.answer, receipt.answered_at, receipt.answered_by = text, file.now, actor.name
            file.session.add(receipt)
            await file.session.flush()
            name = body_name(file.plan, receipt.role, receipt.unit)
            entry = f"{name}反馈：{text}"
            await file.enter("information_answered", entry, actor, information_id=row.id, receipt_id=receipt.id)
            await tasks.complete(file, receipt.task_id, f"已反馈：{text}", actor)
            await file.notify(
                NotificationKind.CASE_CHANGED,
                f"【信息反馈】{file.row.number} {name}",
                f"{file.row.title}\n{entry}",
                only=[Role.OFFICE],
            )
            return row


async def receive(file: CaseFile, change: NotificationChanged, actor: Actor) -> None:
    """Take in that a unit acknowledged the notice by which information was passed to it; a repeat changes nothing."""
    receipt = await work.receipt_of_notice(file.session, change.notification_id)
    if receipt is None or receipt.case_id != file.row.id or receipt.acknowledged_at is not None:
        return
    row = await file.session.get(InformationRow, receipt.information_id)
    if row is not None:
        await _acknowledge(file, row, receipt, actor, change.acknowledged_via or "link")


async def _receipt_of(
    file: CaseFile, information_id: str, body: Body | None, actor: Actor
) -> tuple[InformationRow, ReceiptRow]:
    row = await file.session.get(InformationRow, information_id)
    if row is None or row.case_id != file.row.id:
        raise missing("information", information_id)
    receipts = await work.receipts(file.session, file.row.id, information_id)
    if body is not None:
        found = [one for one in receipts if (one.role, one.unit) == (body.role, body.unit)]
    else:
        mine = access.Own(actor.roles, actor.unit or "", actor.login)
        found = [one for one in receipts if mine.has(one.role, one.unit, "")]
        if not found and actor.roles - CONFINED:
            found = receipts if len(receipts) == 1 else []
    if not found:
        raise Problem(
            403,
            "information.not_yours",
            zh="该信息未传递给您的单位；代为登记须指明收件单位",
            en="It was not passed to your unit; name the unit to record it for",
        )
    if not access.owns(actor, found[0].role, found[0].unit):
        raise Problem(403, "information.not_yours", zh="须由收件单位签收", en="The unit itself must acknowledge it")
    return row, found[0]


async def _acknowledge(file: CaseFile, row: InformationRow, receipt: ReceiptRow, actor: Actor, via: str) -> None:
    receipt.acknowledged_at, receipt.acknowledged_by, receipt.acknowledged_via = file.now, actor.name, via
    file.session.add(receipt)
    await file.session.flush()
    name = body_name(file.plan, receipt.role, receipt.unit)
    late = "（超过时限）" if file.now > row.due_at else ""
    text = f"{name}签收传递的信息{late}"
    await file.enter("information_received", text, actor, information_id=row.id, receipt_id=receipt.id, via=via)
    if not row.answer_wanted:
        await tasks.complete(file, receipt.task_id, f"{actor.name}已签收", actor)
