"""Tables of communication checks: checks, whom each asked, and the schedules of regular ones."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import UtcDateTime
from services.notify.models import Base

_ID = sa.String(64)


class CommunicationCheck(Base, table=True):
    """One check. `notification_id` is what everyone was sent; `closed_at` is empty while it runs."""

    __tablename__: ClassVar[str] = "communication_checks"
    __table_args__ = (sa.Index(None, "started_at", "id"),)

    id: str = Field(sa_type=_ID, primary_key=True)
    notification_id: str = Field(
        sa_column=sa.Column(_ID, sa.ForeignKey("notifications.id", ondelete="CASCADE"), nullable=False, unique=True)
    )
    schedule_id: str | None = Field(default=None, sa_type=_ID)
    scope: str = Field(sa_type=sa.String(16))
    unit: str | None = Field(default=None, sa_type=sa.String(100))
    text: str = Field(sa_type=sa.Text)
    drill: bool = Field(sa_type=sa.Boolean)
    started_at: datetime = Field(sa_type=UtcDateTime)
    started_by: str = Field(sa_type=sa.String(100))
    remind_at: datetime = Field(sa_type=UtcDateTime)
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deadline: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class CheckedContact(Base, table=True):
    """One person whom a check asked, as they were then, and their first answer."""

    __tablename__: ClassVar[str] = "checked_contacts"

    check_id: str = Field(
        sa_column=sa.Column(_ID, sa.ForeignKey("communication_checks.id", ondelete="CASCADE"), primary_key=True)
    )
    contact_id: str = Field(sa_type=_ID, primary_key=True)
    contact_name: str = Field(sa_type=sa.String(100))
    unit: str | None = Field(default=None, sa_type=sa.String(100))
    county: bool = Field(sa_type=sa.Boolean)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_via: str | None = Field(default=None, sa_type=sa.String(16))
    answered_channel: str | None = Field(default=None, sa_type=sa.String(16))


class CheckSchedule(Base, table=True):
    """A check that is made every month on `day` at `time` (HH:MM, Shanghai)."""

    __tablename__: ClassVar[str] = "check_schedules"

    id: str = Field(sa_type=_ID, primary_key=True)
    name: str = Field(sa_type=sa.String(100))
    scope: str = Field(sa_type=sa.String(16))
    unit: str | None = Field(default=None, sa_type=sa.String(100))
    text: str = Field(sa_type=sa.Text)
    minutes: int = Field(sa_type=sa.Integer)
    drill: bool = Field(sa_type=sa.Boolean)
    day: int = Field(sa_type=sa.Integer)
    time: str = Field(sa_type=sa.String(5))
    workdays_only: bool = Field(sa_type=sa.Boolean)
    enabled: bool = Field(sa_type=sa.Boolean)
    next_at: datetime = Field(sa_type=UtcDateTime, index=True)
    version: int = Field(default=1, sa_type=sa.Integer)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    updated_by: str = Field(sa_type=sa.String(100))
