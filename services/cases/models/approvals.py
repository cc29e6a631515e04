"""Proposed levels, and who acts for whom in signing them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.cases.models.base import ID, NAME, WORD, Base, of_case


class ApprovalRow(Base, table=True):
    """A proposed level. `seat` is "pending" while it awaits a decision, else null: a case has one at a time.

    Of the step that it stands at: `waiting_since` when it began to wait, `told` what has been said of that,
    `climbed` the higher roles that may sign as well, `next_at` when there will next be something to say (null: never).
    """

    __tablename__: ClassVar[str] = "approvals"
    __table_args__ = (sa.UniqueConstraint("case_id", "seat"),)

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    kind: str = Field(sa_type=WORD)
    from_level: str = Field(sa_type=sa.String(4))
    to_level: str = Field(sa_type=sa.String(4))
    chain_level: str = Field(sa_type=sa.String(4))
    state: str = Field(sa_type=WORD)
    seat: str | None = Field(default=None, sa_type=WORD)
    step: int = Field(default=0, sa_type=sa.Integer)
    proposer_id: str | None = Field(default=None, sa_type=ID)
    proposer: str = Field(sa_type=NAME)
    reason: str = Field(sa_type=sa.Text)
    reasons: list[dict[str, Any]] = Field(sa_type=Json)
    signatures: list[dict[str, Any]] = Field(sa_type=Json)
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    waiting_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told: list[str] = Field(default_factory=list, sa_type=Json)
    climbed: list[str] = Field(default_factory=list, sa_type=Json)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class LeaveRow(Base, table=True):
    """A holder of a role does not act in it for a time: a delegation to another person, or an absence."""

    __tablename__: ClassVar[str] = "delegations"
    __table_args__ = (sa.Index(None, "ends_at", "role"), sa.Index(None, "starts_at", "id"))

    id: str = Field(sa_type=ID, primary_key=True)
    #: "delegation" or "absence"
    kind: str = Field(sa_type=WORD)
    role: str = Field(sa_type=WORD)
    holder_id: str = Field(sa_type=ID)
    holder: str = Field(sa_type=NAME)
    delegate_id: str | None = Field(default=None, sa_type=ID)
    delegate: str | None = Field(default=None, sa_type=NAME)
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    reason: str = Field(sa_type=sa.Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str = Field(sa_type=NAME)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_by: str | None = Field(default=None, sa_type=NAME)
    revoked_reason: str = Field(default="", sa_type=sa.Text)
    version: int = Field(default=1, sa_type=sa.Integer)
