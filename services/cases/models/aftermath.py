"""What is asked of outlets, what people ask for, and what follows the response: corrections, concerns, aftercare,
reviews."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.cases.models.base import ID, NAME, WORD, Base, of_case


class CorrectionRow(Base, table=True):
    """A correction request (更正请求): number `number` of a case.

    `writers` are ids of all who wrote any of it, none of whom may approve it. `letter` is frozen by the second
    approval. `remind_at` is when the pass will next look at it (null: never).
    """

    __tablename__: ClassVar[str] = "corrections"
    __table_args__ = (sa.UniqueConstraint("case_id", "number"),)

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    number: int = Field(sa_type=sa.Integer)
    outlet: str = Field(sa_type=NAME)
    title: str = Field(default="", sa_type=sa.Text)
    url: str = Field(sa_type=sa.Text)
    claim: str = Field(sa_type=sa.Text)
    #: [{"kind": "document" | "link" | "record", "description", "url", "reference"}]
    evidence: list[dict[str, Any]] = Field(sa_type=Json)
    fact: str = Field(sa_type=sa.Text)
    fact_source: str = Field(sa_type=sa.Text)
    fact_id: str | None = Field(default=None, sa_type=ID)
    statement_id: str | None = Field(default=None, sa_type=ID)
    note: str = Field(default="", sa_type=sa.Text)
    state: str = Field(sa_type=WORD)
    author: str = Field(sa_type=NAME)
    writers: list[str] = Field(sa_type=Json)
    signatures: list[dict[str, Any]] = Field(sa_type=Json)
    letter: str = Field(default="", sa_type=sa.Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_by: str = Field(default="", sa_type=NAME)
    sent_way: str = Field(default="", sa_type=NAME)
    sent_to: str = Field(default="", sa_type=NAME)
    outcome: str | None = Field(default=None, sa_type=WORD)
    outcome_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer: str = Field(default="", sa_type=sa.Text)
    published_url: str = Field(default="", sa_type=sa.Text)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = Field(default="", sa_type=sa.Text)
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    version: int = Field(default=1, sa_type=sa.Integer)


class ConcernRow(Base, table=True):
    """A concern (诉求) of a case: a theme of its event with counts, or one entered by hand (`theme` null).

    `posts` counts posts, or people who asked where it was entered by hand. `answered_posts` is that figure when it was
    answered. One that was merged (`merged_into`) keeps its own figure, which counts for the other.
    """

    __tablename__: ClassVar[str] = "case_concerns"
    __table_args__ = (sa.UniqueConstraint("case_id", "theme"),)

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    theme: str | None = Field(default=None, sa_type=WORD)
    name: str = Field(sa_type=NAME)
    kind: str = Field(sa_type=WORD)
    #: where it comes from: "event" or a channel of :class:`services.cases.concerns.Origin`
    origin: str = Field(sa_type=WORD)
    detail: str = Field(default="", sa_type=sa.Text)
    posts: int = Field(sa_type=sa.Integer)
    by_kind: dict[str, Any] = Field(sa_type=Json)
    asks: list[dict[str, Any]] = Field(sa_type=Json)
    state: str = Field(sa_type=WORD)
    answer: str = Field(default="", sa_type=sa.Text)
    statement_id: str | None = Field(default=None, sa_type=ID)
    task_id: str | None = Field(default=None, sa_type=ID)
    answered_posts: int | None = Field(default=None, sa_type=sa.Integer)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_by: str = Field(default="", sa_type=NAME)
    passed_to: str = Field(default="", sa_type=NAME)
    merged_into: str | None = Field(default=None, sa_type=ID)
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str = Field(sa_type=NAME)
    version: int = Field(default=1, sa_type=sa.Integer)


class AftercareRow(Base, table=True):
    """How an event is followed after the response of its case has ended (clause 六(一)); at most one row a case.

    Figures of negative posts are those of :mod:`services.cases.resurgence`. `next_at` is when the pass will next look
    at it: a day's figures, or the end of the window.
    """

    __tablename__: ClassVar[str] = "aftercare"

    case_id: str = Field(sa_column=sa.Column(ID, sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True))
    since: datetime = Field(sa_type=UtcDateTime)
    event_id: str | None = Field(default=None, sa_type=ID)
    #: negative posts within the hour before the response ended
    baseline: int = Field(default=0, sa_type=sa.Integer)
    #: [[instant, negative posts in all]], at most one a minute, over the last hour
    samples: list[Any] = Field(sa_type=Json)
    figure: int = Field(default=0, sa_type=sa.Integer)
    told: int | None = Field(default=None, sa_type=sa.Integer)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    held: int | None = Field(default=None, sa_type=sa.Integer)
    above_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: whether the plan reopened the case and no person has yet ended that response
    reopened: bool = Field(default=False, sa_type=sa.Boolean)
    days: int = Field(default=0, sa_type=sa.Integer)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class ReviewRow(Base, table=True):
    """The assessment after a case (总结评估), number `number`: a case that was reopened is reviewed again.

    `seat` is "draft" until it is final: a case has one draft at a time. `digest` is the SHA-256 of the final text in
    canonical JSON, as :func:`services.cases.review.digest` makes it.
    """

    __tablename__: ClassVar[str] = "reviews"
    __table_args__ = (sa.UniqueConstraint("case_id", "number"), sa.UniqueConstraint("case_id", "seat"))

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    number: int = Field(sa_type=sa.Integer)
    seat: str | None = Field(default=None, sa_type=WORD)
    state: str = Field(sa_type=WORD)
    facts: dict[str, Any] = Field(sa_type=Json)
    #: [{"title", "text"}] in the order of the plan
    sections: list[dict[str, Any]] = Field(sa_type=Json)
    lessons: str = Field(default="", sa_type=sa.Text)
    #: [{"text", "path"}]
    proposals: list[dict[str, Any]] = Field(sa_type=Json)
    conclusion: str = Field(default="", sa_type=sa.Text)
    started_at: datetime = Field(sa_type=UtcDateTime)
    started_by: str = Field(sa_type=NAME)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    submitter_id: str | None = Field(default=None, sa_type=ID)
    submitter: str = Field(default="", sa_type=NAME)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_by: str = Field(default="", sa_type=NAME)
    comment: str = Field(default="", sa_type=sa.Text)
    digest: str = Field(default="", sa_type=sa.String(64))
    version: int = Field(default=1, sa_type=sa.Integer)


class ReviewMarkRow(Base, table=True):
    """One person's marks of a review: a figure for each of the plan's criteria."""

    __tablename__: ClassVar[str] = "review_marks"

    review_id: str = Field(sa_column=sa.Column(ID, sa.ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True))
    person_id: str = Field(sa_type=ID, primary_key=True)
    person: str = Field(sa_type=NAME)
    role: str = Field(sa_type=WORD)
    marks: dict[str, Any] = Field(sa_type=Json)
    comment: str = Field(default="", sa_type=sa.Text)
    at: datetime = Field(sa_type=UtcDateTime)
