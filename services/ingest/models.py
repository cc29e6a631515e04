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

__all__ = ["POSTS", "SOURCES", "WATCHES", "Base", "PostRow", "SourceRow", "WatchRow"]


class SourceRow(Base, table=True):
    """A source that users have made."""

    __tablename__: ClassVar[str] = "sources"

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(unique=True, max_length=100)
    channel: str = Field(max_length=16)
    tier: str = Field(max_length=16)
    url: str | None = Field(default=None, max_length=2000)
    enabled: bool = True
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class PostRow(Base, table=True):
    """A post as collected: masked, its author a keyed hash. Title, text and URL are blank once purged."""

    __tablename__: ClassVar[str] = "posts"

    id: str = Field(primary_key=True, max_length=36)
    identity: str = Field(unique=True, max_length=40)
    text_key: str = Field(index=True, max_length=32)
    url: str | None = Field(default=None, sa_type=sa.Text)
    title: str = Field(sa_type=sa.Text)
    text: str = Field(sa_type=sa.Text)
    channel: str = Field(max_length=16)
    source_id: str | None = Field(default=None, max_length=36)
    source_name: str | None = Field(default=None, max_length=100)
    source_tier: str | None = Field(default=None, max_length=16)
    author_hash: str | None = Field(default=None, max_length=32)
    published_at: datetime = Field(sa_type=UtcDateTime)
    collected_at: datetime = Field(sa_type=UtcDateTime, index=True)
    reads: int = Field(default=0, sa_type=sa.BigInteger)
    likes: int = Field(default=0, sa_type=sa.BigInteger)
    comments: int = Field(default=0, sa_type=sa.BigInteger)
    reposts: int = Field(default=0, sa_type=sa.BigInteger)
    same_text_as: str | None = Field(default=None, max_length=36)
    repost_of: str | None = Field(default=None, max_length=36)
    purged: bool = Field(default=False)


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

SOURCES: sa.Table = Base.metadata.tables["sources"]
POSTS: sa.Table = Base.metadata.tables["posts"]
WATCHES: sa.Table = Base.metadata.tables["watches"]
