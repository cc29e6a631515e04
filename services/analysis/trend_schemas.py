"""Counts over time as they are shown over HTTP. Days are those of Asia/Shanghai."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from contracts.words import Sentiment, Stage
from services.analysis.event_schemas import EventView

Bucket = Literal["1h", "1d"]
FineBucket = Literal["10m", "1h", "1d"]
By = Literal["topic", "place", "channel", "sentiment"]


class SeriesPoint(BaseModel):
    """Posts published from `at` for one bucket."""

    at: datetime
    posts: int
    negative: int


class BurstView(BaseModel):
    """Hours in which an event burst: [since, until)."""

    since: datetime
    until: datetime
    posts: int
    weight: float = Field(description="how much likelier it is than the event's usual pace, as a natural logarithm")


class ForecastHour(BaseModel):
    """What the 60 minutes from `since` on are expected to bring."""

    since: datetime
    until: datetime
    mean: float
    median: int
    low50: int = Field(description="the interval low50..high50 is to hold half of all outcomes")
    high50: int
    low90: int = Field(description="the interval low90..high90 is to hold nine of ten outcomes")
    high90: int


class ForecastView(BaseModel):
    """An event's next six hours."""

    as_of: datetime
    cold: bool = Field(description="fewer than three posts in a week to judge from: hardly more than a guess")
    hours: list[ForecastHour]


class Series(BaseModel):
    """An event over time; buckets without posts are left out unless asked for."""

    bucket: FineBucket
    since: datetime
    until: datetime
    points: list[SeriesPoint]
    #: within the 31 days before `until`
    bursts: list[BurstView]
    forecast: ForecastView | None = None


class Counted(BaseModel):
    """How many posts something had in the last 24 hours, and in the 24 hours before."""

    key: str
    name: str
    posts: int
    previous: int
    change: float | None = Field(description="share by which posts differ from before; null where there were none")


class Overview(BaseModel):
    """The last 24 hours at a glance, beside the 24 hours before them."""

    as_of: datetime
    posts_24h: int
    previous_24h: int
    change: float | None
    by_sentiment: dict[Sentiment, int]
    previous_by_sentiment: dict[Sentiment, int]
    by_topic: list[Counted]
    by_place: list[Counted]
    by_channel: list[Counted]
    #: events with a post in the last three days
    stages: dict[Stage, int]
    top_events: list[EventView]


class TrendPoint(BaseModel):
    """Posts published from `at` for one bucket, by sentiment."""

    at: datetime
    posts: int
    negative: int
    neutral: int
    positive: int


class TrendSeries(BaseModel):
    """The trend of all posts, or of those of one topic, place, channel or sentiment (`by` and `key`)."""

    by: By | None
    key: str | None
    topic: str | None
    name: str
    posts: int
    previous: int | None = Field(
        description="posts in the period of equal length before; null where its hours are no longer kept"
    )
    change: float | None
    points: list[TrendPoint]


class Trends(BaseModel):
    """Posts over time; buckets without posts are left out."""

    bucket: Bucket
    since: datetime
    until: datetime
    series: list[TrendSeries]


def change(posts: int, previous: int | None) -> float | None:
    """Return the share by which posts differ from before: 0.5 is half as many more."""
    return round(posts / previous - 1, 4) if previous else None
