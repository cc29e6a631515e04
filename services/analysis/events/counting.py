"""Posts by the hour of their publication: for their events, and for what trends are told apart by. Pure.

What comes out is a sum over posts, so neither their order nor how they were parted into batches plays a part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from contracts.words import Channel, Sentiment
from services.analysis.calendar import day_of, hour_of

TONES: Final = tuple(tone.value for tone in Sentiment)

#: (event, hour) -> posts and negatives
EventCounts = dict[tuple[str, datetime], list[int]]
#: (kind, key, hour) -> posts by sentiment, as `TONES`
TrendCounts = dict[tuple[str, str, datetime], list[int]]


class DatedPost(Protocol):
    """What is counted of a post."""

    @property
    def published_at(self) -> datetime: ...
    @property
    def sentiment(self) -> Sentiment: ...
    @property
    def channel(self) -> Channel: ...
    @property
    def topics(self) -> Sequence[str]: ...
    @property
    def places(self) -> Sequence[str]: ...


class PlacedPost(Protocol):
    """A post and the event that it belongs to."""

    @property
    def post(self) -> DatedPost: ...
    @property
    def event_id(self) -> str: ...


def tallied(placed: Iterable[PlacedPost]) -> tuple[EventCounts, TrendCounts]:
    """Return posts counted by hour; a topic or place that a post names twice counts once."""
    events: EventCounts = defaultdict(lambda: [0, 0])
    trends: TrendCounts = defaultdict(lambda: [0, 0, 0])
    for one in placed:
        post, hour = one.post, hour_of(one.post.published_at)
        counts = events[one.event_id, hour]
        counts[0] += 1
        counts[1] += post.sentiment is Sentiment.NEGATIVE
        tone = TONES.index(post.sentiment)
        for kind, keys in (
            ("all", ("",)),
            ("topic", dict.fromkeys(post.topics)),
            ("place", dict.fromkeys(post.places)),
            ("channel", (post.channel.value,)),
        ):
            for key in keys:
                trends[kind, key, hour][tone] += 1
    return dict(events), dict(trends)


def by_day(hours: Mapping[Any, Sequence[int]]) -> dict[Any, list[int]]:
    """Return counts by (…, hour) added up by (…, day)."""
    days: dict[Any, list[int]] = {}
    for (*rest, hour), counts in hours.items():
        key = (*rest, day_of(hour))
        days[key] = [a + b for a, b in zip(days.get(key, [0] * len(counts)), counts, strict=True)]
    return days
