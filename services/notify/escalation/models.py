"""Tables of escalation: policies, the notifications that each is for, running escalations and the calls they made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.notify.models import Base

_ID = sa.String(64)


class EscalationPolicy(Base, table=True):
    """A policy. `body` is :class:`services.notify.escalation.policy.Policy` as JSON; `shipped`: it came with us."""

    __tablename__: ClassVar[str] = "escalation_policies"

    id: str = Field(sa_type=_ID, primary_key=True)
    name: str = Field(sa_type=sa.String(100))
    body: dict[str, Any] = Field(sa_type=Json)
    shipped: bool = Field(default=False, sa_type=sa.Boolean)
    version: int = Field(default=1, sa_type=sa.Integer)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    updated_by: str = Field(sa_type=sa.String(100))


class EscalationScope(Base, table=True):
    """One kind at one level of an enabled policy: the key keeps two policies from escalating the same notification."""

    __tablename__: ClassVar[str] = "escalation_scopes"

    kind: str = Field(sa_type=sa.String(32), primary_key=True)
    level: str = Field(sa_type=sa.String(4), primary_key=True)
    policy_id: str = Field(
        sa_column=sa.Column(
            _ID, sa.ForeignKey("escalation_policies.id", ondelete="CASCADE"), nullable=False, index=True
        )
    )


class Escalation(Base, table=True):
    """One notification's escalation. `policy` is the copy that it began with; later edits don't change what runs.

    `round`, `step`, `due_at` and `set_at` are :class:`services.notify.escalation.progress.Progress`.
    """

    __tablename__: ClassVar[str] = "escalations"
    __table_args__ = (sa.Index(None, "state", "due_at"), sa.Index(None, "started_at", "id"))

    id: str = Field(sa_type=_ID, primary_key=True)
    notification_id: str = Field(
        sa_column=sa.Column(_ID, sa.ForeignKey("notifications.id", ondelete="CASCADE"), nullable=False, unique=True)
    )
    policy_id: str = Field(sa_type=_ID)
    policy_version: int = Field(sa_type=sa.Integer)
    policy: dict[str, Any] = Field(sa_type=Json)
    state: str = Field(sa_type=sa.String(16))
    round: int = Field(sa_type=sa.Integer)
    step: int = Field(sa_type=sa.Integer)
    due_at: datetime = Field(sa_type=UtcDateTime)
    set_at: datetime = Field(sa_type=UtcDateTime)
    handed_on_by: str | None = Field(default=None, sa_type=sa.String(100))
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = Field(default=None, sa_type=sa.String(100))
    ended_via: str | None = Field(default=None, sa_type=sa.String(16))
    reason: str = Field(default="", sa_type=sa.Text)
    version: int = Field(default=1, sa_type=sa.Integer)


class EscalationCall(Base, table=True):
    """One person of one call. The key is why nobody is told twice for one step of one round.

    `told` is off for people of the step who had acknowledged before and were left alone.
    """

    __tablename__: ClassVar[str] = "escalation_calls"

    escalation_id: str = Field(
        sa_column=sa.Column(_ID, sa.ForeignKey("escalations.id", ondelete="CASCADE"), primary_key=True)
    )
    turn: int = Field(sa_type=sa.Integer, primary_key=True)
    contact_id: str = Field(sa_type=_ID, primary_key=True)
    round: int = Field(sa_type=sa.Integer)
    step: int = Field(sa_type=sa.Integer)
    contact_name: str = Field(sa_type=sa.String(100))
    role: str | None = Field(default=None, sa_type=sa.String(32))
    note: str = Field(default="", sa_type=sa.Text)
    told: bool = Field(sa_type=sa.Boolean)
    at: datetime = Field(sa_type=UtcDateTime)


class Settlement(Base, table=True):
    """What needs no telling any more: `subject` is ``alert:<id>`` or ``case:<id>``, `at` since when."""

    __tablename__: ClassVar[str] = "settlements"

    subject: str = Field(sa_type=sa.String(80), primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str | None = Field(default=None, sa_type=sa.String(100))
    reason: str = Field(default="", sa_type=sa.Text)
