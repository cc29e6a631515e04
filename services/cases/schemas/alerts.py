"""Alerts over HTTP."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from contracts.messages import Reason
from contracts.words import AlertStatus, Level
from services.cases.models import AlertRow
from services.cases.plan import Grade, HumanFacts
from services.cases.plan.saying import explain
from services.cases.schemas.body import Body


class AlertOut(BaseModel):
    """A plan criterion met by an event: the level suggested, and every criterion with what was observed."""

    id: str
    event_id: str
    event_title: str
    level: Level
    status: AlertStatus
    reasons: list[Reason]
    case_id: str | None
    plan_version: str
    raised_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    reason: str
    version: int
    round: int = Field(description="2 and more: asked again after a person had refused the level")
    explanation: str = Field(description="why this level, in one sentence")

    @classmethod
    def of(cls, row: AlertRow) -> AlertOut:
        """Show a stored alert."""
        reasons = [Reason.model_validate(item) for item in row.reasons]
        shown = row.model_dump(exclude={"rank"})
        return cls.model_validate({**shown, "explanation": explain(Level(row.level), reasons)})


class DismissIn(Body):
    """Why an alert is dismissed."""

    reason: str = Field(min_length=1, max_length=2000, examples=["与移民工作无关，系同名地点"])


class FactsIn(Body):
    """What a person has established of an event; what is left out stays as it is."""

    doubtful: bool | None = Field(None, description="存疑或虚假信息")
    deaths_or_injuries: bool | None = Field(None, description="有人员伤亡")
    mass_incident: bool | None = Field(None, description="现场发生群体性事件")
    provincial_hot_list: bool | None = Field(None, description="登上省级热榜")
    national_hot_list: bool | None = Field(None, description="登上全国热榜")
    reason: str = Field(min_length=1, max_length=2000, examples=["县应急局电话核实"])

    def facts(self) -> HumanFacts:
        """Return the facts without the reason."""
        return HumanFacts.model_validate(self.model_dump(exclude={"reason"}))


class GradeOut(BaseModel):
    """How an event is graded now."""

    level: Level | None
    floor: Level | None
    explanation: str = Field(description="why, in one sentence")
    reasons: list[Reason]

    @classmethod
    def of(cls, graded: Grade) -> GradeOut:
        """Show a grade."""
        return cls(
            level=graded.level,
            floor=graded.floor,
            explanation=explain(graded.level, graded.reasons),
            reasons=list(graded.reasons),
        )
