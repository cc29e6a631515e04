"""Hand-overs at a change of shift: a note written from the rows, signed by the giver, accepted by the receiver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import NotificationChanged, Recipient
from contracts.words import Level, NotificationKind, Role
from kit.ids import new_id
from kit.problems import Problem
from services.cases import store
from services.cases.handover import note
from services.cases.lifecycle import Refused
from services.cases.models import CaseRow, HandoverRow
from services.cases.participation import body_name
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile, Notices
from services.cases.service.checks import Check, must_be_open
from services.cases.service.desk import Desk, missing, refusal
from services.cases.service.standing import standing
from services.cases.store import work


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who takes over: the holders of a role, of a unit where one is given; a name is for people to read."""

    role: Role = Role.OFFICE
    unit: str = ""
    person: str = ""


class Handovers:
    """Hand-overs of one case, and of the duty desk with all open cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def draft(self, case_id: str, receiver: Receiver, actor: Actor, check: Check) -> HandoverRow:
        """Write the note of one case, to be edited before it is signed."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            text = note([await standing(file.session, file.plan, file.row)], file.now)
            row = self._new(case_id, [case_id], text, receiver, actor)
            file.session.add(row)
            await file.session.flush()
            await file.enter("handover_drafted", "拟写交接班记录", actor, handover_id=row.id)
            return row

    async def draft_desk(self, receiver: Receiver, actor: Actor) -> HandoverRow:
        """Write the note of the duty desk: every open case outside drills, the gravest first."""
        async with self._desk.database.writing() as session:
            cases = await work.open_cases(session)
            stands = [
                await standing(session, await self._desk.plans.version(session, case.plan_version), case)
                for case in cases
            ]
            text = note(stands, self._desk.clock.now()) if stands else "无在办处置单。"
            row = self._new(None, [case.id for case in cases], text, receiver, actor)
            session.add(row)
            await session.flush()
            return row

    async def edit(
        self, case_id: str | None, handover_id: str, text: str, actor: Actor, fresh: Callable[[HandoverRow], None]
    ) -> HandoverRow:
        """Change the note's text; only its writer, and only before it is signed. `fresh` may refuse a stale caller."""
        async with self._desk.database.writing() as session:
            row = await self._of(session, case_id, handover_id)
            fresh(row)
            _must_be_writer(row, actor)
            if row.state != "draft":
                raise refusal(Refused("handover_signed", "交接班记录已签字，不能修改", "The note has been signed"))
            row.text, row.version = text, row.version + 1
            session.add(row)
            await session.flush()
            return row

    async def sign(self, case_id: str | None, handover_id: str, actor: Actor) -> HandoverRow:
        """Sign the note: it stays as it is from now on, and the receiver is told, with a receipt."""
        async with self._desk.database.writing() as session:
            files = await self._files(session, case_id, handover_id)
            row = await self._of(session, case_id, handover_id)
            _must_be_writer(row, actor)
            if row.state != "draft":
                raise refusal(Refused("handover_signed", "交接班记录已签字", "The note has been signed already"))
            row.state, row.signed_at = "signed", self._desk.clock.now()
            row.version += 1
            session.add(row)
            await session.flush()
            plan = files[0].plan if files else await self._desk.plans.in_force(session)
            to = body_name(plan, row.to_role, row.to_unit, row.to_person)
            for file in files:
                whole = {"text": row.text} if row.case_id else {}
                text = f"{actor.name}向{to}交班"
                await file.enter("handover_signed", text, actor, handover_id=row.id, **whole)
            level = max((file.level for file in files), key=lambda one: one.rank, default=Level.IV)
            what = files[0].row.number if row.case_id else f"值班（{len(files)} 件）"
            notices = await Notices(session, self._desk.outbox, plan, self._desk.clock.now()).send(
                NotificationKind.HANDED_OVER,
                level,
                f"【交接班】{what}",
                f"{actor.name}交班，请接班人签收。\n{row.text}",
                case=files[0].row if row.case_id else None,
                only=[Recipient(role=Role(row.to_role), unit=row.to_unit or None)],
                receipt=True,
            )
            row.notice_id = notices[0]
            session.add(row)
            await session.flush()
            return row

    async def accept(self, case_id: str | None, handover_id: str, actor: Actor) -> HandoverRow:
        """Take over; 409 for the giver, 403 for other roles or units than it was handed to."""
        async with self._desk.database.writing() as session:
            files = await self._files(session, case_id, handover_id)
            row = await self._of(session, case_id, handover_id)
            held = Role(row.to_role) in actor.roles or Role.ADMIN in actor.roles
            if not held or (row.to_unit and row.to_unit != actor.unit):
                raise Problem(403, "handover.not_yours", zh="须由接班人签收", en="It was handed to somebody else")
            if actor.id == row.given_by_id:
                raise refusal(Refused("two_people", "交班人不能自己接班", "The giver cannot take over"))
            if row.state != "signed":
                said = "尚未签字" if row.state == "draft" else "已接班"
                raise refusal(Refused("handover_state", f"交接班记录{said}", f"The hand-over is {row.state}"))
            await _accept(session, files, row, actor, self._desk.clock.now())
            return row

    def _new(self, case_id: str | None, cases: list[str], text: str, receiver: Receiver, actor: Actor) -> HandoverRow:
        return HandoverRow(
            id=new_id(),
            case_id=case_id,
            cases=cases,
            text=text,
            state="draft",
            given_by_id=actor.id or "",
            given_by=actor.name,
            given_by_login=actor.login,
            to_role=receiver.role,
            to_unit=receiver.unit,
            to_person=receiver.person,
            created_at=self._desk.clock.now(),
        )

    async def _files(self, session: AsyncSession, case_id: str | None, handover_id: str) -> list[CaseFile]:
        """Open the files of the cases handed over, locked in the order of their ids, before the hand-over itself."""
        row = await work.handover(session, handover_id)
        if row is None or row.case_id != case_id:
            raise missing("handover", handover_id)
        return [await self._desk.file(session, one) for one in await self._rows(session, row.cases)]

    async def _rows(self, session: AsyncSession, ids: list[str]) -> list[CaseRow]:
        found = [await store.lock_case(session, id_) for id_ in sorted(ids)]
        return [row for row in found if row is not None]

    async def _of(self, session: AsyncSession, case_id: str | None, handover_id: str) -> HandoverRow:
        row = await work.handover(session, handover_id, lock=True)
        if row is None or row.case_id != case_id:
            raise missing("handover", handover_id)
        return row


async def accept_by_receipt(
    session: AsyncSession,
    files: Mapping[str, CaseFile],
    handover_id: str,
    change: NotificationChanged,
    actor: Actor,
    now: datetime,
) -> None:
    """Take in that a hand-over's notice was acknowledged; by the giver, or again, it changes nothing.

    `files` are the cases handed over, locked by the caller.
    """
    row = await work.handover(session, handover_id, lock=True)
    if row is not None and row.state == "signed" and change.contact_login != row.given_by_login:
        await _accept(session, [files[id_] for id_ in row.cases if id_ in files], row, actor, now)


async def _accept(session: AsyncSession, files: list[CaseFile], row: HandoverRow, actor: Actor, now: datetime) -> None:
    row.state, row.accepted_at, row.accepted_by = "accepted", now, actor.name
    row.version += 1
    session.add(row)
    await session.flush()
    for file in files:
        text = f"{actor.name}接班（交班：{row.given_by}）"
        await file.enter("handover_accepted", text, actor, handover_id=row.id)


def _must_be_writer(row: HandoverRow, actor: Actor) -> None:
    if actor.id != row.given_by_id:
        raise Problem(403, "handover.not_yours", zh="须由交班人办理", en="Only whoever hands over may do that")
