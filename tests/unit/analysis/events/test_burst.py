"""Bursts of hourly counts."""

from __future__ import annotations

from itertools import product
from math import log

from hypothesis import given
from hypothesis import strategies as st

from services.analysis.events.burst import BurstRules, bursts

RULES = BurstRules()
FLAT = [1.0] * 72


def test_an_hour_far_above_the_others_is_a_burst_and_where_it_lay() -> None:
    counts = [2] * 40 + [30, 50, 20] + [2] * 29
    (found,) = bursts(counts, FLAT, RULES)
    assert (found.first, found.last) == (40, 42)
    assert found.weight > 50


def test_a_handful_of_posts_and_a_steady_stream_are_none() -> None:
    assert bursts([0] * 71 + [4], FLAT, RULES) == []
    assert bursts([100] * 72, FLAT, RULES) == []
    assert bursts([0] * 72, FLAT, RULES) == []
    assert bursts([], [], RULES) == []


def test_one_weaker_hour_does_not_part_a_burst() -> None:
    (found,) = bursts([1] * 30 + [40, 45, 9, 50] + [1] * 38, FLAT, RULES)
    assert (found.first, found.last) == (30, 33)


def test_what_the_hour_of_the_day_explains_is_no_burst() -> None:
    day = [0.2] * 12 + [1.8] * 12
    counts = [2] * 12 + [18] * 12
    assert bursts(counts * 3, day * 3, RULES) == []
    assert bursts(counts * 3, FLAT, BurstRules(ratio=1.5)) != []


@given(st.lists(st.integers(0, 40), min_size=1, max_size=9))
def test_the_states_are_the_best_of_all(counts: list[int]) -> None:
    """Every way through the states is tried: none explains the counts better than the one found."""
    rules = BurstRules(ratio=2.0, difficulty=1.5)
    exposures = [1.0] * len(counts)
    base = max(sum(counts) / len(counts), rules.least_rate)
    gains = [posts * log(2.0) - base for posts in counts]
    price = rules.difficulty * log(max(2, len(counts)))

    def worth(states: tuple[bool, ...]) -> float:
        entries = sum(now and not before for before, now in zip((False, *states), states, strict=False))
        return sum(g for g, high in zip(gains, states, strict=True) if high) - price * entries

    best = max(worth(states) for states in product((False, True), repeat=len(counts)))
    found = bursts(counts, exposures, rules)
    states = tuple(any(b.first <= i <= b.last for b in found) for i in range(len(counts)))
    assert worth(states) >= best - 1e-6
