"""The tables of imports."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.ingest.models import Base

__all__ = ["IMPORTS", "REJECTIONS"]


class ImportRow(Base, table=True):
    """A file on its way in. Its counts are committed together with the posts that they count."""

    __tablename__: ClassVar[str] = "imports"

    id: str = Field(primary_key=True, max_length=36)
    state: str = Field(max_length=16, index=True)
    filename: str = Field(max_length=255)
    #: what reading it needs: mapping, source, channel, sheet
    options: dict[str, Any] = Field(sa_type=Json)
    #: whether reasons are told in Chinese
    chinese: bool
    total_bytes: int = Field(sa_type=sa.BigInteger)
    done_bytes: int = Field(default=0, sa_type=sa.BigInteger)
    records: int = Field(default=0, sa_type=sa.BigInteger)
    accepted: int = Field(default=0, sa_type=sa.BigInteger)
    duplicates: int = Field(default=0, sa_type=sa.BigInteger)
    rejected: int = Field(default=0, sa_type=sa.BigInteger)
    #: records a second since this run of it began
    rate: float = 0.0
    eta_seconds: int | None = None
    #: whether it waits until fewer posts are waiting to be analysed
    waiting: bool = False
    #: format, encoding, delimiter, sheet, columns, notes; None before the file was looked at
    found: dict[str, Any] | None = Field(default=None, sa_type=Json)
    problem_zh: str | None = Field(default=None, sa_type=sa.Text)
    problem_en: str | None = Field(default=None, sa_type=sa.Text)
    created_by: str = Field(max_length=100)
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RejectionRow(Base, table=True):
    """A row that was not taken: the post, its cells by column or its line, masked and without its author."""

    __tablename__: ClassVar[str] = "import_rejections"

    import_id: str = Field(primary_key=True, max_length=36)
    #: the record's number in the file, from 1
    number: int = Field(primary_key=True, sa_type=sa.BigInteger)
    line: int = Field(sa_type=sa.BigInteger)
    reason: str = Field(sa_type=sa.Text)
    row: dict[str, Any] | str | None = Field(default=None, sa_type=Json)
    at: datetime = Field(sa_type=UtcDateTime, index=True)


IMPORTS: sa.Table = Base.metadata.tables["imports"]
REJECTIONS: sa.Table = Base.metadata.tables["import_rejections"]
