"""Counts by the time of publication, from which any window is added up (docs/metrics.md).

Every post is counted into its hour and into its day, so that the hours can go once they are old and no total changes.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import UtcDateTime
from services.analysis.models.base import BY_KEY, Base


class EventHour(Base, table=True):
    """Posts of an event that were published in one hour."""

    __tablename__: ClassVar[str] = "event_hours"
    __table_args__ = (sa.Index("ix_event_hours_hour", "hour"), BY_KEY)

    event_id: str = Field(primary_key=True, max_length=36)
    hour: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    posts: int
    negatives: int


class EventDay(Base, table=True):
    """Posts of an event that were published on one day of Asia/Shanghai; `day` is its midnight."""

    __tablename__: ClassVar[str] = "event_days"
    __table_args__ = BY_KEY

    event_id: str = Field(primary_key=True, max_length=36)
    day: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    posts: int
    negatives: int


class TrendHour(Base, table=True):
    """Posts that were published in one hour, by what they are told apart by.

    `kind` is "all" (with `key` empty), "topic", "place" or "channel".
    """

    __tablename__: ClassVar[str] = "trend_hours"
    __table_args__ = (sa.Index("ix_trend_hours_hour", "kind", "hour", "key"), BY_KEY)

    kind: str = Field(primary_key=True, max_length=8)
    key: str = Field(primary_key=True, max_length=64)
    hour: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    negative: int
    neutral: int
    positive: int


class TrendDay(Base, table=True):
    """Posts that were published on one day of Asia/Shanghai; `kind` and `key` as in :class:`TrendHour`."""

    __tablename__: ClassVar[str] = "trend_days"
    __table_args__ = BY_KEY

    kind: str = Field(primary_key=True, max_length=8)
    key: str = Field(primary_key=True, max_length=64)
    day: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    negative: int
    neutral: int
    positive: int
