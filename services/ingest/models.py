"""Ingest's tables."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime, table_base
from kit.outbox import bookkeeping_tables

if TYPE_CHECKING:
    from sqlmodel import SQLModel as Base
else:
    Base = table_base()

__all__ = [
    "EVIDENCE",
    "HABITS",
    "PASSES",
    "PLAN_TOPICS",
    "POSTS",
    "PURGES",
    "RANKINGS",
    "SCHEDULES",
    "SOURCES",
    "WATCHES",
    "Base",
]


class SourceRow(Base, table=True):
    """A source that users have made."""

    __tablename__: ClassVar[str] = "sources"

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(unique=True, max_length=100)
    channel: str = Field(max_length=16)
    tier: str = Field(max_length=16)
    url: str | None = Field(default=None, max_length=2000)
    enabled: bool = True
    #: how it is collected; empty: posts are pushed to it
    adapter: str = Field(default="", max_length=32)
    config: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    cadence_minutes: int = 30
    #: counties and topics that it is kept for; empty: all
    places: list[Any] = Field(default_factory=list, sa_type=Json)
    topics: list[Any] = Field(default_factory=list, sa_type=Json)
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class ScheduleRow(Base, table=True):
    """When a source is looked at next, who is at it, and how it went: what changes with every pass."""

    __tablename__: ClassVar[str] = "schedules"

    source_id: str = Field(primary_key=True, max_length=36)
    next_at: datetime = Field(sa_type=UtcDateTime, index=True)
    #: seconds between two passes, as the source's changes have made it
    interval: float
    holder: str | None = Field(default=None, max_length=128)
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: what the adapter wants handed back
    state: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    passes: int = 0
    last_pass_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_success_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_post_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: failed passes since the last good one, and passes since the last that found its texts
    failures: int = 0
    problem: str | None = Field(default=None, max_length=32)
    detail: str | None = Field(default=None, max_length=500)
    silent_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    silence: str | None = Field(default=None, max_length=16)


class PassRow(Base, table=True):
    """One pass over a source."""

    __tablename__: ClassVar[str] = "passes"

    id: str = Field(primary_key=True, max_length=36)
    source_id: str = Field(max_length=36)
    began_at: datetime = Field(sa_type=UtcDateTime)
    seconds: float
    pages: int
    seen: int
    accepted: int
    duplicates: int
    rejected: int
    missed: int
    problem: str | None = Field(default=None, max_length=32)
    detail: str | None = Field(default=None, max_length=500)

    __table_args__ = (sa.Index("ix_passes_source", "source_id", "began_at"), sa.Index("ix_passes_began", "began_at"))


class HabitRow(Base, table=True):
    """New posts of a source in one hour (hours since 1970): the habit that its silence is measured against."""

    __tablename__: ClassVar[str] = "habits"

    source_id: str = Field(primary_key=True, max_length=36)
    hour: int = Field(primary_key=True)
    posts: int


class RankingRow(Base, table=True):
    """An entry's place on a hot list at one time."""

    __tablename__: ClassVar[str] = "rankings"

    id: str = Field(primary_key=True, max_length=36)
    source_id: str = Field(max_length=36)
    post_identity: str = Field(max_length=40)
    title: str = Field(max_length=300)
    url: str | None = Field(default=None, sa_type=sa.Text)
    rank: int
    heat: int | None = Field(default=None, sa_type=sa.BigInteger)
    at: datetime = Field(sa_type=UtcDateTime)

    __table_args__ = (
        sa.Index("ix_rankings_source", "source_id", "at"),
        sa.Index("ix_rankings_post", "post_identity", "at"),
    )


class EvidenceRow(Base, table=True):
    """Where the page that showed a post is kept, as fetched."""

    __tablename__: ClassVar[str] = "evidence"

    post_id: str = Field(primary_key=True, max_length=36)
    sha256: str = Field(primary_key=True, max_length=64)
    url: str = Field(sa_type=sa.Text)
    fetched_at: datetime = Field(sa_type=UtcDateTime, index=True)
    file: str = Field(max_length=200)
    offset: int = Field(sa_type=sa.BigInteger)
    length: int = Field(sa_type=sa.BigInteger)
    written_at: datetime = Field(sa_type=UtcDateTime)
    #: SHA-256 of the compressed record
    seal: str = Field(max_length=64)


