"""Topics and the number that tells of their changes."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.analysis.models.base import Base


class Topic(Base, table=True):
    """A topic (监测专题), from the plan, a pack or a user. `problem` says why its query cannot be used."""

    __tablename__: ClassVar[str] = "topics"

    id: str = Field(primary_key=True, max_length=36)
    key: str = Field(unique=True, max_length=64)
    name: str
    query: str
    places: list[str] = Field(sa_type=Json)
    exclude: list[str] = Field(sa_type=Json)
    origin: str = Field(max_length=8)
    #: topics of one family share their events: "plan", or the name of the pack that they came with
    family: str = Field(default="plan", max_length=64)
    plan_version: str | None = None
    pack_version: str | None = Field(default=None, max_length=32)
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
