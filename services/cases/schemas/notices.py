"""The plan's notification matrix, expanded, over HTTP."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field

from contracts.messages import Audience
from contracts.words import Level, NotificationKind
from services.cases.service.matrix import PlanNotices


class NoticeOut(Audience):
    """Whom a row of the matrix names: what notify is asked for. `number` is the row's, from 1."""

    number: int | None = Field(description="none: for those alone who have subscribed to a topic")
    clause: str


class NoticesOut(BaseModel):
    """Whom the plan names for a kind at a level, row by row. `POST /notifications/dry-run` takes it as it is."""

    version: str
    kind: NotificationKind
    level: Level
    notices: list[NoticeOut]

    @classmethod
    def of(cls, named: PlanNotices) -> Self:
        """Show whom the matrix names."""
        notices = [NoticeOut(number=one.number, clause=one.clause, **dict(one.audience)) for one in named.notices]
        return cls(version=named.version, kind=named.kind, level=named.level, notices=notices)
