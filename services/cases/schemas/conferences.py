"""Press conferences over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.cases.models import ConferenceRow
from services.cases.schemas.body import Body, Instant


class ConferenceDecisionIn(Body):
    """The decision to hold a press conference, or not to, with its reason."""

    decision: Literal["hold", "not_hold"]
    reason: str = Field(min_length=1, max_length=2000, examples=["社会关注度高，须集中回应"])


class PressConferenceIn(Body):
    """A press conference that was held, recorded in one step (clause 五(三)3)."""

    held_at: Instant
    spokesperson: str = Field(min_length=1, max_length=100)
    record: str = Field("", max_length=20_000)


class SpokespersonIn(Body):
    """Who speaks."""

    name: str = Field(min_length=1, max_length=100)
    office: str = Field("", max_length=100, examples=["市政府副秘书长"])


class QuestionIn(Body):
    """A question of the Q&A paper with the answer that is proposed."""

    question: str = Field(min_length=1, max_length=1000)
    answer: str = Field("", max_length=10_000)


class PaperIn(Body):
    """The whole Q&A paper; an answer that stays word for word stays approved."""

    questions: list[QuestionIn] = Field(max_length=100)


class AnswerDecisionIn(Body):
    """A decision on one answer; sending it back needs a reason."""

    decision: Literal["approve", "reject"]
    comment: str = Field("", max_length=2000)


class AnnouncementIn(Body):
    """When and where it is held."""

    at: Instant
    place: str = Field(min_length=1, max_length=200, examples=["市政府新闻发布厅"])


class ConferenceHeldIn(Body):
    """What was said, on record."""

    held_at: Instant | None = Field(None, description="default: now")
    record: str = Field(min_length=1, max_length=50_000)


class ConferenceCancelIn(Body):
    """Why it is called off."""

    reason: str = Field(min_length=1, max_length=2000)


class ConferenceQuestionOut(BaseModel):
    """A question of the Q&A paper; `concern_id` where it is a concern of the case."""

    number: int
    question: str
    answer: str
    written_by: str
    approved_by: str | None
    comment: str
    concern_id: str | None


class ConferenceOut(BaseModel):
    """A press conference. `waived`: the decision not to hold one ended the clock."""

    id: str
    case_id: str
    sequence: int | None = Field(None, description="the timeline entry, where it was recorded in one step")
    state: Literal["decided", "announced", "held", "not_held", "cancelled"]
    reason: str
    decided_at: datetime
    decided_by: str
    waived: bool
    spokesperson: str
    spokesperson_office: str
    designated_at: datetime | None
    designated_by: str | None
    questions: list[ConferenceQuestionOut]
    planned_at: datetime | None
    place: str
    announced_at: datetime | None
    announced_by: str | None
    held_at: datetime | None
    record: str
    recorded_by: str | None

    @classmethod
    def of(cls, row: ConferenceRow, sequence: int | None = None) -> ConferenceOut:
        """Show a stored conference."""
        return cls.model_validate({**row.model_dump(), "sequence": sequence})
