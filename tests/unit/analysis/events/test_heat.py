"""Heat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.messages import EventMetrics
from contracts.words import Tier
from services.analysis.events.heat import HeatWeights, growth, heat

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WEIGHTS = HeatWeights()


def of(hours_ago: float = 0, **figures: object) -> float:
    """Return the heat of an event; its whole life lies within the day unless `posts_total` says otherwise."""
    figures = {"posts_total": figures.get("posts_24h", 0)} | figures
    return heat(EventMetrics.model_validate(figures), NOW - timedelta(hours=hours_ago), NOW, WEIGHTS)


def test_growth_is_the_last_hour_over_the_mean_before() -> None:
    assert growth(10, 33) == 10.0
    assert growth(5, 5) == 0.0
    assert growth(0, 0) == 0.0


@pytest.mark.parametrize(
    "more",
    [
        {"posts_24h": 9, "posts_total": 9},
        {"posts_1h": 3},
        {"voices": 9},
        {"sources": 9},
        {"interactions": 9},
        {"reads": 9},
        {"negative_share": 1.0},
        {"top_tier": Tier.CENTRAL},
    ],
)
def test_every_figure_adds_heat(more: dict[str, object]) -> None:
    base: dict[str, object] = {"posts_24h": 3, "voices": 2, "top_tier": Tier.SOCIAL}
    assert of(**(base | more)) > of(**base)


def test_it_halves_and_ends() -> None:
    figures: dict[str, object] = {"posts_24h": 3, "voices": 3}
    assert of(20, **figures) < of(8, **figures) < of(**figures)
    assert of() == 0
    assert of(posts_total=5000, voices=3000, reads=10**7, top_tier=Tier.CENTRAL) == 0
    assert of(-5, **figures) == of(**figures)


#: hand-made cases, coolest first: who would be looked at before whom
CASES: dict[str, float] = {
    "one message to a forum": of(3, posts_24h=1, voices=1, sources=1, reads=40),
    "an old giant that one more post mentions": of(
        posts_total=8000, posts_24h=1, posts_1h=1, voices=5000, sources=400, reads=9_000_000, interactions=120_000
    ),
    "one angry post just now": of(
        posts_24h=1, posts_1h=1, voices=1, sources=1, reads=300, interactions=12, negative_share=1.0
    ),
    "three posts within the hour": of(
        posts_24h=3, posts_1h=2, voices=3, sources=2, reads=900, interactions=30, negative_share=0.67
    ),
    "yesterday's local matter": of(
        10, posts_24h=40, voices=30, sources=9, reads=60_000, interactions=900, negative_share=0.6
    ),
    "a steady matter of a county": of(
        posts_24h=40, posts_1h=2, voices=30, sources=9, reads=60_000, interactions=900, negative_share=0.3
    ),
    "the same, but angry": of(
        posts_24h=40, posts_1h=2, voices=30, sources=9, reads=60_000, interactions=900, negative_share=0.9
    ),
    "the same, and rising": of(
        posts_24h=40, posts_1h=20, voices=30, sources=9, reads=60_000, interactions=900, negative_share=0.9
    ),
    "the same, and central media tell of it": of(
        posts_24h=40,
        posts_1h=20,
        voices=30,
        sources=9,
        reads=60_000,
        interactions=900,
        negative_share=0.9,
        top_tier=Tier.CENTRAL,
    ),
    "a whole country speaks of it": of(
        posts_24h=5000,
        posts_1h=600,
        voices=4000,
        sources=300,
        reads=20_000_000,
        interactions=300_000,
        negative_share=0.8,
        top_tier=Tier.CENTRAL,
    ),
}


def test_the_order_of_cases_is_an_officers() -> None:
    figures = list(CASES.values())
    assert figures == sorted(figures), CASES
    assert len(set(figures)) == len(figures)
    assert CASES["one angry post just now"] < 45 < CASES["a steady matter of a county"]
    assert CASES["a whole country speaks of it"] > 95


@given(
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**9),
    st.floats(0, 1),
    st.floats(0, 1000),
)
def test_it_stays_within_bounds(hour: int, day: int, more: int, reads: int, negative: float, age: float) -> None:
    figures = {"posts_1h": hour, "posts_24h": hour + day, "posts_total": hour + day + more}
    assert 0 <= of(age, reads=reads, voices=more, negative_share=negative, **figures) <= 100
