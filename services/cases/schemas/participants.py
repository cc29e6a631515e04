"""Participants, the command of a case, consultations, information and media contacts over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from contracts.words import Level, Role, WatchMode
from services.cases.handover import Owed
from services.cases.models import (
    ConferenceRow,
    ConsultationRow,
    InformationRow,
    MediaContactRow,
    ParticipantRow,
    ReceiptRow,
)
from services.cases.participation import Part, body_name
from services.cases.plan import Plan
from services.cases.schemas.body import Body, Instant

#: A name of a unit or a person; empty for none.
Name = Annotated[str, Field(max_length=100)]
#: A line that says something.
Line = Annotated[str, Field(min_length=1, max_length=2000)]


class ParticipantOut(BaseModel):
    """A body, or a person of it, that takes part. Without a unit all who hold the role do."""

    id: str
    case_id: str
    role: Role
    unit: str
    person: str
    name: str = Field(description="as officers call it", examples=["景谷县移民系统"])
    part: Part
    duty: str
    added_at: datetime
    added_by: str
    left_at: datetime | None

    @classmethod
    def of(cls, row: ParticipantRow, plan: Plan) -> ParticipantOut:
        """Show a stored participant by its plan."""
        name = body_name(plan, row.role, row.unit, row.person)
        return cls.model_validate({**row.model_dump(), "name": name})


class ParticipantIn(Body):
    """Who comes to take part: a body, or with `person` somebody of it by name."""

    role: Role
    unit: Name = Field("", examples=["市水务局"])
    person: Name = Field("", examples=["钱科长"])
    part: Part = Part.EXECUTOR
    duty: str = Field("", max_length=200, examples=["核实受灾户数"])


class ReplacementIn(Body):
    """Who takes a participant's place, part and duty."""

    unit: Name = ""
    person: Name = ""
    reason: str = Field("", max_length=2000)


class ReleaseIn(Body):
    """Why a participant is sent off."""

    reason: Line


class OwedOut(BaseModel):
    """Something owed; `due_at` null where no time is set."""

    what: str
    who: str
    due_at: datetime | None
    late: bool

    @classmethod
    def of(cls, owed: Owed, now: datetime) -> OwedOut:
        """Show it as it stands at `now`."""
        late = owed.due_at is not None and owed.due_at <= now
        return cls(what=owed.what, who=owed.who, due_at=owed.due_at, late=late)


class SpokespersonOut(BaseModel):
    """Who speaks for the case at its press conference, and who designated them."""

    name: str
    office: str
    designated_by: str | None
    designated_at: datetime | None

    @classmethod
    def of(cls, row: ConferenceRow) -> SpokespersonOut:
        """Show the spokesperson of a conference."""
        return cls(
            name=row.spokesperson,
            office=row.spokesperson_office,
            designated_by=row.designated_by,
            designated_at=row.designated_at,
        )


class WatchOut(BaseModel):
    """How closely a case is watched; the rest is null outside the 24-hour watch."""

    mode: WatchMode
    since: datetime | None = None
    briefs: int | None = None
    last_brief_at: datetime | None = None
    next_brief_at: datetime | None = None


class CommandOut(BaseModel):
    """Who leads, who executes, who is informed, who speaks, and what is owed now, in one answer."""

    case_id: str
    number: str
    level: Level
    level_name: str
    level_active: bool
    text: str = Field(description="what the plan says of the level")
    summary: str = Field(description="the same in a few lines for a person to read")
    lead: list[ParticipantOut]
    executors: list[ParticipantOut]
    informed: list[ParticipantOut]
    spokesperson: SpokespersonOut | None
    watch: WatchOut
    duties: list[OwedOut] = Field(description="tasks, deadlines, receipts and decisions, the most urgent first")


class ParticipantUnitIn(Body):
    """A unit; without a name all who hold the role."""

    role: Role
    unit: Name = ""


class ParticipantUnitOut(BaseModel):
    """A unit with its name as officers call it."""

    role: Role
    unit: str
    name: str

    @classmethod
    def of(cls, role: str, unit: str, plan: Plan) -> ParticipantUnitOut:
        """Show a unit by the case's plan."""
        return cls(role=Role(role), unit=unit, name=body_name(plan, role, unit))


class ConsultationIn(Body):
    """A consultation that is called."""

    subject: str = Field(min_length=1, max_length=500, examples=["补偿款发放问题及应对口径"])
    planned_at: Instant
    place: str = Field("", max_length=200, examples=["局三楼会议室"])
    units: list[ParticipantUnitIn] = Field(min_length=1, max_length=50)


