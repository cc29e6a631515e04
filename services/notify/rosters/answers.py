"""What rosters give out over HTTP: names and shifts, never addresses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Self

from pydantic import BaseModel, Field

from contracts.words import Role
from services.notify.rosters.models import NoteRow, OverrideRow, RosterRow, SurgeRow, SwapRow
from services.notify.rosters.on_duty import Duty, Names
from services.notify.rosters.problems import ProblemKind, RosterProblem
from services.notify.rosters.roster import Answer, GapReason, Shift, SwapState
from services.notify.rosters.schemas import RotationIn, stored_rotation

GAP_NAMES: Final[dict[GapReason, str]] = {
    GapReason.NO_ROTATION: "值班表没有排班",
    GapReason.NOT_BEGUN: "排班尚未开始",
    GapReason.ENDED: "排班已经结束",
    GapReason.OFF: "该时段未排班",
    GapReason.UNAVAILABLE: "应值班人员已停用或删除",
}
_REMOVED: Final = "（已删除的联络员）"


def name_of(contact_id: str, names: Names) -> str:
    """Return a person's name, or that they were deleted."""
    return names.get(contact_id, _REMOVED)


class RosterPersonOut(BaseModel):
    """A contact by name."""

    contact_id: str
    name: str

    @classmethod
    def of(cls, contact_id: str, names: Names) -> Self:
        """Show a person."""
        return cls(contact_id=contact_id, name=name_of(contact_id, names))


class AnswerOut(BaseModel):
    """Who is on duty. `on_duty` is null where nobody is; then `gap` and `reason` say why.

    `deputies` are in the order of the layers. `unavailable`: people whose turn it is and who are disabled or removed.
    `presumed`: it rests on a year whose holidays are not known, in which Saturdays and Sundays alone are days of rest.
    """

    on_duty: RosterPersonOut | None
    deputies: list[RosterPersonOut]
    gap: GapReason | None
    reason: str | None
    unavailable: list[RosterPersonOut]
    presumed: bool

    @classmethod
    def of(cls, answer: Answer, names: Names, **more: object) -> Self:
        """Show an answer."""
        return cls.model_validate(
            {
                "on_duty": RosterPersonOut.of(answer.on_duty, names) if answer.on_duty else None,
                "deputies": [RosterPersonOut.of(id_, names) for id_ in answer.deputies],
                "gap": answer.gap,
                "reason": GAP_NAMES[answer.gap] if answer.gap else None,
                "unavailable": [RosterPersonOut.of(id_, names) for id_ in answer.unavailable],
                "presumed": answer.presumed,
                **more,
            }
        )


class ShiftOut(AnswerOut):
    """An answer that holds from `starts_at` up to but without `ends_at`."""

    starts_at: datetime
    ends_at: datetime

    @classmethod
    def shift(cls, shift: Shift, names: Names) -> Self:
        """Show a shift."""
        return cls.of(shift.answer, names, starts_at=shift.start, ends_at=shift.end)


class ShiftsOut(BaseModel):
    """Every shift between two instants, gaps too: in order, without holes."""

    items: list[ShiftOut]


class DutyOut(AnswerOut):
    """Who is on duty on one roster."""

    roster_id: str
    roster_name: str
    unit: str | None
    role: Role | None

    @classmethod
    def duty(cls, duty: Duty) -> Self:
        """Show the answer of one roster."""
        return cls.of(
            duty.answer,
            duty.names,
            roster_id=duty.roster_id,
            roster_name=duty.roster_name,
            unit=duty.unit,
            role=duty.role,
        )


class OnDutyOut(BaseModel):
    """Who is on duty at `at`: one answer a roster."""

    at: datetime
    items: list[DutyOut]


class ProblemOut(BaseModel):
    """Something wrong with a roster, in words too (`text`, Chinese)."""

    kind: ProblemKind
    starts_at: datetime
    ends_at: datetime
    person: RosterPersonOut | None
    other_roster: str | None = Field(description="name of the other roster of a double booking")
    text: str

    @classmethod
    def of(cls, problem: RosterProblem, names: Names, rosters: Names) -> Self:
        """Show a problem."""
        return cls(
            kind=problem.kind,
            starts_at=problem.start,
            ends_at=problem.end,
            person=RosterPersonOut.of(problem.contact_id, names) if problem.contact_id else None,
            other_roster=rosters.get(problem.other_roster_id or ""),
            text=in_words(problem, names, rosters),
        )


class ProblemsOut(BaseModel):
    """What is wrong with a roster up to `until`."""

    until: datetime
    items: list[ProblemOut]


def in_words(problem: RosterProblem, names: Names, rosters: Names) -> str:
    """Return what is wrong, in Chinese, without when."""
    who = name_of(problem.contact_id, names) if problem.contact_id else ""
    match problem.kind:
        case ProblemKind.GAP:
            return f"无人值班：{'、'.join(GAP_NAMES[reason] for reason in problem.details)}"
        case ProblemKind.UNAVAILABLE:
            return f"{who} 已停用或删除，由其他班次的人员顶替"
        case ProblemKind.DOUBLE_BOOKED:
            return f"{who} 同时在“{rosters.get(problem.other_roster_id or '', '')}”值班"
        case ProblemKind.TOO_LONG:
            hours = (problem.end - problem.start).total_seconds() / 3600
            return f"{who} 连续值班 {hours:g} 小时，超过本值班表的上限"
        case ProblemKind.HOLIDAYS_UNKNOWN:
            return "该年度放假安排尚未载入，暂按周六、周日休息推算"


