"""Who takes part in a case, and the work that they do."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import UtcDateTime
from services.cases.models.base import ID, NAME, WORD, Base, of_case


class ParticipantRow(Base, table=True):
    """A body, or a person of it, that takes part in a case.

    `unit` is the unit's name as users and contacts carry it; empty where all who hold the role take part. `part` is
    "lead", "executor" or "informed". Whoever has left keeps the row, with `left_at`.
    """

    __tablename__: ClassVar[str] = "participants"
    __table_args__ = (sa.UniqueConstraint("case_id", "role", "unit", "person"), sa.Index(None, "role", "unit"))

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    role: str = Field(sa_type=WORD)
    unit: str = Field(default="", sa_type=NAME)
    #: a person who takes part by name, such as a member of the leading group; empty for the body as a whole
    person: str = Field(default="", sa_type=NAME)
    part: str = Field(sa_type=WORD)
    duty: str = Field(default="", sa_type=NAME)
    added_at: datetime = Field(sa_type=UtcDateTime)
    added_by: str = Field(sa_type=NAME)
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
