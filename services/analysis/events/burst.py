"""When an event bursts: Kleinberg's automaton of two states over hourly counts.

J. Kleinberg, "Bursty and Hierarchical Structure in Streams", KDD 2002: a stream is taken to come from one of two
rates, the higher one costs something to enter, and the cheapest way through the states (Viterbi) says when it burst.
Here the counts of an hour are Poisson, and the rates follow the rhythm of the day, so that a morning is no burst. The
price of entering keeps a state from flickering and depends on the data alone, not on how often it is worked out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf, log


@dataclass(frozen=True, slots=True)
class BurstRules:
    """Parameters of the automaton, by their names in the paper where it has one."""

    #: s: the rate of a burst over the base rate
    ratio: float = 3.0
    #: gamma: entering a burst costs this times ln(number of hours)
    difficulty: float = 1.0
    #: base rate, posts an hour, that the mean of the series is raised to, so that a handful of posts is no burst
    least_rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Burst:
    """Hours `first` to `last` (both in it) of a series; `weight` is how much likelier the higher rate is, in nats."""

    first: int
    last: int
    weight: float


def bursts(counts: Sequence[int], exposures: Sequence[float], rules: BurstRules) -> list[Burst]:
    """Return the bursts of a series, in order; time grows with the number of hours alone.

    `exposures` are what each hour is due of a constant rate (:meth:`HourlySeries.exposures`).
    """
    due = sum(exposures)
    if due <= 0 or not any(counts):
        return []
    base = max(sum(counts) / due, rules.least_rate)
    # what the higher rate saves in an hour over the base rate: the difference of two Poisson log-likelihoods
    gains = [
        posts * log(rules.ratio) - (rules.ratio - 1) * base * exposure
        for posts, exposure in zip(counts, exposures, strict=True)
    ]
    price = rules.difficulty * log(max(2, len(counts)))
    quiet, high = 0.0, -inf
    entered: list[bool] = []  # whether the best way to be high in an hour was quiet before
    left: list[bool] = []  # whether the best way to be quiet in an hour was high before
    for gain in gains:
        entered.append(quiet - price >= high)
        left.append(high > quiet)
        quiet, high = max(quiet, high), max(high, quiet - price) + gain
    states: list[bool] = []
    state = high > quiet
    for hour in range(len(gains) - 1, -1, -1):
        states.append(state)
        state = not entered[hour] if state else left[hour]
    states.reverse()
    found: list[Burst] = []
    for is_high, hours in groupby(range(len(states)), key=states.__getitem__):
        if is_high:
            first, *rest = hours
            last = rest[-1] if rest else first
            found.append(Burst(first, last, round(sum(gains[first : last + 1]), 3)))
    return found
