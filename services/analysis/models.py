"""Tables of analysis. Posts, events and what leads from one to the other; topics.

Rows are written by the tracker in batches. Association tables carry the time, so that lists filtered by topic or place
are read off one index. They have no foreign keys: posts and events are never deleted.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from kit.database import Json, UtcDateTime, table_base
from kit.outbox import bookkeeping_tables

if TYPE_CHECKING:
    from sqlmodel import SQLModel as Base
else:
    Base = table_base()
bookkeeping_tables(Base.metadata)


#: SQLite keeps such a table in the order of its key: smaller, and half the writes.
_BY_KEY = {"sqlite_with_rowid": False}

__all__ = [
    "Base",
    "EarlyRecount",
    "Event",
    "EventHour",
    "EventPlace",
    "EventSource",
    "EventTopic",
    "EventVoice",
    "NearBand",
    "NearText",
    "Post",
    "PostPlace",
    "PostTopic",
    "Topic",
    "TopicRevision",
    "TrendHour",
    "table",
]


class Topic(Base, table=True):
    """A topic (监测专题), from the plan or by a user. `problem` says why its query cannot be used."""

    __tablename__: ClassVar[str] = "topics"

    id: str = Field(primary_key=True, max_length=36)
    key: str = Field(unique=True, max_length=64)
    name: str
    query: str
    places: list[str] = Field(sa_type=Json)
    exclude: list[str] = Field(sa_type=Json)
    origin: str = Field(max_length=8)
    plan_version: str | None = None
    enabled: bool = True
    problem: str | None = None
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class TopicRevision(Base, table=True):
    """One row whose number rises with every change of the topics, cheap to watch."""

    __tablename__: ClassVar[str] = "topic_revision"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: int


class Post(Base, table=True):
    """A post with its analysis. `author_hash` counts voices and is never shown nor searched by."""

    __tablename__: ClassVar[str] = "posts"
    __table_args__ = (
        sa.Index("ix_posts_published", "published_at", "id"),
        sa.Index("ix_posts_event", "event_id", "published_at", "id"),
        sa.Index("ix_posts_sentiment", "sentiment", "published_at", "id"),
        sa.Index("ix_posts_incident", "incident_type", "published_at", "id"),
        sa.Index("ix_posts_channel", "channel", "published_at", "id"),
        sa.Index("ix_posts_source", "source", "published_at", "id"),
        sa.Index("ix_posts_source_name", "source_name", "published_at", "id"),
        sa.Index("ix_posts_story", "story_hash", "event_id"),
        sa.Index(
            "ix_posts_unerased",
            "collected_at",
            sqlite_where=sa.text("erased_at IS NULL"),
            postgresql_where=sa.text("erased_at IS NULL"),
        ),
        sa.Index(
            "ix_posts_repost",
            "repost_of",
            sqlite_where=sa.text("repost_of IS NOT NULL"),
            postgresql_where=sa.text("repost_of IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True, max_length=36)
    event_id: str = Field(max_length=36)
    url: str | None = None
    title: str
    text: str
    channel: str = Field(max_length=16)
    #: id of the source, else its name, else the host of the address
    source: str | None = None
    source_name: str | None = None
    source_tier: str | None = Field(default=None, max_length=16)
    author_hash: str | None = None
    published_at: datetime = Field(sa_type=UtcDateTime)
    collected_at: datetime = Field(sa_type=UtcDateTime)
    reads: int = Field(sa_type=sa.BigInteger)
    likes: int = Field(sa_type=sa.BigInteger)
    comments: int = Field(sa_type=sa.BigInteger)
    reposts: int = Field(sa_type=sa.BigInteger)
    counted_at: datetime = Field(sa_type=UtcDateTime)
    same_text_as: str | None = Field(default=None, max_length=36)
    near_duplicate_of: str | None = Field(default=None, max_length=36)
    repost_of: str | None = Field(default=None, max_length=36)
    story_hash: int = Field(sa_type=sa.BigInteger)
    sentiment: str = Field(max_length=8)
    score: float
    negative: float
    neutral: float
    positive: float
    incident_type: str = Field(max_length=24)
    incident_confidence: float
    topics: list[str] = Field(sa_type=Json)
    places: list[str] = Field(sa_type=Json)
    keywords: list[str] = Field(sa_type=Json)
    model: str
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PostTopic(Base, table=True):
    """A post and a topic that it belongs to."""

    __tablename__: ClassVar[str] = "post_topics"
    __table_args__ = _BY_KEY

    topic: str = Field(primary_key=True, max_length=64)
    published_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    post_id: str = Field(primary_key=True, max_length=36)


class PostPlace(Base, table=True):
    """A post and a county that it speaks of."""

    __tablename__: ClassVar[str] = "post_places"
    __table_args__ = _BY_KEY

    place: str = Field(primary_key=True, max_length=32)
    published_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    post_id: str = Field(primary_key=True, max_length=36)


class EarlyRecount(Base, table=True):
    """Counters that came before their post."""

    __tablename__: ClassVar[str] = "early_recounts"

    post_id: str = Field(primary_key=True, max_length=36)
    observed_at: datetime = Field(sa_type=UtcDateTime)
    reads: int = Field(sa_type=sa.BigInteger)
    likes: int = Field(sa_type=sa.BigInteger)
    comments: int = Field(sa_type=sa.BigInteger)
    reposts: int = Field(sa_type=sa.BigInteger)
    seen_at: datetime = Field(sa_type=UtcDateTime, index=True)


class Event(Base, table=True):
    """An event (舆情事件): running sums, tallies of words, and its figures as last worked out."""

    __tablename__: ClassVar[str] = "events"
    __table_args__ = (
        sa.Index("ix_events_heat", "heat", "id"),
        sa.Index("ix_events_last_seen", "last_seen", "id"),
        sa.Index("ix_events_incident", "incident_type", "heat", "id"),
    )

    id: str = Field(primary_key=True, max_length=36)
    version: int
    title: str
    summary: str
    lead_id: str = Field(max_length=36)
    lead_at: datetime = Field(sa_type=UtcDateTime)
    lead_repost: bool
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
    prototypes: int
    tallies: dict[str, Any] = Field(sa_type=Json)
    metrics: dict[str, Any] = Field(sa_type=Json)
    #: when its figures should be worked out again though no post came; null once it is cold
    cools_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class EventTopic(Base, table=True):
    """An event and a topic of one of its posts."""

    __tablename__: ClassVar[str] = "event_topics"
    __table_args__ = _BY_KEY

    topic: str = Field(primary_key=True, max_length=64)
    event_id: str = Field(primary_key=True, max_length=36)


class EventPlace(Base, table=True):
    """An event and a county that one of its posts speaks of."""

    __tablename__: ClassVar[str] = "event_places"
    __table_args__ = _BY_KEY

    place: str = Field(primary_key=True, max_length=32)
    event_id: str = Field(primary_key=True, max_length=36)


class EventVoice(Base, table=True):
    """A distinct voice of an event; counted, never shown."""

    __tablename__: ClassVar[str] = "event_voices"
    __table_args__ = _BY_KEY

    event_id: str = Field(primary_key=True, max_length=36)
    author_hash: str = Field(primary_key=True)


class EventSource(Base, table=True):
    """A distinct source of an event."""

    __tablename__: ClassVar[str] = "event_sources"
    __table_args__ = _BY_KEY

    event_id: str = Field(primary_key=True, max_length=36)
    source: str = Field(primary_key=True)


class EventHour(Base, table=True):
    """Posts of an event that were published in one hour."""

    __tablename__: ClassVar[str] = "event_hours"
    __table_args__ = _BY_KEY

    event_id: str = Field(primary_key=True, max_length=36)
    hour: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    posts: int
    negatives: int


class TrendHour(Base, table=True):
    """Posts that were published in one hour, by topic (empty: all posts) and sentiment."""

    __tablename__: ClassVar[str] = "trend_hours"
    __table_args__ = _BY_KEY

    topic: str = Field(primary_key=True, max_length=64)
    hour: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    sentiment: str = Field(primary_key=True, max_length=8)
    posts: int


class NearText(Base, table=True):
    """A text that new posts of an event are compared with: its MinHash signature, little-endian 32-bit numbers."""

    __tablename__: ClassVar[str] = "near_texts"

    id: str = Field(primary_key=True, max_length=36)
    event_id: str = Field(max_length=36)
    signature: bytes
    #: when it was made or a post last resembled it, to the day; what nothing resembles any more is dropped
    used_at: datetime = Field(sa_type=UtcDateTime, index=True)


class NearBand(Base, table=True):
    """A band key of a signature."""

    __tablename__: ClassVar[str] = "near_bands"
    __table_args__ = _BY_KEY

    band: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    text_id: str = Field(primary_key=True, max_length=36)


def table(model: type[SQLModel]) -> sa.Table:
    """Return the table of a model, for statements over many rows."""
    found: sa.Table = model.__table__  # type: ignore[attr-defined]
    return found
