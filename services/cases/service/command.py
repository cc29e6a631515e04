"""Who takes part in a case: the leading group that stands up, and the bodies and people who come and go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contracts.messages import Recipient
from contracts.permissions import CONFINED
from contracts.words import IncidentType, NotificationKind, Role
from kit.ids import new_id
from services.cases import store
from services.cases.access import Own, is_confined
from services.cases.lifecycle import Refused
from services.cases.models import EventRow, ParticipantRow
from services.cases.participation import PART_NAMES, About, Part, body_name, departments_are_wanted, seats
from services.cases.service.actors import PLAN, Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check, must_be_open
from services.cases.service.desk import Desk, missing
from services.cases.store import work

#: The entry that asks for departments.
_WANTED: Final = "departments_wanted"


@dataclass(frozen=True, slots=True)
class Coming:
    """A body, or a person of it, that comes to take part."""

    role: Role
    unit: str = ""
    person: str = ""
    part: Part = Part.EXECUTOR
    duty: str = ""


async def about(file: CaseFile) -> About:
    """Return what a case is about: by its event, else by the places that its title and summary name."""
    kind = IncidentType(file.row.incident_type)
    event = await file.session.get(EventRow, file.row.event_id) if file.row.event_id else None
    if event is None:
        return About(kind, (), (file.row.title, file.row.summary))
    return About(kind, event.snapshot.get("topics", ()), event.snapshot.get("places", ()))


async def form(file: CaseFile) -> None:
    """Stand the plan's chain of command at the case's level up as participants (clauses 三, 四); told once.

    Whoever a person sent off stays off, and whom a person gave a part keeps it. Bodies of the plan that the level no
    longer names stay as informed. Calling again changes nothing.
    """
    rows = await file.participants()
    known = {(row.role, row.unit): row for row in rows if not row.person}
    wanted = {(str(seat.role), seat.unit): seat for seat in seats(file.plan, file.level, await about(file))}
    changed = False
    for key, seat in wanted.items():
        row = known.get(key)
        if row is None:
            await _sit(file, Coming(seat.role, seat.unit, part=seat.part), PLAN)
            changed = True
        elif row.left_at is None and row.by_plan and row.part != seat.part:
            row.part, changed = seat.part, True
    for key, row in known.items():
        if key not in wanted and row.left_at is None and row.by_plan and row.part != Part.INFORMED:
            row.part, changed = Part.INFORMED, True
    if not changed:
        return
    present = [row for row in await file.participants() if row.left_at is None]
    said = "；".join(
        f"{PART_NAMES[part]}：{'、'.join(_name(file, row) for row in present if row.part == part)}"
        for part in Part
        if any(row.part == part for row in present)
    )
    data = [{"role": row.role, "unit": row.unit, "part": row.part} for row in present if not row.person]
    text = f"按{file.plan.level_name(file.level)}组成指挥体系。{said}"
    await file.enter("command_formed", text, PLAN, level=str(file.level), participants=data)


async def join(file: CaseFile, role: Role, unit: str, duty: str, actor: Actor, *, quiet: bool = False) -> bool:
    """Let a unit that is given work take part, where its role sees only what it takes part in and it does not yet.

    Returns whether it came. `quiet`: the caller enters it and tells the unit.
    """
    if role not in CONFINED:
        return False
    rows = await file.participants()
    if any(row.role == role and row.unit in ("", unit) and not row.person and row.left_at is None for row in rows):
        return False
    coming = Coming(role, unit, duty=duty)
    if quiet:
        await _sit(file, coming, actor)
    else:
        await _come(file, rows, coming, actor)
    return True


async def join_opener(file: CaseFile, actor: Actor) -> None:
    """Let the unit of whoever opened a case take part in it (themselves, where they have none), if it were not theirs.

    Nobody is told: it is they who do it.
    """
    rows = await file.participants()
    mine = Own(frozenset(actor.roles), actor.unit or "", actor.login)
    if not is_confined(actor) or any(row.left_at is None and mine.has(row.role, row.unit, row.person) for row in rows):
        return
    for role in sorted(actor.roles):
        coming = Coming(role, mine.unit, "" if mine.unit else mine.person, duty="报告单位")
        row = await _sit(file, coming, actor)
        text = f"{_name(file, row)}建立处置单，参与处置"
        await file.enter("participant_added", text, actor, participant_id=row.id, role=row.role, unit=row.unit)


async def ask_for_departments(file: CaseFile) -> None:
    """Ask the office once to name the departments, where the level has a part for them and none takes part."""
    present = [row.role for row in await file.participants() if row.left_at is None]
    wanted = departments_are_wanted(file.plan, file.level, present)
    if not wanted or await store.entries(file.session, file.row.id, [_WANTED]):
        return
    text = "预案和事件内容都未能确定涉事部门，请办公室确定参与部门（增加参与单位）"
    await file.enter(_WANTED, text, PLAN, level=str(file.level))
    subject, body = f"【待确定参与部门】{file.row.number}", f"{file.row.title}\n{text}"
    await file.notify(NotificationKind.CASE_CHANGED, subject, body, only=[Role.OFFICE], receipt=True)


class Command:
    """The participants of cases, as people add, replace and release them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def form_where_missing(self) -> None:
        """Stand up the chain of command of open cases that a version without participants has left behind."""
        while True:
            async with self._desk.database.reading() as session:
                found = await work.cases_without_participants(session, 200)
            if not found:
                return
            for case_id in found:
                async with self._desk.case(case_id) as file:
                    await form(file)
                    await ask_for_departments(file)

    async def add(self, case_id: str, coming: Coming, actor: Actor, check: Check) -> ParticipantRow:
        """Let a body or a person take part; 409 where it does already. The unit is told, with a receipt."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            rows = await file.participants()
            return await _come(file, rows, coming, actor)

    async def replace(
        self, case_id: str, participant_id: str, unit: str, person: str, reason: str, actor: Actor, check: Check
    ) -> ParticipantRow:
        """Let another unit or person take a participant's place, part and duty."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            rows = await file.participants()
            old = _present(rows, participant_id)
            coming = Coming(Role(old.role), unit, person, Part(old.part), old.duty)
            _must_be_new(file, rows, coming)
            old.left_at = file.now
            new = await _sit(file, coming, actor)
            text = f"{_name(file, old)}由{_name(file, new)}接替" + (f"：{reason}" if reason else "")
            await file.enter("participant_replaced", text, actor, participant_id=new.id, replaces=old.id)
            await _tell(file, new)
            return new

    async def release(self, case_id: str, participant_id: str, reason: str, actor: Actor, check: Check) -> None:
        """Send a participant off; 409 where the case would be left without a lead."""
        async with self._desk.case(case_id) as file:
            check(file)
            rows = await file.participants()
            row = _present(rows, participant_id)
            leads = [one for one in rows if one.part == Part.LEAD and one.left_at is None and not one.person]
            if leads == [row]:
                raise Refused("no_lead_left", "须先明确由谁领导", "Somebody must lead; name who does before")
            row.left_at = file.now
            text = f"{_name(file, row)}退出处置：{reason}"
            await file.enter("participant_left", text, actor, participant_id=row.id)


