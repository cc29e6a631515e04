"""The log of contacts with the media (clause 五(三)2): what was said to whom, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kit.ids import new_id
from services.cases.models import CorrectionRow, MediaContactRow
from services.cases.service import tasks
from services.cases.service.actors import Actor
from services.cases.service.checks import Check, must_be_open, must_have_been
from services.cases.service.desk import Desk, missing

#: Ways of contact as officers call them.
WAY_NAMES: Final = {"phone": "电话", "letter": "函件", "meeting": "面谈", "message": "信息", "other": "其他方式"}


@dataclass(frozen=True, slots=True)
class Talk:
    """A contact with an outlet. `office` is the other side's function (值班编辑), never a private person's data."""

    outlet: str
    office: str
    way: str
    said: str
    outcome: str = ""
    at: datetime | None = None
    correction_id: str | None = None


class Media:
    """The media contacts of cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def log(self, case_id: str, talk: Talk, actor: Actor, check: Check) -> MediaContactRow:
        """Log a contact, evidence of its playbook task; 404 where it names a correction request of another case."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            at = talk.at or file.now
            must_have_been("at", at, file.now)
            if talk.correction_id is not None:
                correction = await file.session.get(CorrectionRow, talk.correction_id)
                if correction is None or correction.case_id != case_id:
                    raise missing("correction", talk.correction_id)
            row = MediaContactRow(
                id=new_id(),
                case_id=case_id,
                outlet=talk.outlet,
                office=talk.office,
                way=talk.way,
                said=talk.said,
                outcome=talk.outcome,
                correction_id=talk.correction_id,
                at=at,
                recorded_by=actor.name,
            )
            file.session.add(row)
            await file.session.flush()
            came = f"；结果：{talk.outcome}" if talk.outcome else ""
            text = f"与{talk.outlet}（{talk.office}）沟通，{WAY_NAMES[talk.way]}：{talk.said}{came}"
            number = await file.enter(
                "media_contact", text, actor, media_contact_id=row.id, correction_id=talk.correction_id
            )
            await tasks.met(file, "media_contact", f"已与{talk.outlet}沟通（时间线第 {number} 条）", actor)
            return row

    async def conclude(
        self, case_id: str, contact_id: str, outcome: str, actor: Actor, check: Check
    ) -> MediaContactRow:
        """Record what came of a contact; a later outcome takes the earlier one's place, which the timeline keeps."""
        async with self._desk.case(case_id) as file:
            check(file)
            row = await file.session.get(MediaContactRow, contact_id)
            if row is None or row.case_id != case_id:
                raise missing("media_contact", contact_id)
            row.outcome = outcome
            file.session.add(row)
            await file.session.flush()
            text = f"与{row.outlet}沟通的结果：{outcome}"
            await file.enter("media_contact_outcome", text, actor, media_contact_id=row.id)
            return row
