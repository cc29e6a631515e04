"""The table of subscriptions to topics."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.notify.models import Base

__all__ = ["Subscription"]

_ID = sa.String(64)


class Subscription(Base, table=True):
    """A contact or a unit (one of them) that wants to hear of topics.

    `kinds` empty: of every kind. `least_level` empty: at any level and at none. `channels` empty: by their own first.
    """

    __tablename__: ClassVar[str] = "topic_subscriptions"

    id: str = Field(sa_type=_ID, primary_key=True)
    contact_id: str | None = Field(
        default=None, sa_column=sa.Column(_ID, sa.ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    )
    unit_id: str | None = Field(
        default=None, sa_column=sa.Column(_ID, sa.ForeignKey("units.id", ondelete="CASCADE"), index=True)
    )
    topics: list[str] = Field(sa_type=Json)
    kinds: list[str] = Field(sa_type=Json)
    least_level: str | None = Field(default=None, sa_type=sa.String(4))
    channels: list[str] = Field(sa_type=Json)
    version: int = Field(default=1, sa_type=sa.Integer)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
