"""Posts with their analysis, and what they are found by."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.analysis.models.base import BY_KEY, Base


class Post(Base, table=True):
    """A post with its analysis. `author_hash` counts voices and is never shown nor searched by."""

    __tablename__: ClassVar[str] = "posts"
    __table_args__ = (
        sa.Index("ix_posts_published", "published_at", "id"),
        sa.Index("ix_posts_event", "event_id", "published_at", "id"),
        sa.Index("ix_posts_position", "position", unique=True),
        sa.Index("ix_posts_story", "story_hash", "published_at", "id"),
        sa.Index(
            "ix_posts_unlike",
            "story_hash",
            "published_at",
            "id",
            sqlite_where=sa.text("link IS NULL OR link = 'story'"),
            postgresql_where=sa.text("link IS NULL OR link = 'story'"),
        ),
        sa.Index(
            "ix_posts_unerased",
            "collected_at",
            sqlite_where=sa.text("erased_at IS NULL"),
            postgresql_where=sa.text("erased_at IS NULL"),
        ),
        sa.Index(
            "ix_posts_repeats",
            "repeats",
            "published_at",
            "id",
            sqlite_where=sa.text("repeats IS NOT NULL"),
            postgresql_where=sa.text("repeats IS NOT NULL"),
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
    #: where the page says its text is from
    outlet: str | None = None
    repost_of: str | None = Field(default=None, max_length=36)
    #: the first of repost_of, same_text_as and near_duplicate_of that is given
    repeats: str | None = Field(default=None, max_length=36)
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
    mentions: list[dict[str, Any]] = Field(sa_type=Json)
    facts: list[dict[str, Any]] = Field(sa_type=Json)
    model: str
    #: the tracker's partition that it belongs to
    partition: int
    #: the earlier post that it was joined to its event by, why ("repost", "text", "story", "hand"), and how alike
    parent_id: str | None = Field(default=None, max_length=36)
    link: str | None = Field(default=None, max_length=8)
    likeness: float | None = None
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: by which the index of words knows it; rises with the time of publication; null until it is indexed
    position: int | None = Field(default=None, sa_type=sa.BigInteger)


class PostTopic(Base, table=True):
    """A post and a topic that it belongs to."""

    __tablename__: ClassVar[str] = "post_topics"
    __table_args__ = BY_KEY

    topic: str = Field(primary_key=True, max_length=64)
    published_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    post_id: str = Field(primary_key=True, max_length=36)


class PostPlace(Base, table=True):
    """A post and a county that it speaks of."""

    __tablename__: ClassVar[str] = "post_places"
    __table_args__ = BY_KEY

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
