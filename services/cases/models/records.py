"""The first tables of cases: plans, events as last heard of, alerts, cases and what belongs to each."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.cases.models.base import ID, NAME, WORD, Base, of_case


class PlanRow(Base, table=True):
    """A version of the plan as it was handed in. `seat` is "active" for the one in force, else null."""

    __tablename__: ClassVar[str] = "plans"

    version: str = Field(sa_type=sa.String(60), primary_key=True)
    name: str = Field(sa_type=NAME)
    text: str = Field(sa_type=sa.Text)
    digest: str = Field(sa_type=sa.String(64))
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str = Field(sa_type=NAME)
    activated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seat: str | None = Field(default=None, sa_type=WORD, unique=True)


class EventRow(Base, table=True):
    """An event as it was last heard of (`snapshot`: EventUpdated), and what people have established of it."""

    __tablename__: ClassVar[str] = "events"

    id: str = Field(sa_type=ID, primary_key=True)
    version: int = Field(sa_type=sa.Integer)
    snapshot: dict[str, Any] = Field(sa_type=Json)
    human_facts: dict[str, Any] = Field(sa_type=Json)
    #: the event that it has gone up in; its alerts count for that one
    merged_into: str | None = Field(default=None, sa_type=ID, index=True)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class AlertRow(Base, table=True):
    """A plan criterion met by an event; one for each level of an event, and one more each time that it is asked again.

    `round` counts from 1: a level that a person refused comes up again only for a new reason or after the plan's time.
    """

    __tablename__: ClassVar[str] = "alerts"
    __table_args__ = (sa.UniqueConstraint("event_id", "level", "round"), sa.Index(None, "raised_at", "id"))

    id: str = Field(sa_type=ID, primary_key=True)
    event_id: str = Field(sa_type=ID)
    event_title: str = Field(sa_type=sa.Text)
    level: str = Field(sa_type=sa.String(4))
    rank: int = Field(sa_type=sa.Integer)
    status: str = Field(sa_type=WORD)
    reasons: list[dict[str, Any]] = Field(sa_type=Json)
    case_id: str | None = Field(default=None, sa_type=ID, index=True)
    plan_version: str = Field(sa_type=sa.String(60))
    raised_at: datetime = Field(sa_type=UtcDateTime)
    round: int = Field(default=1, sa_type=sa.Integer)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_by: str | None = Field(default=None, sa_type=NAME)
    reason: str = Field(default="", sa_type=sa.Text)
    version: int = Field(default=1, sa_type=sa.Integer)


class CaseRow(Base, table=True):
    """One response. `open_event_id` is the event's id while the case is open, so that an event has one open case.

    `sequence` and `head` are the number and seal of the last timeline entry; `sequence` is also the entity tag.
    """

    __tablename__: ClassVar[str] = "cases"
    __table_args__ = (sa.Index(None, "opened_at", "id"), sa.Index(None, "state", "opened_at", "id"))

    id: str = Field(sa_type=ID, primary_key=True)
    number: str = Field(sa_type=WORD, unique=True)
    title: str = Field(sa_type=sa.Text)
    summary: str = Field(default="", sa_type=sa.Text)
    state: str = Field(sa_type=WORD)
    level: str = Field(sa_type=sa.String(4))
    level_active: bool = Field(default=False, sa_type=sa.Boolean)
    event_id: str | None = Field(default=None, sa_type=ID, index=True)
    open_event_id: str | None = Field(default=None, sa_type=ID, unique=True)
    alert_id: str | None = Field(default=None, sa_type=ID)
    incident_type: str = Field(sa_type=WORD)
    plan_version: str = Field(sa_type=sa.String(60))
    automatic: bool = Field(default=False, sa_type=sa.Boolean)
    opened_by: str = Field(sa_type=NAME)
    watch_mode: str = Field(sa_type=WORD)
    drill: bool = Field(default=False, sa_type=sa.Boolean)
    detected_at: datetime = Field(sa_type=UtcDateTime)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    monitoring_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resurged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sequence: int = Field(default=0, sa_type=sa.Integer)
    head: str = Field(default="", sa_type=sa.String(64))


class CaseNumber(Base, table=True):
    """How many cases a year has had."""

    __tablename__: ClassVar[str] = "case_numbers"

    year: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    last: int = Field(sa_type=sa.Integer)


class TimelineRow(Base, table=True):
    """An entry of a case's timeline. `body` is canonical JSON, the very text that is sealed."""

    __tablename__: ClassVar[str] = "timeline"

    case_id: str = Field(sa_column=sa.Column(ID, sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True))
    sequence: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    kind: str = Field(sa_type=WORD)
    at: datetime = Field(sa_type=UtcDateTime)
    body: str = Field(sa_type=sa.Text)
    previous: str = Field(sa_type=sa.String(64))
    hash: str = Field(sa_type=sa.String(64))


class ClockRow(Base, table=True):
    """A deadline. `next_at` is when it will next have something to say (null: never)."""

    __tablename__: ClassVar[str] = "clocks"

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    kind: str = Field(sa_type=WORD)
    level: str = Field(sa_type=sa.String(4))
    started_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    state: str = Field(sa_type=WORD)
    warned: int = Field(default=0, sa_type=sa.Integer)
    escalated: int = Field(default=0, sa_type=sa.Integer)
    breached_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    proposal_id: str | None = Field(default=None, sa_type=ID)
    replaces: str | None = Field(default=None, sa_type=ID)
    subject: str | None = Field(default=None, sa_type=ID)
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_seconds: float = Field(default=0.0, sa_type=sa.Float)
    met_by: dict[str, Any] | None = Field(default=None, sa_type=Json)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class NoticeRow(Base, table=True):
    """A notification that was asked for, so that its acknowledgement can be held against the right clock."""

    __tablename__: ClassVar[str] = "notices"

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str | None = Field(default=None, sa_type=ID, index=True)
    alert_id: str | None = Field(default=None, sa_type=ID)
    kind: str = Field(sa_type=WORD)
    level: str = Field(sa_type=sa.String(4))
    requires_acknowledgement: bool = Field(sa_type=sa.Boolean)
    requested_at: datetime = Field(sa_type=UtcDateTime)