class ConsultationHeldIn(Body):
    """What a consultation came to; each conclusion is one point."""

    held_at: Instant | None = Field(None, description="default: now")
    attended: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        min_length=1, max_length=200, examples=[["局办公室 王主任", "市财政局 李科长"]]
    )
    conclusions: list[Line] = Field(min_length=1, max_length=50, examples=[["三日内完成核查", "口径由宣传部统一"]])


class ConclusionOut(BaseModel):
    """A point of a consultation's conclusions; `task_id` once it has become a task."""

    number: int
    text: str
    task_id: str | None


class ConsultationOut(BaseModel):
    """A consultation (会商)."""

    id: str
    case_id: str
    subject: str
    state: Literal["called", "held", "cancelled"]
    units: list[ParticipantUnitOut]
    planned_at: datetime
    place: str
    called_at: datetime
    called_by: str
    held_at: datetime | None
    attended: list[str]
    conclusions: list[ConclusionOut]
    recorded_by: str | None
    reason: str

    @classmethod
    def of(cls, row: ConsultationRow, plan: Plan) -> ConsultationOut:
        """Show a stored consultation by its plan."""
        units = [ParticipantUnitOut.of(unit["role"], unit["unit"], plan) for unit in row.units]
        return cls.model_validate({**row.model_dump(), "units": units})


class InformationIn(Body):
    """Information that is passed to units; `answer_wanted`: a receipt alone does not do."""

    text: str = Field(min_length=1, max_length=20_000, examples=["网上反映你县安置点停水，请核实并反馈"])
    units: list[ParticipantUnitIn] = Field(min_length=1, max_length=50)
    answer_wanted: bool = False


class ReceiptIn(Body):
    """Whose receipt it is, where somebody records it for a unit; left out: the caller's own unit's."""

    role: Role | None = None
    unit: Name = ""


class AnswerIn(ReceiptIn):
    """What a unit answers."""

    text: str = Field(min_length=1, max_length=20_000, examples=["经核实，已于今日恢复供水"])


class ReceiptOut(BaseModel):
    """A unit's receipt of information, and its answer."""

    id: str
    role: Role
    unit: str
    name: str
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_via: Literal["link", "api", "case"] | None
    answer: str
    answered_at: datetime | None
    answered_by: str | None
    overdue: bool = Field(description="the time for it has passed, and what was wanted has not come")
    task_id: str


class InformationOut(BaseModel):
    """Information that was passed on, with the receipt of each unit."""

    id: str
    case_id: str
    text: str
    answer_wanted: bool
    passed_at: datetime
    passed_by: str
    due_at: datetime
    overdue: bool
    receipts: list[ReceiptOut]

    @classmethod
    def of(cls, row: InformationRow, receipts: Sequence[ReceiptRow], plan: Plan, now: datetime) -> InformationOut:
        """Show stored information with its receipts as they stand at `now`."""
        shown = [
            ReceiptOut.model_validate(
                {
                    **one.model_dump(),
                    "name": body_name(plan, one.role, one.unit),
                    "overdue": now > row.due_at
                    and (one.answered_at if row.answer_wanted else one.acknowledged_at) is None,
                }
            )
            for one in receipts
        ]
        late = any(one.overdue for one in shown)
        return cls.model_validate({**row.model_dump(), "overdue": late, "receipts": shown})


class MediaContactIn(Body):
    """A contact with an outlet. `office` is the function of whom one spoke to, never a private person's data."""

    outlet: str = Field(min_length=1, max_length=200, examples=["某某日报"])
    office: str = Field(min_length=1, max_length=200, examples=["新闻部值班编辑"])
    way: Literal["phone", "letter", "meeting", "message", "other"]
    said: str = Field(min_length=1, max_length=10_000, examples=["告知官方发布渠道和已核实的情况"])
    outcome: str = Field("", max_length=10_000)
    at: Instant | None = Field(None, description="default: now")
    correction_id: str | None = Field(None, max_length=64, description="the correction request that it was about")


class OutcomeIn(Body):
    """What came of a contact."""

    outcome: str = Field(min_length=1, max_length=10_000)


class MediaContactOut(BaseModel):
    """A contact with an outlet."""

    id: str
    case_id: str
    outlet: str
    office: str
    way: Literal["phone", "letter", "meeting", "message", "other"]
    said: str
    outcome: str
    correction_id: str | None
    at: datetime
    recorded_by: str

    @classmethod
    def of(cls, row: MediaContactRow) -> MediaContactOut:
        """Show a stored contact."""
        return cls.model_validate(row.model_dump())
