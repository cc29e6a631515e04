"""Tables of the contact network: units and their names, codes that verify ways, and a log of files."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.notify.models import Base

__all__ = ["ContactLogEntry", "Unit", "UnitName", "WayCode"]

_ID = sa.String(64)
#: as :data:`kit.database.Json`, and no value is NULL rather than JSON's null
_NONE_OR_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Unit(Base, table=True):
    """A bureau, county or department. `role` is the plan's for it; `way` leads to its group (a bot in a chat, say)."""

    __tablename__: ClassVar[str] = "units"

    id: str = Field(sa_type=_ID, primary_key=True)
    name: str = Field(sa_type=sa.String(100), unique=True)
    kind: str = Field(sa_type=sa.String(16))
    role: str | None = Field(default=None, sa_type=sa.String(32))
    aliases: list[str] = Field(sa_type=Json)
    #: a :class:`services.notify.ways.Way`
    way: dict[str, Any] | None = Field(default=None, sa_type=_NONE_OR_JSON)
    version: int = Field(default=1, sa_type=sa.Integer)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class UnitName(Base, table=True):
    """Every name and alias of :class:`Unit`, folded for comparing: no two units share one."""

    __tablename__: ClassVar[str] = "unit_names"

    name: str = Field(sa_type=sa.String(100), primary_key=True)
    unit_id: str = Field(
        sa_column=sa.Column(_ID, sa.ForeignKey("units.id", ondelete="CASCADE"), nullable=False, index=True)
    )


class WayCode(Base, table=True):
    """The code that was last sent to verify a way, as its keyed hash, and how often codes were sent and tried."""

    __tablename__: ClassVar[str] = "way_codes"

    contact_id: str = Field(
        sa_column=sa.Column(_ID, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    )
    channel: str = Field(sa_type=sa.String(16), primary_key=True)
    address: str = Field(sa_type=sa.String(500), primary_key=True)
    #: None once it was used or tried too often
    digest: str | None = Field(default=None, sa_type=sa.String(64))
    expires_at: datetime = Field(sa_type=UtcDateTime)
    tries: int = Field(default=0, sa_type=sa.Integer)
    sent_at: datetime = Field(sa_type=UtcDateTime)
    #: codes sent since `counted_from`
    sends: int = Field(default=0, sa_type=sa.Integer)
    counted_from: datetime = Field(sa_type=UtcDateTime)


class ContactLogEntry(Base, table=True):
    """Who took contacts out of the system or into it as a file, when, and how many."""

    __tablename__: ClassVar[str] = "contact_log"

    id: str = Field(sa_type=_ID, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(sa_type=sa.String(100))
    by_id: str = Field(sa_type=_ID)
    action: str = Field(sa_type=sa.String(16))
    contacts: int = Field(sa_type=sa.Integer)
    detail: str = Field(default="", sa_type=sa.String(200))
