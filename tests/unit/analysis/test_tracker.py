"""What the tracker decides without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.messages import Counters, PostAnalysis, PostAnalyzed, PostCollected, PostRecounted, SentimentScore
from contracts.words import Sentiment
from services.analysis.tracker import latest, next_cooling, source_of, tracked

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def a_post(**values: Any) -> PostCollected:
    return PostCollected.model_validate(
        {"id": "p1", "text": "移民补偿款没有到账", "published_at": NOW, "collected_at": NOW} | values
    )


def analyzed(post: PostCollected, signature: list[int] | None = None) -> PostAnalyzed:
    tone = SentimentScore(label=Sentiment.NEUTRAL, score=0, probabilities={Sentiment.NEUTRAL: 1.0})
    analysis = PostAnalysis(sentiment=tone, topics=["a", "a"], signature=signature or [])
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


def test_repeated_words_count_once_and_a_signature_of_another_size_is_not_compared() -> None:
    assert tracked(analyzed(a_post(), signature=[1, 2, 3])).signature == ()
    assert tracked(analyzed(a_post())).topics == ("a",)


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
