"""The course of events, and what is remembered of how they were graded."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.cases.models.base import ID, NAME, Base


class CoursePoint(Base, table=True):
    """The facts of an event at an instant, as the criteria of any plan may look at them. No words of posts are in it.

    `figures` is what :mod:`services.cases.plan.course` encodes, `topics` the event's topics joined by commas. An event
    that has gone up in another has that one's id in `merged_into`. `said_by` is who established human facts just then.
    """

    __tablename__: ClassVar[str] = "event_courses"
    #: kept in the order of its key, in which a replay reads it
    __table_args__ = ({"sqlite_with_rowid": False},)

    event_id: str = Field(sa_type=ID, primary_key=True)
    #: milliseconds since 1970 in UTC: a replay reads a million of them
    at_ms: int = Field(sa_column=sa.Column(sa.BigInteger, primary_key=True, autoincrement=False, index=True))
    figures: str = Field(sa_type=sa.Text)
    topics: str = Field(default="", sa_type=sa.Text)
    merged_into: str | None = Field(default=None, sa_type=ID)
    said_by: str | None = Field(default=None, sa_type=NAME)


class StandingRow(Base, table=True):
    """What is remembered of an event between two looks at it.

    `holding` is :class:`services.cases.plan.holding.Holding` as JSON, null before the event was first graded.
    `last_ms`, `last_point` and `last_kept` are of the newest point of its course: when, its content, and whether
    something was raised or said on it, so that it stays though others follow within the minute. `eases_at` is when a
    lower level may be told of.
    """

    __tablename__: ClassVar[str] = "event_standings"

    event_id: str = Field(sa_type=ID, primary_key=True)
    holding: dict[str, Any] | None = Field(default=None, sa_type=Json)
    last_ms: int | None = Field(default=None, sa_type=sa.BigInteger)
    last_point: str = Field(default="", sa_type=sa.Text)
    last_kept: bool = Field(default=False, sa_type=sa.Boolean)
    eases_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    updated_at: datetime = Field(sa_type=UtcDateTime)
