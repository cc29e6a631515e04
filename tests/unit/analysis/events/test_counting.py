"""Posts by hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.words import Channel, Sentiment
from services.analysis.calendar import day_of, hour_of
from services.analysis.events.counting import by_day, tallied


@dataclass(frozen=True)
class Dated:
    published_at: datetime
    sentiment: Sentiment
    channel: Channel
    topics: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    post: Dated
    event_id: str


WORDS = st.lists(st.sampled_from(("a", "b")), max_size=3).map(tuple)
POSTS = st.builds(
    Placed,
    st.builds(
        Dated,
        st.datetimes(datetime(2026, 3, 1), datetime(2026, 3, 3), timezones=st.just(UTC)),
        st.sampled_from(tuple(Sentiment)),
        st.sampled_from((Channel.NEWS, Channel.WEIBO)),
        WORDS,
        WORDS,
    ),
    st.sampled_from(("e1", "e2")),
)


def total(parts: Sequence[Mapping[Any, Sequence[int]]]) -> dict[Any, list[int]]:
    """Return the sum of counts."""
    found: dict[Any, list[int]] = {}
    for part in parts:
        for key, counts in part.items():
            found[key] = [a + b for a, b in zip(found.get(key, [0] * len(counts)), counts, strict=True)]
    return found


@given(st.lists(POSTS, max_size=30), st.randoms(use_true_random=False), st.lists(st.integers(0, 30), max_size=3))
def test_no_order_and_no_parting_changes_the_counts(posts: list[Placed], chance: Any, cuts: list[int]) -> None:
    events, trends = tallied(posts)
    shuffled = chance.sample(posts, len(posts))
    bounds = [0, *sorted(cuts), len(posts)]
    batches = [tallied(shuffled[a:b]) for a, b in pairwise(bounds)]
    assert total([batch[0] for batch in batches]) == events
    assert total([batch[1] for batch in batches]) == trends


@given(st.lists(POSTS, max_size=30))
def test_every_post_is_counted_once_in_each_way(posts: list[Placed]) -> None:
    events, trends = tallied(posts)
    assert sum(counts[0] for counts in events.values()) == len(posts)
    assert sum(counts[1] for counts in events.values()) == sum(o.post.sentiment == "negative" for o in posts)
    for kind, number in (
        ("all", len(posts)),
        ("channel", len(posts)),
        ("topic", sum(len(set(one.post.topics)) for one in posts)),
        ("place", sum(len(set(one.post.places)) for one in posts)),
    ):
        assert sum(sum(counts) for key, counts in trends.items() if key[0] == kind) == number
    days = by_day(events)
    assert total([{(event, day_of(hour)): counts} for (event, hour), counts in events.items()]) == days
    assert {key[1] for key in events} == {hour_of(one.post.published_at) for one in posts}
