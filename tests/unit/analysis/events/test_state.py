"""An event's figures: whatever order its posts come in, they come to the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.messages import Counters, EventMetrics
from contracts.words import Channel, IncidentType, Sentiment, Stage, Tier
from services.analysis.events.heat import HeatWeights
from services.analysis.events.state import EventState, TrackedPost, Window, by_count, newer

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)


def a_post(number: int, **changes: object) -> TrackedPost:
    values: dict[str, object] = {
        "id": f"p{number:03}",
        "title": "",
        "text": f"第{number}条。内容。",
        "published_at": NOON + timedelta(minutes=number),
        "counters": Counters(),
        "counted_at": NOON,
        "sentiment": Sentiment.NEUTRAL,
        "incident_type": IncidentType.OTHER,
        "incident_confidence": 0.0,
        "topics": (),
        "places": (),
        "keywords": (),
        "story_hash": number,
    }
    return TrackedPost(**(values | changes))  # type: ignore[arg-type]


POSTS = st.builds(
    a_post,
    number=st.integers(0, 999),
    counters=st.builds(Counters, reads=st.integers(0, 9), likes=st.integers(0, 9)),
    sentiment=st.sampled_from(Sentiment),
    incident_type=st.sampled_from(IncidentType),
    incident_confidence=st.floats(0, 1),
    topics=st.lists(st.sampled_from("abc"), unique=True).map(tuple),
    places=st.lists(st.sampled_from(["思茅区", "澜沧县"]), unique=True).map(tuple),
    keywords=st.lists(st.sampled_from(["移民", "补偿", "上访"]), unique=True).map(tuple),
    source_tier=st.sampled_from([None, *Tier]),
    repost_of=st.sampled_from([None, "p000"]),
)


@given(posts=st.lists(POSTS, min_size=1, max_size=12, unique_by=lambda p: p.id), data=st.data())
def test_order_of_arrival_does_not_matter(posts: list[TrackedPost], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(posts))
    told = []
    for order in (posts, shuffled):
        event = EventState(id="e", founder_id="p000")
        for post in order:
            event.count(post, confident=0.5)
        metrics = event.metrics(Window(1, 2), NOON + timedelta(days=1), HeatWeights())
        told.append(event.update(metrics, []))
    assert told[0] == told[1]
    assert told[0].metrics.posts_total == len(posts)
    assert told[0].first_seen == min(p.published_at for p in posts)


@given(
    st.lists(
        st.tuples(st.builds(Counters, reads=st.integers(0, 9)), st.integers(0, 3).map(lambda n: NOON + timedelta(n))),
        min_size=1,
        max_size=6,
    ),
    st.data(),
)
def test_recounts_settle_on_the_newest_in_any_order(seen: list[tuple[Counters, datetime]], data: st.DataObject) -> None:
    results = []
    for order in (seen, data.draw(st.permutations(seen)), seen + seen):
        standing, at = order[0]
        for counters, observed in order[1:]:
            standing, at = newer(standing, at, counters, observed), max(at, observed)
        results.append((standing, at))
    assert results[0] == results[1] == results[2]


def test_majority_of_confident_posts_decides_the_kind() -> None:
    event = EventState(id="e", founder_id="p000")
    for number, (kind, sure) in enumerate(
        [(IncidentType.ACCIDENT, 0.9), (IncidentType.SOCIAL_SECURITY, 0.2), (IncidentType.SOCIAL_SECURITY, 0.3)]
    ):
        event.count(a_post(number, incident_type=kind, incident_confidence=sure), confident=0.5)
    assert event.incident_type() is IncidentType.ACCIDENT
    assert EventState(id="e", founder_id="p000").incident_type() is IncidentType.OTHER


def test_figures() -> None:
    event = EventState(id="e", founder_id="p000")
    event.count(a_post(0, sentiment=Sentiment.NEGATIVE, counters=Counters(reads=5, likes=1, reposts=2)), confident=0.5)
    event.count(a_post(90, source_tier=Tier.PROVINCIAL), confident=0.5)
    event.count(a_post(30, source_tier=Tier.COUNTY), confident=0.5)
    event.recount(Counters(reads=5, likes=1, reposts=2), Counters(reads=50, likes=10, reposts=2))
    metrics = event.metrics(Window(2, 3), NOON + timedelta(hours=2), HeatWeights())
    assert (metrics.posts_total, metrics.reads, metrics.interactions) == (3, 50, 12)
    assert metrics.negative_share == 0.3333
    assert metrics.top_tier is Tier.PROVINCIAL
    assert metrics.duration_hours == 1.5
    assert metrics.growth == 46.0
    told = event.update(metrics, ["p000"])
    assert (told.version, told.stage, told.new_posts) == (1, Stage.LATENT, ["p000"])
    assert event.update(metrics, []).version == 2
    assert event.told(metrics).version == 2, "what is told again is no new version"


def test_what_is_counted_anew_comes_to_the_same() -> None:
    event = EventState(id="e", founder_id="p000", version=7, title="标题", stage=Stage.BURSTING)
    posts = [a_post(number, places=("澜沧县",), channel=Channel.NEWS) for number in range(3)]
    for post in posts:
        event.count(post, confident=0.5)
    before = replace(event)
    event.clear()
    assert (event.posts_total, event.places, event.channels, event.first_seen) == (0, {}, {}, None)
    with pytest.raises(ValueError, match="at least one post"):
        event.told(EventMetrics())
    for post in reversed(posts):
        event.count(post, confident=0.5)
    assert event == before


def test_the_spread_names_the_first_post_of_each_channel() -> None:
    event = EventState(id="e", founder_id="p000")
    for number, channel in ((5, Channel.NEWS), (3, Channel.NEWS), (4, Channel.WEIBO), (3, Channel.WEIBO)):
        event.count(a_post(number, channel=channel), confident=0.5)
    at = "2026-03-01T04:03:00.000000+00:00"
    assert event.channels == {Channel.NEWS: [2, at, "p003"], Channel.WEIBO: [2, at, "p003"]}


def test_words_stand_by_their_number_and_then_by_themselves() -> None:
    assert by_count({"b": 2, "c": 3, "a": 2}) == ["c", "a", "b"]


@given(posts=st.lists(POSTS, max_size=12, unique_by=lambda post: post.id), erased=st.integers(0, 12))
def test_what_is_frozen_is_counted_again_and_again(posts: list[TrackedPost], erased: int) -> None:
    whole, state = EventState("e1", "p1"), EventState("e1", "p1")
    for post in posts:
        whole.count(post, confident=0.5)
    for post in posts[:erased]:
        state.freeze(voices=1, townships=post.townships, keywords=post.keywords)
    for _ in range(2):
        state.clear()
        for post in [replace(one, townships=(), keywords=()) for one in posts[:erased]] + posts[erased:]:
            state.count(post, confident=0.5)
        state.thaw(state.frozen)
    assert (state.keywords, state.townships, state.places) == (whole.keywords, whole.townships, whole.places)
    assert (state.posts_total, state.voices) == (whole.posts_total, len(posts[:erased]))
