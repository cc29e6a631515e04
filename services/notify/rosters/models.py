"""The tables of rosters."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.notify.models import Base

_ID = sa.String(64)


def _roster_id() -> Any:
    return sa.Column(_ID, sa.ForeignKey("rosters.id", ondelete="CASCADE"), nullable=False, index=True)


class RosterRow(Base, table=True):
    """A roster. `rotations` are its layers in order, each as :class:`services.notify.rosters.schemas.RotationIn`.

    `longest_hours` is how long one person may be on duty in succession; `round_the_clock`, whether times for which
    nothing is planned are gaps. `links` counts how often its calendar links were
    withdrawn: those that were made before are void. `updated_at` moves with every change of who is on duty.
    """

    __tablename__: ClassVar[str] = "rosters"

    id: str = Field(sa_type=_ID, primary_key=True)
    name: str = Field(sa_type=sa.String(100))
    zone: str = Field(sa_type=sa.String(64))
    unit: str | None = Field(default=None, sa_type=sa.String(100), index=True)
    role: str | None = Field(default=None, sa_type=sa.String(32))
    longest_hours: int | None = Field(default=None, sa_type=sa.Integer)
    round_the_clock: bool = Field(default=True, sa_type=sa.Boolean)
    rotations: list[dict[str, Any]] = Field(sa_type=Json)
    links: int = Field(default=0, sa_type=sa.Integer)
    version: int = Field(default=1, sa_type=sa.Integer)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class RosterPerson(Base, table=True):
    """The people of a roster's rotations once more as rows, for finding whose rosters there are."""

    __tablename__: ClassVar[str] = "roster_people"

    roster_id: str = Field(sa_column=sa.Column(_ID, sa.ForeignKey("rosters.id", ondelete="CASCADE"), primary_key=True))
    contact_id: str = Field(sa_type=_ID, primary_key=True, index=True)


class OverrideRow(Base, table=True):
    """`contact_id` in the place of `replaces`, or besides everyone where that is empty."""

    __tablename__: ClassVar[str] = "roster_overrides"

    id: str = Field(sa_type=_ID, primary_key=True)
    roster_id: str = Field(sa_column=_roster_id())
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    contact_id: str = Field(sa_type=_ID)
    replaces: str | None = Field(default=None, sa_type=_ID)
    reason: str = Field(sa_type=sa.String(500))
    entered_by: str = Field(sa_type=sa.String(100))
    entered_at: datetime = Field(sa_type=UtcDateTime)


class SurgeRow(Base, table=True):
    """The whole roster replaced for some time, in shifts of `hours` hours; `lines` are lists of contact ids."""

    __tablename__: ClassVar[str] = "roster_surges"

    id: str = Field(sa_type=_ID, primary_key=True)
    roster_id: str = Field(sa_column=_roster_id())
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    hours: int = Field(sa_type=sa.Integer)
    lines: list[list[str]] = Field(sa_type=Json)
    reason: str = Field(sa_type=sa.String(500))
    entered_by: str = Field(sa_type=sa.String(100))
    entered_at: datetime = Field(sa_type=UtcDateTime)


class SwapRow(Base, table=True):
    """A shift of one person offered for a shift of another; in force while it is accepted."""

    __tablename__: ClassVar[str] = "roster_swaps"

    id: str = Field(sa_type=_ID, primary_key=True)
    roster_id: str = Field(sa_column=_roster_id())
    contact_id: str = Field(sa_type=_ID)
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    other_id: str = Field(sa_type=_ID)
    other_starts_at: datetime = Field(sa_type=UtcDateTime)
    other_ends_at: datetime = Field(sa_type=UtcDateTime)
    reason: str = Field(sa_type=sa.String(500))
    state: str = Field(sa_type=sa.String(16))
    proposed_by: str = Field(sa_type=sa.String(100))
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str | None = Field(default=None, sa_type=sa.String(100))
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class NoteRow(Base, table=True):
    """What whoever was on duty from `starts_at` to `ends_at` leaves to the next, and who of them read it."""

    __tablename__: ClassVar[str] = "roster_notes"

    id: str = Field(sa_type=_ID, primary_key=True)
    roster_id: str = Field(sa_column=_roster_id())
    contact_id: str = Field(sa_type=_ID)
    contact_name: str = Field(sa_type=sa.String(100))
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    text: str = Field(sa_type=sa.Text)
    written_by: str = Field(sa_type=sa.String(100))
    written_at: datetime = Field(sa_type=UtcDateTime)
    reader_id: str | None = Field(default=None, sa_type=_ID)
    reader_name: str | None = Field(default=None, sa_type=sa.String(100))
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ToldRow(Base, table=True):
    """A problem that the office has been told of and that is still there."""

    __tablename__: ClassVar[str] = "roster_problems_told"

    id: str = Field(sa_type=_ID, primary_key=True)
    roster_id: str = Field(sa_column=_roster_id())
    kind: str = Field(sa_type=sa.String(32))
    #: person and other roster that it is about
    about: str = Field(sa_type=sa.String(200))
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    told_at: datetime = Field(sa_type=UtcDateTime)
