"""Reviews over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from contracts.words import Role
from services.cases.models import CaseRow, ReviewMarkRow, ReviewRow
from services.cases.plan.aftermath import Marks
from services.cases.schemas.body import Body
from services.cases.service.reviews import REVIEW_STATES, Edit, Proposal, mean_marks


class ProposalIn(Body):
    """A change of the plan that is proposed. `path` names a part of the plan, as its JSON has it."""

    text: str = Field(min_length=1, max_length=5000, examples=["Ⅱ级首次上报时限由 1 小时改为 40 分钟"])
    path: str = Field("", max_length=200, examples=["clocks.limits.II.report_up"])


class ReviewIn(Body):
    """What is written anew in the draft; what is left out stays as it is. `sections` are texts by title."""

    sections: dict[str, str] | None = Field(None, examples=[{"成功经验": "首次发布早于法定时限两小时"}])
    lessons: str | None = Field(None, max_length=50_000)
    proposals: list[ProposalIn] | None = Field(None, max_length=50)
    conclusion: str | None = Field(None, max_length=20_000)

    def edit(self) -> Edit:
        """Return the edit as the service takes it."""
        proposals = None if self.proposals is None else [Proposal(one.text, one.path) for one in self.proposals]
        return Edit(self.sections, self.lessons, proposals, self.conclusion)


class MarkIn(Body):
    """One's marks: a figure for each criterion of the plan."""

    marks: dict[str, int] = Field(
        examples=[{"timeliness": 4, "accuracy": 5, "openness": 4, "answering": 3, "coordination": 4}]
    )
    comment: str = Field("", max_length=5000)


class FinishIn(Body):
    """The decision on a submitted review; sending it back needs a reason."""

    decision: Literal["approve", "reject"] = "approve"
    comment: str = Field("", max_length=2000)


class SectionOut(BaseModel):
    """A part of the review, as the plan names it."""

    title: str
    text: str


class ProposalOut(BaseModel):
    """A change of the plan that a review proposes."""

    text: str
    path: str


class CriterionOut(BaseModel):
    """A criterion of the plan, with the mean of the marks given."""

    key: str
    name: str = Field(examples=["及时性"])
    about: str
    out_of: int
    mean: float | None


class MarkOut(BaseModel):
    """One person's marks."""

    person: str
    role: Role | None
    marks: dict[str, int]
    comment: str
    at: datetime

    @classmethod
    def of(cls, row: ReviewMarkRow) -> MarkOut:
        """Show stored marks."""
        return cls.model_validate({**row.model_dump(exclude={"review_id", "person_id"}), "role": row.role or None})


class ReviewOut(BaseModel):
    """The assessment after a case. `facts` are read out of the case: timeline digest, phases, clocks, approvals,
    statements, concerns, corrections, notices, and accountability by unit. `digest` seals the final text."""

    id: str
    case_id: str
    number: int
    state: Literal["draft", "submitted", "final"]
    state_name: str = Field(examples=["草稿"])
    facts: dict[str, Any]
    sections: list[SectionOut]
    lessons: str
    proposals: list[ProposalOut]
    conclusion: str
    criteria: list[CriterionOut]
    marks: list[MarkOut]
    started_at: datetime
    started_by: str
    submitted_at: datetime | None
    submitter: str
    finished_at: datetime | None
    finished_by: str
    comment: str
    digest: str
    version: int

    @classmethod
    def of(cls, row: ReviewRow, given: Sequence[ReviewMarkRow], rubric: Marks) -> ReviewOut:
        """Show a stored review with the marks given."""
        means = mean_marks(given, [one.key for one in rubric.criteria])
        criteria = [
            CriterionOut(key=one.key, name=one.name, about=one.about, out_of=rubric.out_of, mean=means.get(one.key))
            for one in rubric.criteria
        ]
        return cls.model_validate(
            {
                **row.model_dump(exclude={"seat", "submitter_id"}),
                "state_name": REVIEW_STATES[row.state],
                "criteria": criteria,
                "marks": [MarkOut.of(one) for one in given],
            }
        )


class PlanProposalOut(BaseModel):
    """Changes of the plan that a final review proposes."""

    case_id: str
    case_number: str
    case_title: str
    plan_version: str
    review_id: str
    finished_at: datetime
    proposals: list[ProposalOut]

    @classmethod
    def of(cls, row: ReviewRow, case: CaseRow) -> PlanProposalOut:
        """Show what a review proposes."""
        assert row.finished_at is not None
        return cls(
            case_id=case.id,
            case_number=case.number,
            case_title=case.title,
            plan_version=case.plan_version,
            review_id=row.id,
            finished_at=row.finished_at,
            proposals=[ProposalOut.model_validate(one) for one in row.proposals],
        )
