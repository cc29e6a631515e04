"""What imports say over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.ingest.imports.columns import By

State = Literal["queued", "running", "done", "failed", "cancelled"]


class ColumnShown(BaseModel):
    """A column of the file, the field of a post that it fills (null: not used), and what told so."""

    name: str
    field: str | None
    by: By | None


class PreviewRow(BaseModel):
    """One row: its line, the post (masked, without its author), or why it would be rejected."""

    line: int
    post: dict[str, Any] | None
    problem: str | None


class ImportPreview(BaseModel):
    """A file as it would be read. Nothing of it is stored."""

    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    columns: list[ColumnShown]
    #: columns that fill no field
    unknown: list[str]
    #: fields that no column fills
    missing: list[str]
    rows: list[PreviewRow]
    problems: list[str]


class ImportJob(BaseModel):
    """A file on its way in. Counts are exact at any time; `records` is the sum of the three others."""

    id: str
    state: State
    filename: str
    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    columns: list[ColumnShown] | None = Field(None, description="null until the file was looked at")
    total_bytes: int
    done_bytes: int
    records: int
    accepted: int
    duplicates: int
    rejected: int
    rate: float = Field(description="records a second")
    eta_seconds: int | None
    waiting: bool = Field(description="whether it waits until fewer posts are waiting to be analysed")
    problem: str | None
    notes: list[str]
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
