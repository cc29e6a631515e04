"""Consultations (会商): called, held, with conclusions that may become tasks (clause 五(三)2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from contracts.messages import Recipient
from contracts.words import NotificationKind, Role
from kit.ids import new_id
from services.cases.lifecycle import Refused
from services.cases.models import ConsultationRow, TaskRow
from services.cases.numbering import show_time
from services.cases.participation import body_name
from services.cases.service import tasks
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check, must_be_open, must_have_been, must_lie_ahead
from services.cases.service.command import join
from services.cases.service.desk import Desk, missing
from services.cases.service.tasks import Giving

#: States as officers call them.
STATE_NAMES: Final = {"called": "已召集", "held": "已召开", "cancelled": "已取消"}


@dataclass(frozen=True, slots=True)
class Body:
    """A unit that is called, or that information is passed to; without a unit all who hold the role."""

    role: Role
    unit: str = ""

    def as_json(self) -> dict[str, str]:
        """Return it as a row keeps it."""
        return {"role": str(self.role), "unit": self.unit}


class Consultations:
    """The consultations of cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def call(
        self,
        case_id: str,
        subject: str,
        planned_at: datetime,
        place: str,
        units: Sequence[Body],
        actor: Actor,
        check: Check,
    ) -> ConsultationRow:
        """Call a consultation: its units take part in the case from now on, and are told, with a receipt."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            must_lie_ahead("planned_at", planned_at, file.now)
            wanted = list(dict.fromkeys(units))
            row = _new(file, subject, planned_at, place, wanted, actor)
            file.session.add(row)
            await file.session.flush()
            for body in wanted:
                await join(file, body.role, body.unit, "会商", actor)
            names = "、".join(body_name(file.plan, body.role, body.unit) for body in wanted)
            where = f"，地点：{place}" if place else ""
            text = f"召集会商“{subject}”：{show_time(planned_at)}{where}；参加：{names}"
            await file.enter("consultation_called", text, actor, consultation_id=row.id, units=row.units)
            await file.notify(
                NotificationKind.CONSULTATION_CALLED,
                f"【会商】{file.row.number} {subject[:60]}",
                f"{file.row.title}\n{text}",
                only=[Recipient(role=body.role, unit=body.unit or None) for body in wanted],
                receipt=True,
            )
            return row

    async def hold(
        self,
        case_id: str,
        consultation_id: str,
        held_at: datetime | None,
        attended: Sequence[str],
        conclusions: Sequence[str],
        actor: Actor,
        check: Check,
    ) -> ConsultationRow:
        """Record that a consultation was held, who came and what it concluded; it is evidence of its playbook task."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            row = await _of(file, consultation_id, "called")
            at = held_at or file.now
            must_have_been("held_at", at, file.now)
            row.state, row.held_at, row.recorded_by = "held", at, actor.name
            row.attended = list(dict.fromkeys(attended))
            row.conclusions = [{"number": i, "text": text, "task_id": None} for i, text in enumerate(conclusions, 1)]
            file.session.add(row)
            await file.session.flush()
            said = "".join(f"（{i}）{text}" for i, text in enumerate(conclusions, 1))
            text = f"召开会商“{row.subject}”，参加：{'、'.join(row.attended)}。结论：{said}"
            number = await file.enter(
                "consultation_held",
                text,
                actor,
                consultation_id=row.id,
                held_at=at.isoformat(),
                attended=row.attended,
                conclusions=list(conclusions),
            )
            await tasks.met(file, "consultation", f"会商“{row.subject}”已召开（时间线第 {number} 条）", actor)
            return row

    async def cancel(
        self, case_id: str, consultation_id: str, reason: str, actor: Actor, check: Check
    ) -> ConsultationRow:
        """Call a consultation off; those who were called are told."""
        async with self._desk.case(case_id) as file:
            check(file)
            row = await _of(file, consultation_id, "called")
            row.state, row.reason = "cancelled", reason
            file.session.add(row)
            await file.session.flush()
            text = f"取消会商“{row.subject}”：{reason}"
            await file.enter("consultation_cancelled", text, actor, consultation_id=row.id)
            await file.notify(
                NotificationKind.CONSULTATION_CALLED,
                f"【会商取消】{file.row.number} {row.subject[:60]}",
                f"{file.row.title}\n{text}",
                only=[Recipient(role=Role(unit["role"]), unit=unit["unit"] or None) for unit in row.units],
            )
            return row

    async def carry_out(
        self, case_id: str, consultation_id: str, number: int, giving: Giving, actor: Actor, check: Check
    ) -> TaskRow:
        """Make a task of conclusion `number`, by default with its text; 409 where it is one already."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            must_lie_ahead("due_at", giving.due_at, file.now)
            row = await _of(file, consultation_id, "held")
            point: dict[str, Any] | None = next((one for one in row.conclusions if one["number"] == number), None)
            if point is None:
                raise missing("conclusion", str(number))
            if point["task_id"] is not None:
                raise Refused("task_given", "该结论已转为任务", "The conclusion has become a task already")
            given = Giving(
                title=giving.title or point["text"],
                role=giving.role,
                unit=giving.unit,
                person=giving.person,
                due_at=giving.due_at,
                after=giving.after,
                origin="consultation",
                source=f"会商“{row.subject}”结论（{number}）",
            )
            task = await tasks.give(file, given, actor)
            row.conclusions = [
                {**one, "task_id": task.id} if one["number"] == number else one for one in row.conclusions
            ]
            file.session.add(row)
            await file.session.flush()
            return task


def _new(
    file: CaseFile, subject: str, planned_at: datetime, place: str, units: Sequence[Body], actor: Actor
) -> ConsultationRow:
    return ConsultationRow(
        id=new_id(),
        case_id=file.row.id,
        subject=subject,
        state="called",
        units=[body.as_json() for body in units],
        planned_at=planned_at,
        place=place,
        called_at=file.now,
        called_by=actor.name,
    )


async def _of(file: CaseFile, consultation_id: str, wanted: str) -> ConsultationRow:
    row = await file.session.get(ConsultationRow, consultation_id)
    if row is None or row.case_id != file.row.id:
        raise missing("consultation", consultation_id)
    if row.state != wanted:
        raise Refused("consultation_state", f"会商{STATE_NAMES[row.state]}", f"The consultation is {row.state}")
    return row
