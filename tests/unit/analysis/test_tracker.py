"""What the tracker decides without a database."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from contracts.messages import Counters, PostAnalysis, PostAnalyzed, PostCollected, PostRecounted, SentimentScore
from contracts.words import Sentiment
from services.analysis.events.vectors import packed, story_encoder
from services.analysis.events.whereabouts import where_of
from services.analysis.figures import next_cooling
from services.analysis.tracker import latest, source_of, tracked

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def a_post(**values: Any) -> PostCollected:
    return PostCollected.model_validate(
        {"id": "p1", "text": "移民补偿款没有到账", "published_at": NOW, "collected_at": NOW} | values
    )


def analyzed(post: PostCollected, vector: str = "") -> PostAnalyzed:
    tone = SentimentScore(label=Sentiment.NEUTRAL, score=0, probabilities={Sentiment.NEUTRAL: 1.0})
    analysis = PostAnalysis(sentiment=tone, topics=["a", "a"], vector=vector)
    return PostAnalyzed(post=post, analysis=analysis)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"source_id": "s1", "source_name": "甲", "url": "https://x.example/1"}, "s1"),
        ({"source_name": "甲", "url": "https://x.example/1"}, "甲"),
        ({"url": "https://X.example:8443/1"}, "x.example"),
        ({}, None),
    ],
)
def test_what_a_source_is_counted_by(values: dict[str, str], expected: str | None) -> None:
    assert source_of(a_post(**values)) == expected


def test_the_newest_counters_of_a_new_post_stand() -> None:
    post = a_post(counters={"reads": 1})
    early = (Counters(reads=50), NOW + timedelta(minutes=5))
    late = (Counters(reads=40), NOW + timedelta(minutes=9))
    assert tracked(analyzed(post)).counters.reads == 1
    assert tracked(analyzed(post), None, early).counters.reads == 50
    assert tracked(analyzed(post), late, early).counters.reads == 40
    assert tracked(analyzed(post), late, early).counted_at == late[1]
    stale = (Counters(reads=9), NOW - timedelta(minutes=1))
    assert tracked(analyzed(post), stale).counters.reads == 1


def test_repeated_words_count_once_and_a_vector_of_another_model_is_not_compared() -> None:
    assert tracked(analyzed(a_post())).topics == ("a",)
    assert tracked(analyzed(a_post())).vector is None
    vector = story_encoder().encode("移民补偿款没有到账")
    carried = packed(vector)
    assert np.array_equal(tracked(analyzed(a_post(), carried)).vector, vector)  # type: ignore[arg-type]
    content = base64.b64decode(carried)
    for other in (content[1:], content + b"1", bytes([content[0] + 1]) + content[1:], b"1"):
        assert tracked(analyzed(a_post(), base64.b64encode(other).decode())).vector is None


def test_a_text_is_in_one_place_whatever_the_post_around_it_says() -> None:
    vector = packed(story_encoder().encode("移民补偿款没有到账"))
    plain = tracked(analyzed(a_post(), vector))
    titled = tracked(analyzed(a_post(title="澜沧县:情况通报", text="移民补偿款,没有到账 @景谷县发布"), vector))
    assert titled.story_hash == plain.story_hash
    assert titled.where == plain.where == 0
    named = tracked(analyzed(a_post(text="澜沧县移民补偿款没有到账"), vector))
    assert named.where == where_of("澜沧县移民补偿款没有到账") != 0
    assert tracked(analyzed(a_post(text="澜沧县移民补偿款没有到账"))).where == 0, "without a vector it is not compared"


def test_what_a_post_repeats_is_the_first_that_is_known_of_it() -> None:
    assert tracked(analyzed(a_post())).repeats is None
    assert tracked(analyzed(a_post(near_duplicate_of="n"))).repeats == "n"
    said = packed(np.ones(1, np.uint32))
    assert tracked(analyzed(a_post(near_duplicate_of="n", same_text_as="s"), vector=said)).repeats == "s"
    # the same as another, and too short to say anything: no reason to be of one event
    assert tracked(analyzed(a_post(same_text_as="s"))).repeats is None
    assert tracked(analyzed(a_post(near_duplicate_of="n", same_text_as="s", repost_of="r"))).repeats == "r"


def test_the_latest_of_several_recounts_stands() -> None:
    seen = [
        PostRecounted(id="p1", counters=Counters(reads=reads), observed_at=NOW + timedelta(minutes=minutes))
        for reads, minutes in ((5, 2), (9, 3), (7, 1))
    ]
    assert latest(seen) == {"p1": (Counters(reads=9), NOW + timedelta(minutes=3))}


def test_figures_are_worked_out_ever_more_rarely_and_then_no_more() -> None:
    assert next_cooling(NOW, NOW) == NOW + timedelta(minutes=10)
    assert next_cooling(NOW - timedelta(hours=5), NOW) == NOW + timedelta(hours=5)
    assert next_cooling(NOW - timedelta(days=15), NOW) is None
    assert next_cooling(NOW + timedelta(hours=1), NOW) == NOW + timedelta(minutes=10)