class PurgeRow(Base, table=True):
    """What retention removed: which kind, up to when, how much."""

    __tablename__: ClassVar[str] = "purges"

    id: str = Field(primary_key=True, max_length=36)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str = Field(max_length=16)
    before: datetime = Field(sa_type=UtcDateTime)
    count: int
    size: int = Field(default=0, sa_type=sa.BigInteger)


class PlanTopicRow(Base, table=True):
    """A topic of the plan in force, so that coverage can tell what is not watched."""

    __tablename__: ClassVar[str] = "plan_topics"

    key: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=200)
    places: list[Any] = Field(sa_type=Json)
    activated_at: datetime = Field(sa_type=UtcDateTime)


class PostRow(Base, table=True):
    """A post as collected: masked, its author a keyed hash. Title, text and URL are blank once purged."""

    __tablename__: ClassVar[str] = "posts"

    id: str = Field(primary_key=True, max_length=36)
    identity: str = Field(unique=True, max_length=40)
    text_key: str = Field(max_length=32)
    url: str | None = Field(default=None, sa_type=sa.Text)
    title: str = Field(sa_type=sa.Text)
    text: str = Field(sa_type=sa.Text)
    channel: str = Field(max_length=16)
    source_id: str | None = Field(default=None, max_length=36)
    source_name: str | None = Field(default=None, max_length=100)
    source_tier: str | None = Field(default=None, max_length=16)
    #: where the page says its text is from, if not from the source
    outlet: str | None = Field(default=None, max_length=100)
    author_hash: str | None = Field(default=None, max_length=32)
    published_at: datetime = Field(sa_type=UtcDateTime)
    collected_at: datetime = Field(sa_type=UtcDateTime, index=True)
    reads: int = Field(default=0, sa_type=sa.BigInteger)
    likes: int = Field(default=0, sa_type=sa.BigInteger)
    comments: int = Field(default=0, sa_type=sa.BigInteger)
    reposts: int = Field(default=0, sa_type=sa.BigInteger)
    same_text_as: str | None = Field(default=None, max_length=36)
    #: the first post of which this is a near repeat, and what near repeats are found by
    near_duplicate_of: str | None = Field(default=None, max_length=36)
    signature: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    repost_of: str | None = Field(default=None, max_length=36)
    purged: bool = Field(default=False)

    __table_args__ = (
        # the first of each text, and what is not purged yet, without a look at any other post
        sa.Index("ix_posts_text", "text_key", "purged", "id"),
        sa.Index(
            "ix_posts_unpurged",
            "collected_at",
            sqlite_where=sa.text("purged IS 0"),
            postgresql_where=sa.text("purged IS false"),
        ),
    )


class WatchRow(Base, table=True):
    """What a case wants watched."""

    __tablename__: ClassVar[str] = "watches"

    case_id: str = Field(primary_key=True, max_length=36)
    event_id: str | None = Field(default=None, max_length=36)
    mode: str = Field(max_length=8)
    topics: list[Any] = Field(sa_type=Json)
    keywords: list[Any] = Field(sa_type=Json)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


bookkeeping_tables(Base.metadata)

_TABLES = Base.metadata.tables
SOURCES: sa.Table = _TABLES["sources"]
SCHEDULES: sa.Table = _TABLES["schedules"]
PASSES: sa.Table = _TABLES["passes"]
HABITS: sa.Table = _TABLES["habits"]
RANKINGS: sa.Table = _TABLES["rankings"]
EVIDENCE: sa.Table = _TABLES["evidence"]
PURGES: sa.Table = _TABLES["purges"]
PLAN_TOPICS: sa.Table = _TABLES["plan_topics"]
POSTS: sa.Table = _TABLES["posts"]
WATCHES: sa.Table = _TABLES["watches"]
