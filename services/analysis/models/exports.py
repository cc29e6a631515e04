"""Files that users have made of lists, and what they are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.analysis.models.base import Base


class Export(Base, table=True):
    """Who took which posts or events out, and when. The row stays when the file is gone."""

    __tablename__: ClassVar[str] = "exports"
    __table_args__ = (
        sa.Index("ix_exports_owner", "created_by_id", "id"),
        # a user has so many exports at once as there are slots; one at its end has none
        sa.UniqueConstraint("created_by_id", "slot"),
    )

    id: str = Field(primary_key=True, max_length=36)
    state: str = Field(max_length=16, index=True)
    what: str = Field(max_length=8)
    format: str = Field(max_length=8)
    language: str = Field(max_length=2)
    filter: dict[str, Any] = Field(sa_type=Json)
    columns: list[str] = Field(sa_type=Json)
    #: committed together with the chunks that hold them
    rows: int = Field(default=0, sa_type=sa.BigInteger)
    #: rows that there will be, reckoned; exact once it is done
    total: int | None = Field(default=None, sa_type=sa.BigInteger)
    percent: float = 0.0
    #: rows a second since this run of it began
    rate: float = 0.0
    eta_seconds: int | None = None
    size: int = Field(default=0, sa_type=sa.BigInteger)
    #: chunks of the whole file, numbered from 0; 0 before it is done
    pieces: int = 0
    sheets: int = 0
    #: cells that were longer than the format allows
    cut_cells: int = Field(default=0, sa_type=sa.BigInteger)
    #: "rows" or "bytes" where a limit ended it before the list did
    truncated: str | None = Field(default=None, max_length=8)
    #: where the next run goes on; None before the first
    position: dict[str, Any] | None = Field(default=None, sa_type=Json)
    problem_zh: str | None = Field(default=None, sa_type=sa.Text)
    problem_en: str | None = Field(default=None, sa_type=sa.Text)
    created_by_id: str = Field(max_length=100)
    created_by: str = Field(max_length=100)
    slot: int | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deleted_by: str | None = Field(default=None, max_length=100)
    #: when the chunks were deleted
    dropped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ExportChunk(Base, table=True):
    """A piece of a file, in the database so that every replica can serve it. CSV's pieces are packed with zlib."""

    __tablename__: ClassVar[str] = "export_chunks"

    export_id: str = Field(primary_key=True, max_length=36)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    data: bytes