async def _come(file: CaseFile, rows: list[ParticipantRow], coming: Coming, actor: Actor) -> ParticipantRow:
    _must_be_new(file, rows, coming)
    row = await _sit(file, coming, actor)
    duty = f"，负责{row.duty}" if row.duty else ""
    text = f"{_name(file, row)}参与处置（{PART_NAMES[coming.part]}）{duty}"
    await file.enter("participant_added", text, actor, participant_id=row.id, role=row.role, unit=row.unit)
    await _tell(file, row)
    return row


async def _sit(file: CaseFile, coming: Coming, actor: Actor) -> ParticipantRow:
    """Add the row of a participant, or take up that of one who had left."""
    key = (coming.role, coming.unit, coming.person)
    row = next((one for one in await file.participants() if (one.role, one.unit, one.person) == key), None)
    if row is None:
        row = ParticipantRow(
            id=new_id(),
            case_id=file.row.id,
            role=coming.role,
            unit=coming.unit,
            person=coming.person,
            part=coming.part,
            added_at=file.now,
            added_by=actor.name,
            by_plan=actor is PLAN,
        )
        await file.admit(row)
    row.part, row.duty, row.left_at = coming.part, coming.duty, None
    row.added_at, row.added_by, row.by_plan = file.now, actor.name, actor is PLAN
    return row


def _must_be_new(file: CaseFile, rows: list[ParticipantRow], coming: Coming) -> None:
    key = (coming.role, coming.unit, coming.person)
    if any((row.role, row.unit, row.person) == key and row.left_at is None for row in rows):
        name = body_name(file.plan, *key)
        raise Refused("takes_part", f"{name}已参与处置", f"{name} takes part already")


def _present(rows: list[ParticipantRow], participant_id: str) -> ParticipantRow:
    row = next((one for one in rows if one.id == participant_id), None)
    if row is None:
        raise missing("participant", participant_id)
    if row.left_at is not None:
        raise Refused("has_left", "该参与单位或人员已退出", "The participant has left already")
    return row


async def _tell(file: CaseFile, row: ParticipantRow) -> None:
    await file.notify(
        NotificationKind.CASE_OPENED,
        f"【参与处置】{file.row.number}",
        f"{file.row.title}\n{_name(file, row)}已列为参与单位" + (f"，负责{row.duty}" if row.duty else ""),
        only=[Recipient(role=Role(row.role), unit=row.unit or None)],
        receipt=True,
    )


def _name(file: CaseFile, row: ParticipantRow) -> str:
    return body_name(file.plan, row.role, row.unit, row.person)
