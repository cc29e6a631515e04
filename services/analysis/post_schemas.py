"""Posts as they are shown over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from contracts.findings import Fact, PlaceMention
from contracts.messages import Counters, SentimentScore
from contracts.words import Channel, IncidentType, Sentiment, Tier
from services.analysis.events.linking import LinkKind


class AnalysisView(BaseModel):
    """What the machine says of a post."""

    sentiment: SentimentScore
    incident_type: IncidentType
    incident_confidence: float
    topics: list[str]
    places: list[str]
    #: where the post names places, and what figures and times it states
    mentions: list[PlaceMention] = Field(default_factory=list)
    facts: list[Fact] = Field(default_factory=list)
    keywords: list[str]
    model: str


class PostHighlight(BaseModel):
    """A word of the query: characters `start` to `end` of a field, counted in Unicode characters."""

    field: Literal["title", "text"]
    start: int
    end: int


class Snippet(BaseModel):
    """The part of the text that shows most of the query's words: its characters `start` to `end`."""

    text: str
    start: int
    end: int


class PostView(BaseModel):
    """A post with its analysis. Nothing of its author is stored in a form that could be shown."""

    id: str
    event_id: str
    url: str | None
    title: str
    text: str
    channel: Channel
    source: str | None
    source_name: str | None
    source_tier: Tier | None
    published_at: datetime
    collected_at: datetime
    metrics: Counters
    same_text_as: str | None
    #: the first post of which this is a near repeat (cut, prefixed, with other signs)
    near_duplicate_of: str | None
    repost_of: str | None
    #: where the page says its text is from
    outlet: str | None = None
    #: the earlier post that it continues, by which it belongs to its event; null where it begins one
    parent_id: str | None = None
    #: why: it repeats the post (repost), or its text (text), tells the same story, or a person said so (hand)
    link: LinkKind | None = None
    #: how alike the two are beyond what all texts of their kind are; 1 for the same text (docs/events.md)
    likeness: float | None = None
    #: when the text was erased under the retention period
    erased_at: datetime | None
    analysis: AnalysisView
    #: of a search by `q` alone
    highlights: list[PostHighlight] | None = None
    snippet: Snippet | None = None


class PostCounts(BaseModel):
    """How many of the posts found have which value. `bounded`: there are more, and the newest `posts` were counted."""

    posts: int
    bounded: bool
    by_sentiment: dict[Sentiment, int]
    by_channel: dict[Channel, int]
    by_incident_type: dict[IncidentType, int]
    #: by key of the topic
    by_topic: dict[str, int]
