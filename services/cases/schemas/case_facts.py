"""Confirmed facts over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.cases.models import CaseFactRow
from services.cases.schemas.body import Body, Instant
from services.cases.voice.confirmed import ConfirmedFactKind

Name = Annotated[str, Field(min_length=1, max_length=100)]


class CaseFactIn(Body):
    """A fact to be confirmed, as officers write it."""

    kind: ConfirmedFactKind
    subject: str = Field(
        min_length=1, max_length=40, pattern=r"^[\w\u4e00-\u9fff]+$", examples=["死亡人数", "受影响户数", "事发时间"]
    )
    value: str = Field(min_length=1, max_length=2000, examples=["213户"])
    as_of: Instant | None = Field(None, description="what it holds as of; now where it is not given")
    source: str = Field(min_length=1, max_length=500, examples=["景谷县应急管理局现场核查"])
    evidence: str = Field("", max_length=2000, description="link or file number of the evidence")
    aliases: list[Name] = Field(default_factory=list, max_length=20, description="other names of the same")


class FactWithdrawIn(Body):
    """Why a fact is withdrawn."""

    reason: str = Field(min_length=1, max_length=2000)


class CaseFactOut(BaseModel):
    """A confirmed fact; `current` while it is in force."""

    id: str
    case_id: str
    kind: ConfirmedFactKind
    subject: str
    value: str
    as_of: datetime
    source: str
    evidence: str
    aliases: list[str]
    confirmed_by: str
    confirmed_at: datetime
    current: bool
    superseded_by: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str

    @classmethod
    def of(cls, row: CaseFactRow) -> CaseFactOut:
        """Show a stored fact."""
        return cls(**row.model_dump(exclude={"confirmed_by_id", "seat"}), current=row.seat is not None)
