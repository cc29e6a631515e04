"""What goes in and out of events over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from contracts.messages import EventMetrics
from contracts.words import Channel, IncidentType, Level, Stage, Tier
from kit.inputs import Plain
from services.analysis.schemas import Input

Id = Annotated[Plain, StringConstraints(strip_whitespace=True, min_length=1, max_length=36)]
Reason = Annotated[Plain, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class EventMerge(Input):
    """Events that are this one, and why."""

    events: list[Id] = Field(min_length=1, max_length=50)
    reason: Reason = Field(examples=["同一起滑坡，两地网友分别发帖"])


class EventSplit(Input):
    """Posts that tell another story, and why."""

    posts: list[Id] = Field(min_length=1, max_length=5_000)
    reason: Reason = Field(examples=["这些信息说的是另一个安置点"])


class EventRestore(Input):
    """Why a merge is taken back."""

    reason: Reason = Field(examples=["核实后确认为两件事"])


class SpreadStep(BaseModel):
    """A channel on which an event was told, and its first post there."""

    channel: Channel
    first_seen: datetime
    first_post: str
    first_source: str | None
    first_tier: Tier | None
    posts: int


class Spread(BaseModel):
    """The channels of an event in the order in which it reached them; the first step is where it began."""

    steps: list[SpreadStep]


class EventView(BaseModel):
    """An event with its figures as last worked out."""

    id: str
    version: int
    title: str
    summary: str
    first_seen: datetime
    last_seen: datetime
    stage: Stage
    incident_type: IncidentType
    topics: list[str]
    places: list[str]
    keywords: list[str]
    metrics: EventMetrics
    #: townships with their county, most named first
    townships: list[str] = Field(default_factory=list)
    #: the level at which a case on it is led, else the gravest at which an alert was raised
    level: Level | None = None
    #: the event that it has gone up in; its posts are that event's now
    merged_into: str | None = None
    updated_at: datetime
