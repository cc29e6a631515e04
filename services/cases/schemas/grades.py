"""The current grade over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, Field

from contracts.messages import Reason
from contracts.words import Level
from services.cases.plan.criteria import PlanFact
from services.cases.plan.saying import explain
from services.cases.service.grades import CurrentGrade


class GradeQuestionOut(BaseModel):
    """A fact that only a person can establish, and the level that it would lead to."""

    fact: PlanFact
    level: Level
    text: str = Field(examples=["请核实：有人员伤亡？如属实，将定为Ⅱ级"])


class RefusalOut(BaseModel):
    """A level that a person refused: the machine stays silent about it until `until` or a criterion not in `met`.

    `until` is null where time alone brings nothing up again: the level was lowered, or the response has ended.
    """

    level: Level
    by: str
    at: datetime
    until: datetime | None
    met: list[str] = Field(description="criteria that were met then")


class EasingOut(BaseModel):
    """The grade lies below the level that stands; `told`: the case says so (可考虑降级). Nothing lowers itself."""

    standing: Level
    since: datetime
    told: bool


class CurrentGradeOut(BaseModel):
    """How an event is graded as it stands, by the plan in force."""

    event_id: str
    plan_version: str
    heard_at: datetime = Field(description="when the event was last heard of")
    level: Level | None
    floor: Level | None
    explanation: str = Field(description="why, in one sentence")
    reasons: list[Reason]
    questions: list[GradeQuestionOut]
    case_level: Level | None = Field(description="level of the event's open case")
    highest_suggested: Level | None
    held_back_by: RefusalOut | None = Field(description="the refusal that keeps `level` from being suggested now")
    refusals: list[RefusalOut]
    easing: EasingOut | None

    @classmethod
    def of(cls, now: CurrentGrade) -> CurrentGradeOut:
        """Show a current grade."""
        again = now.plan.grading.ask_again.within
        shown = {
            rank: RefusalOut(
                level=Level.of_rank(rank),
                by=refusal.by,
                at=datetime.fromtimestamp(refusal.at, UTC),
                until=None if refusal.for_good else datetime.fromtimestamp(refusal.at, UTC) + again,
                met=sorted(refusal.met),
            )
            for rank, refusal in sorted(now.refusals.items(), reverse=True)
        }
        graded, low = now.graded, now.low
        easing = None
        if low.since is not None and low.standing:
            since = datetime.fromtimestamp(low.since, UTC)
            easing = EasingOut(standing=Level.of_rank(low.standing), since=since, told=low.told is not None)
        return cls(
            event_id=now.event_id,
            plan_version=now.plan.version,
            heard_at=now.heard_at,
            level=graded.level,
            floor=graded.floor,
            explanation=explain(graded.level, graded.reasons),
            reasons=list(graded.reasons),
            questions=[GradeQuestionOut(fact=one.fact, level=one.level, text=one.text) for one in now.questions],
            case_level=now.case_level,
            highest_suggested=Level.of_rank(now.suggested) if now.suggested else None,
            held_back_by=shown[graded.level.rank] if now.held is not None and graded.level is not None else None,
            refusals=list(shown.values()),
            easing=easing,
        )
