"""What goes in and out of exports over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from contracts.words import Channel, IncidentType, Level, Sentiment
from kit.inputs import Instant, Plain
from services.analysis.exports.columns import COLUMNS, What
from services.analysis.schemas import Input
from services.analysis.search import asking

State = Literal["queued", "running", "done", "failed", "cancelled"]
Format = Literal["csv", "xlsx"]
Language = Literal["zh", "en"]


class PostsWanted(Input):
    """Which posts: the fields of `GET /posts`."""

    q: Plain | None = Field(None, max_length=asking.MAX_LENGTH)
    topic: Plain | None = Field(None, max_length=64)
    sentiment: Sentiment | None = None
    incident_type: IncidentType | None = None
    place: Plain | None = Field(None, max_length=32)
    channel: Channel | None = None
    source: Plain | None = Field(None, max_length=200)
    event: Plain | None = Field(None, max_length=36)
    since: Instant | None = None
    until: Instant | None = None


class EventsWanted(Input):
    """Which events: the fields of `GET /events`."""

    status: Literal["active", "faded"] | None = None
    topic: Plain | None = Field(None, max_length=64)
    place: Plain | None = Field(None, max_length=32)
    incident_type: IncidentType | None = None
    level: Level | None = None


class ExportRequest(Input):
    """What to put in a file, and how."""

    what: What
    format: Format = "xlsx"
    filter: dict[str, Any] = Field(
        default_factory=dict,
        description="of posts: q, topic, sentiment, incident_type, place, channel, source, event, since, until, "
        "as in `GET /posts`; of events: status, topic, place, incident_type, level, as in `GET /events`",
        examples=[{"topic": "resettlement", "since": "2026-03-01T00:00:00+08:00"}],
    )
    columns: list[str] | None = Field(
        None,
        min_length=1,
        max_length=50,
        description="; ".join(f"of {what}: {', '.join(c.key for c in columns)}" for what, columns in COLUMNS.items())
        + ". Null: all of them",
        examples=[["published_at", "channel", "source", "title", "text", "url", "sentiment"]],
    )
    language: Language = Field("zh", description="of headings and words")


class ExportJob(BaseModel):
    """A file in the making, or made. `rows` is exact at any time; `total` is reckoned until the state is done."""

    id: str
    state: State
    what: What
    format: Format
    language: Language
    filter: dict[str, Any]
    columns: list[str]
    rows: int
    total: int | None = Field(description="rows that there will be; null until something tells")
    percent: float = Field(ge=0, le=100)
    rate: float = Field(description="rows a second")
    eta_seconds: int | None
    size: int = Field(description="bytes written")
    sheets: int = Field(description="sheets of rows; 0 for CSV")
    cut_cells: int = Field(description="cells that were cut at Excel's 32,767 characters")
    truncated: Literal["rows", "bytes"] | None = Field(description="the limit that ended the file before the list")
    notes: list[str]
    problem: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="when the file is deleted")
    deleted_at: datetime | None
    available: bool = Field(description="whether the file can be downloaded")


def wanted_of(what: str, fields: dict[str, Any]) -> PostsWanted | EventsWanted:
    """Return the fields of a filter, checked. Raises pydantic's ValidationError."""
    return PostsWanted.model_validate(fields) if what == "posts" else EventsWanted.model_validate(fields)
