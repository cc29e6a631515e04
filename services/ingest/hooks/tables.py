"""The tables of hooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.ingest.models import Base

__all__ = ["DELIVERIES", "HOOKS"]


class HookRow(Base, table=True):
    """An address that somebody may deliver posts to, signed."""

    __tablename__: ClassVar[str] = "hooks"

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(unique=True, max_length=100)
    enabled: bool = True
    format: str = Field(max_length=16)
    #: how a body is read and signed
    config: dict[str, Any] = Field(sa_type=Json)
    #: encrypted with a key made of the deployment's internal key
    secret: str = Field(sa_type=sa.Text)
    #: the secret before, good until `previous_until`
    previous_secret: str | None = Field(default=None, sa_type=sa.Text)
    previous_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: the last delivery whose signature was refused, noted at most every ten seconds
    refused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refusal: str | None = Field(default=None, max_length=64)
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class DeliveryRow(Base, table=True):
    """One delivery whose signature was good. `key` is what a replay of it would have too; failed ones have none."""

    __tablename__: ClassVar[str] = "hook_deliveries"

    id: str = Field(primary_key=True, max_length=36)
    hook_id: str = Field(max_length=36)
    key: str | None = Field(default=None, max_length=64)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    size: int
    accepted: int
    duplicates: int
    rejected: int
    error_zh: str | None = Field(default=None, sa_type=sa.Text)
    error_en: str | None = Field(default=None, sa_type=sa.Text)

    __table_args__ = (sa.UniqueConstraint("hook_id", "key", name="uq_hook_deliveries_hook_id_key"),)


HOOKS: sa.Table = Base.metadata.tables["hooks"]
DELIVERIES: sa.Table = Base.metadata.tables["hook_deliveries"]
