"""Concerns of a case over HTTP, and the aftercare of its event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from contracts.findings import ConcernKind
from contracts.words import Role
from services.cases.concerns import ORIGIN_NAMES, STATE_NAMES, ConcernState, Origin, Share, weigh
from services.cases.models import ConcernRow
from services.cases.schemas.body import Body


class ConcernIn(Body):
    """A concern that came by another way than the event. Never who asked."""

    name: str = Field(min_length=1, max_length=100, examples=["过渡期生活补助何时发放"])
    kind: ConcernKind = ConcernKind.REQUEST
    origin: Origin = Field(examples=["hotline"])
    detail: str = Field("", max_length=5000)
    people: int = Field(1, ge=1, le=1_000_000, description="how many times it was asked")


class ConcernAnswerIn(Body):
    """The answer: a text, a published statement, or a task that is done; a text beside any of them."""

    text: str = Field(
        "", max_length=20_000, examples=["213户补偿款已于2月20日全部到账；未到账的5户因账户信息有误，将于3月10日前补发"]
    )
    statement_id: str | None = Field(None, max_length=64)
    task_id: str | None = Field(None, max_length=64)


class ConcernPassIn(Body):
    """To whom a concern is passed that is not this body's to answer."""

    unit: str = Field(min_length=1, max_length=200, examples=["县教育体育局"])
    role: Role = Role.DEPARTMENT
    reason: str = Field("", max_length=2000)


class ConcernReasonIn(Body):
    """Why a concern is taken up again."""

    reason: str = Field(min_length=1, max_length=2000)


class ConcernMergeIn(Body):
    """The concern of the same case into which this one is merged."""

    into: str = Field(min_length=1, max_length=64)


class ConcernOut(BaseModel):
    """A concern and the answer given to it. `posts` counts those of concerns merged into it as well.

    `posts_since` is how many came since it was answered: a reason to look whether the answer holds.
    """

    id: str
    case_id: str
    theme: str | None
    name: str = Field(examples=["补偿标准与兑现"])
    kind: ConcernKind
    origin: Origin
    origin_name: str = Field(examples=["网上信息"])
    detail: str
    posts: int
    by_kind: dict[ConcernKind, int]
    asks: list[dict[str, Any]] = Field(description="what is asked inside the theme: ask, name, posts")
    state: ConcernState
    state_name: str = Field(examples=["待答复"])
    answer: str
    statement_id: str | None
    task_id: str | None
    posts_since: int | None
    settled_at: datetime | None
    settled_by: str
    passed_to: str
    merged_into: str | None
    samples: str | None = Field(description="where analysis shows sample sentences of the event's concerns")
    created_at: datetime
    created_by: str
    version: int

    @classmethod
    def of(cls, row: ConcernRow, posts: int, event_id: str | None) -> ConcernOut:
        """Show a stored concern with its `posts`."""
        answered = row.state == ConcernState.ANSWERED and row.answered_posts is not None
        return cls.model_validate(
            {
                **row.model_dump(),
                "posts": posts,
                "origin_name": ORIGIN_NAMES[Origin(row.origin)],
                "state_name": STATE_NAMES[ConcernState(row.state)],
                "posts_since": row.posts - (row.answered_posts or 0) if answered else None,
                "samples": f"/api/v1/events/{event_id}/concerns" if row.theme and event_id else None,
            }
        )


def shown(rows: Sequence[ConcernRow], event_id: str | None) -> list[ConcernOut]:
    """Show a case's concerns: those that stand first, most posts first, merged ones last."""
    weights = weigh(rows)
    merged = ConcernState.MERGED
    ordered = sorted(
        rows, key=lambda row: (row.state == merged, -(row.posts if row.state == merged else weights[row.id]))
    )
    return [ConcernOut.of(row, row.posts if row.state == merged else weights[row.id], event_id) for row in ordered]


class ShareOut(BaseModel):
    """The share of a case's concerns that has been answered. `posts_share` weighs each by its posts; `passed` is not
    answered."""

    total: int
    answered: int
    passed: int
    share: float = Field(description="0..1")
    posts_share: float = Field(description="0..1")

    @classmethod
    def of(cls, share: Share) -> ShareOut:
        """Show a share."""
        return cls(
            total=share.total,
            answered=share.answered,
            passed=share.passed,
            share=share.share,
            posts_share=share.posts_share,
        )


class AftercareOut(BaseModel):
    """How an event is followed after the response. Figures are negative posts within one hour."""

    case_id: str
    active: bool = Field(description="whether the case is in monitoring")
    since: datetime
    until: datetime | None = Field(description="end of the window, while the case is in monitoring")
    days: int = Field(description="days whose figures were entered")
    over: bool
    threshold: int
    baseline: int = Field(description="when the response ended")
    figure: int = Field(description="when the event last moved")
    last_told: int | None
    last_told_at: datetime | None
    held: int | None = Field(description="a person let this figure pass: only a further rise counts")
    reopened: bool = Field(description="the plan has reopened the case and nobody has ended that response yet")
    rise: float
    reopen: str