class RosterOut(BaseModel):
    """A roster. The first of its `rotations` is on duty, those below deputise. `people` gives their names."""

    id: str
    name: str
    zone: str
    unit: str | None
    role: Role | None
    longest_hours: int | None
    round_the_clock: bool
    rotations: list[RotationIn]
    people: list[RosterPersonOut]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: RosterRow, names: Names) -> Self:
        """Show a stored roster."""
        rotations = [stored_rotation(stored) for stored in row.rotations]
        people = dict.fromkeys(id_ for rotation in rotations for id_ in rotation.participants)
        return cls(
            id=row.id,
            name=row.name,
            zone=row.zone,
            unit=row.unit,
            role=Role(row.role) if row.role else None,
            longest_hours=row.longest_hours,
            round_the_clock=row.round_the_clock,
            rotations=rotations,
            people=[RosterPersonOut.of(id_, names) for id_ in people],
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class OverrideOut(BaseModel):
    """A change of who is on duty for some time: `person` in the place of `replaces`, or added where that is null."""

    id: str
    starts_at: datetime
    ends_at: datetime
    person: RosterPersonOut
    replaces: RosterPersonOut | None
    reason: str
    entered_by: str
    entered_at: datetime

    @classmethod
    def of(cls, row: OverrideRow, names: Names) -> Self:
        """Show a stored override."""
        return cls(
            id=row.id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            person=RosterPersonOut.of(row.contact_id, names),
            replaces=RosterPersonOut.of(row.replaces, names) if row.replaces else None,
            reason=row.reason,
            entered_by=row.entered_by,
            entered_at=row.entered_at,
        )


class SurgeOut(BaseModel):
    """The whole roster replaced for some time, round the clock."""

    id: str
    starts_at: datetime
    ends_at: datetime
    hours: int
    lines: list[list[RosterPersonOut]]
    reason: str
    entered_by: str
    entered_at: datetime

    @classmethod
    def of(cls, row: SurgeRow, names: Names) -> Self:
        """Show a stored surge."""
        return cls(
            id=row.id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            hours=row.hours,
            lines=[[RosterPersonOut.of(id_, names) for id_ in line] for line in row.lines],
            reason=row.reason,
            entered_by=row.entered_by,
            entered_at=row.entered_at,
        )


class SwapShiftOut(BaseModel):
    """Whose shift, and when."""

    person: RosterPersonOut
    starts_at: datetime
    ends_at: datetime


class SwapOut(BaseModel):
    """A shift offered for another's; in force once it is accepted."""

    id: str
    offered: SwapShiftOut
    wanted: SwapShiftOut
    reason: str
    state: SwapState
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None

    @classmethod
    def of(cls, row: SwapRow, names: Names) -> Self:
        """Show a stored swap."""
        return cls(
            id=row.id,
            offered=SwapShiftOut(
                person=RosterPersonOut.of(row.contact_id, names), starts_at=row.starts_at, ends_at=row.ends_at
            ),
            wanted=SwapShiftOut(
                person=RosterPersonOut.of(row.other_id, names), starts_at=row.other_starts_at, ends_at=row.other_ends_at
            ),
            reason=row.reason,
            state=SwapState(row.state),
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
        )


class NoteOut(BaseModel):
    """A hand-over note for a shift, and who of the next read it when."""

    id: str
    starts_at: datetime
    ends_at: datetime
    person: RosterPersonOut
    text: str
    written_by: str
    written_at: datetime
    reader: RosterPersonOut | None
    read_at: datetime | None

    @classmethod
    def of(cls, row: NoteRow) -> Self:
        """Show a stored note; the names are those of when it was written and read."""
        reader = RosterPersonOut(contact_id=row.reader_id, name=row.reader_name or "") if row.reader_id else None
        return cls(
            id=row.id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            person=RosterPersonOut(contact_id=row.contact_id, name=row.contact_name),
            text=row.text,
            written_by=row.written_by,
            written_at=row.written_at,
            reader=reader,
            read_at=row.read_at,
        )


class CalendarLinkOut(BaseModel):
    """The address at which a calendar app can subscribe to a roster, without login; whoever has it reads the shifts."""

    url: str
    expires_at: datetime


def people_in(rows: Sequence[OverrideRow | SurgeRow | SwapRow | NoteRow]) -> set[str]:
    """Return the contacts whose names must be looked up to show rows; notes carry theirs."""
    found: set[str] = set()
    for row in rows:
        match row:
            case OverrideRow():
                found |= {row.contact_id, *([row.replaces] if row.replaces else [])}
            case SurgeRow():
                found |= {id_ for line in row.lines for id_ in line}
            case SwapRow():
                found |= {row.contact_id, row.other_id}
    return found
