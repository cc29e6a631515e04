"""Events, and what is told apart or counted in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.analysis.models.base import BY_KEY, Base


class Event(Base, table=True):
    """An event (舆情事件): running sums, tallies of words, and its figures as last worked out."""

    __tablename__: ClassVar[str] = "events"
    __table_args__ = (
        sa.Index("ix_events_heat", "heat", "id"),
        sa.Index("ix_events_last_seen", "last_seen", "id"),
        sa.Index("ix_events_stage", "stage", "last_seen"),
        sa.Index(
            "ix_events_merged",
            "merged_into",
            sqlite_where=sa.text("merged_into IS NOT NULL"),
            postgresql_where=sa.text("merged_into IS NOT NULL"),
        ),
        sa.Index("ix_events_incident", "incident_type", "heat", "id"),
        sa.Index(
            "ix_events_case_level",
            "case_level",
            "heat",
            "id",
            sqlite_where=sa.text("case_level IS NOT NULL"),
            postgresql_where=sa.text("case_level IS NOT NULL"),
        ),
        sa.Index(
            "ix_events_alert_level",
            "alert_level",
            "heat",
            "id",
            sqlite_where=sa.text("alert_level IS NOT NULL"),
            postgresql_where=sa.text("alert_level IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True, max_length=36)
    version: int
    title: str
    summary: str
    first_seen: datetime = Field(sa_type=UtcDateTime)
    last_seen: datetime = Field(sa_type=UtcDateTime)
    stage: str = Field(max_length=16)
    incident_type: str = Field(max_length=24)
    posts_total: int
    negatives: int
    reads: int = Field(sa_type=sa.BigInteger)
    interactions: int = Field(sa_type=sa.BigInteger)
    voices: int
    sources: int
    top_tier: str | None = Field(default=None, max_length=16)
    heat: float
    partition: int
    #: the post that it began with; where it is parted, the part with this post keeps the identity
    founder_id: str = Field(max_length=36)
    #: the event that it went up in; such an event has no posts and is not listed
    merged_into: str | None = Field(default=None, max_length=36)
    #: the gravest level at which an alert was raised on it, and the level at which a case on it is led
    alert_level: str | None = Field(default=None, max_length=4)
    case_level: str | None = Field(default=None, max_length=4)
    #: publication of the last text that title and summary rest on, once there are enough
    described_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tallies: dict[str, Any] = Field(sa_type=Json)
    metrics: dict[str, Any] = Field(sa_type=Json)
    #: when its figures should be worked out again though no post came; null once it is cold
    cools_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class EventTopic(Base, table=True):
    """An event and a topic of one of its posts."""

    __tablename__: ClassVar[str] = "event_topics"
    __table_args__ = BY_KEY

    topic: str = Field(primary_key=True, max_length=64)
    event_id: str = Field(primary_key=True, max_length=36)


class EventPlace(Base, table=True):
    """An event and a county that one of its posts speaks of."""

    __tablename__: ClassVar[str] = "event_places"
    __table_args__ = BY_KEY

    place: str = Field(primary_key=True, max_length=32)
    event_id: str = Field(primary_key=True, max_length=36)


class EventVoice(Base, table=True):
    """A distinct voice of an event; counted, never shown."""

    __tablename__: ClassVar[str] = "event_voices"
    __table_args__ = BY_KEY

    event_id: str = Field(primary_key=True, max_length=36)
    author_hash: str = Field(primary_key=True)


class EventSource(Base, table=True):
    """A distinct source of an event."""

    __tablename__: ClassVar[str] = "event_sources"
    __table_args__ = BY_KEY

    event_id: str = Field(primary_key=True, max_length=36)
    source: str = Field(primary_key=True)
