"""What goes in and out of analysis over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.messages import Counters, EventMetrics, SentimentScore
from contracts.words import Channel, IncidentType, Sentiment, Stage, Tier

Text = Annotated[str, StringConstraints(max_length=20_000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Bucket = Literal["1h", "1d"]


class Input(BaseModel):
    """Base of request bodies: an unknown field is an error, so that a typing slip is not silently lost."""

    model_config = ConfigDict(extra="forbid")


class SentimentRequest(Input):
    """Texts to be scored."""

    texts: list[Text] = Field(min_length=1, max_length=256, examples=[["补偿款已经到账,感谢!", "等了三年还没有说法"]])


class ModelInfo(BaseModel):
    """The sentiment model that scored."""

    name: str
    version: str


class SentimentSpan(BaseModel):
    """A part of a text, and the score with it minus the score without it: below zero it made the text more negative."""

    start: int = Field(description="first character, counted from 0 in Unicode characters")
    end: int = Field(description="the character after the last")
    text: str
    effect: float = Field(ge=-2, le=2)


class SentimentResult(SentimentScore):
    """The score of one text; `spans` where an explanation was asked for, strongest first."""

    spans: list[SentimentSpan] | None = None


class SentimentResponse(BaseModel):
    """One score a text, in order."""

    results: list[SentimentResult]
    model: ModelInfo


class AnalysisView(BaseModel):
    """What the machine says of a post."""

    sentiment: SentimentScore
    incident_type: IncidentType
    incident_confidence: float
    topics: list[str]
    places: list[str]
    keywords: list[str]
    model: str


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
    #: when the text was erased under the retention period
    erased_at: datetime | None
    analysis: AnalysisView


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
    updated_at: datetime


class SeriesPoint(BaseModel):
    """Posts published from `at` for one bucket."""

    at: datetime
    posts: int
    negative: int


class Series(BaseModel):
    """An event over time; buckets without posts are left out. Days are those of Asia/Shanghai."""

    bucket: Bucket
    points: list[SeriesPoint]


class Counted(BaseModel):
    """How many posts something has."""

    key: str
    name: str
    posts: int


class Overview(BaseModel):
    """The last 24 hours at a glance."""

    as_of: datetime
    posts_24h: int
    by_sentiment: dict[Sentiment, int]
    by_topic: list[Counted]
    by_place: list[Counted]
    top_events: list[EventView]


class TrendPoint(BaseModel):
    """Posts published from `at` for one bucket, by sentiment."""

    at: datetime
    posts: int
    negative: int
    neutral: int
    positive: int


class TrendSeries(BaseModel):
    """The trend of a topic, or of all posts where `topic` is null."""

    topic: str | None
    name: str
    points: list[TrendPoint]


class Trends(BaseModel):
    """Posts over time; buckets without posts are left out. Days are those of Asia/Shanghai."""

    bucket: Bucket
    since: datetime
    until: datetime
    series: list[TrendSeries]


class TopicInput(Input):
    """A topic to be watched."""

    name: Name = Field(examples=["移民补偿"])
    query: Query = Field(examples=["(移民 OR 搬迁) AND (补偿 OR 后期扶持)"])
    places: list[Word] = Field(default_factory=list, max_length=50, examples=[["普洱市"]])
    exclude: list[Word] = Field(default_factory=list, max_length=100)
    enabled: bool = True


class TopicPatch(Input):
    """Fields of a topic to be changed; of a topic of the plan only `enabled`."""

    name: Name | None = None
    query: Query | None = None
    places: list[Word] | None = Field(default=None, max_length=50)
    exclude: list[Word] | None = Field(default=None, max_length=100)
    enabled: bool | None = None


class TopicView(BaseModel):
    """A topic. `problem` says why its query cannot be used; such a topic matches nothing."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    key: str
    name: str
    query: str
    places: list[str]
    exclude: list[str]
    origin: Literal["plan", "user"]
    plan_version: str | None
    enabled: bool
    problem: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class TopicTest(Input):
    """Texts to hold against a query (with `places` and `exclude`) or against a stored topic, by id or key."""

    query: Query | None = None
    places: list[Word] = Field(default_factory=list, max_length=50)
    exclude: list[Word] = Field(default_factory=list, max_length=100)
    topic: Word | None = None
    texts: list[Text] = Field(min_length=1, max_length=100)


class HighlightView(BaseModel):
    """Where a word of the query stands in the text: characters `start` to `end`."""

    start: int
    end: int
    text: str


class TopicTestResult(BaseModel):
    """Whether a text belongs to the topic, and what speaks for it."""

    matches: bool
    highlights: list[HighlightView]
    places: list[str]


class TopicTestResponse(BaseModel):
    """One result a text, in order."""

    results: list[TopicTestResult]
