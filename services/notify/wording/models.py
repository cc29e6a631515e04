"""Tables of the office's own templates."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import UtcDateTime
from services.notify.models import Base

_ID = sa.String(64)
_NAME = sa.String(100)


class TemplateVersion(Base, table=True):
    """One version of a template; never changed. `place` is the id of a :class:`services.notify.wording.place.Place`."""

    __tablename__: ClassVar[str] = "template_versions"

    place: str = Field(sa_column=sa.Column(_ID, primary_key=True))
    number: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    subject: str = Field(sa_type=sa.Text)
    body: str = Field(sa_type=sa.Text)
    note: str = Field(default="", sa_type=sa.String(500))
    made_by: str = Field(sa_type=_NAME)
    made_at: datetime = Field(sa_type=UtcDateTime)


class TemplateUse(Base, table=True):
    """Which version is in force at a place; 0 is the built-in one. `version` is the entity tag.

    `failed_at` and `failure`: the last time that a letter could not be made by the version in force.
    """

    __tablename__: ClassVar[str] = "template_uses"

    place: str = Field(sa_column=sa.Column(_ID, primary_key=True))
    number: int = Field(default=0, sa_type=sa.Integer)
    reason: str = Field(default="", sa_type=sa.String(500))
    changed_by: str = Field(sa_type=_NAME)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    failed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failure: str = Field(default="", sa_type=sa.String(500))
    version: int = Field(default=1, sa_type=sa.Integer)
