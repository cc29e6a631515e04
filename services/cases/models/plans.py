"""When versions of the plan were put in force, and which cases were moved from one to another."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.cases.models.base import ID, NAME, Base, of_case

_VERSION = sa.String(60)


class ActivationRow(Base, table=True):
    """A version of the plan was put in force, in the place of `replaced` (null: there was none)."""

    __tablename__: ClassVar[str] = "plan_activations"
    __table_args__ = (sa.Index(None, "at", "id"),)

    id: str = Field(sa_type=ID, primary_key=True)
    version: str = Field(sa_column=sa.Column(_VERSION, sa.ForeignKey("plans.version"), nullable=False))
    replaced: str | None = Field(default=None, sa_type=_VERSION)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(sa_type=NAME)
    by_id: str | None = Field(default=None, sa_type=ID)
    reason: str = Field(default="", sa_type=sa.Text)


class PlanMoveRow(Base, table=True):
    """A case was moved to another version of the plan. `changes` is what became of its clocks."""

    __tablename__: ClassVar[str] = "plan_moves"
    __table_args__ = (sa.Index(None, "case_id", "at"),)

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    from_version: str = Field(sa_type=_VERSION)
    to_version: str = Field(sa_type=_VERSION)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(sa_type=NAME)
    reason: str = Field(sa_type=sa.Text)
    #: number of the timeline entry that tells of it
    sequence: int = Field(sa_type=sa.Integer)
    changes: list[dict[str, Any]] = Field(sa_type=Json)
