"""Where an event stands in its life: 潜伏, 成长, 爆发, 衰退. Read off its last 72 hours and nothing else.

The same posts and the same instant give the same stage, however often it was worked out before: what keeps a stage
from flickering (the price of a burst, two thresholds of fading) is followed through the hours anew each time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from operator import sub

from contracts.messages import EventMetrics
from contracts.words import Stage
from services.analysis.events.burst import Burst, BurstRules, bursts
from services.analysis.events.series import HourlySeries


@dataclass(frozen=True, slots=True)
class StageRules:
    """Thresholds of :func:`stage`."""

    #: posts in one hour that a burst must reach at its highest
    burst_posts: int = 20
    #: parameters of the automaton that finds bursts
    burst: BurstRules = field(default_factory=BurstRules)
    #: posts within 24 hours from which an event grows
    growing_posts: int = 3
    #: an event fades once its pace is below this share of its highest
    fading_share: float = 0.25
    #: and grows again once it is above this share
    recovery_share: float = 0.5
    #: hours that the pace is the mean of
    pace_hours: int = 6
    #: posts in `pace_hours` below which a pace is none to fade from
    least_peak: int = 6


def needs_hours(posts: int, rules: StageRules) -> bool:
    """Tell whether the hours of an event of so many posts can play a part in its stage."""
    return posts >= min(rules.least_peak, rules.burst_posts)


def stage(series: HourlySeries, metrics: EventMetrics, rules: StageRules) -> Stage:
    """Return the stage of an event at `series.now`.

    - fading: no post for 24 hours; or a burst has ended, or the pace fell below `fading_share` of its highest in these
      hours, and it has not climbed back above `recovery_share` since
    - bursting: the automaton is in its high state, and one hour of this burst held `burst_posts`
    - growing: at least `growing_posts` within 24 hours
    - latent: everything else

    The pace is posts over the mean of `pace_hours`, set off against the rhythm of the day: a night is no fading.
    """
    if metrics.posts_24h == 0:
        return Stage.FADING
    found = _bursts(series, rules)
    if found and found[-1].last == len(series.counts) - 1:
        return Stage.BURSTING
    if _fades(series, {burst.last + 1 for burst in found}, rules):
        return Stage.FADING
    return Stage.GROWING if metrics.posts_24h >= rules.growing_posts else Stage.LATENT


def _bursts(series: HourlySeries, rules: StageRules) -> list[Burst]:
    if max(series.counts) < rules.burst_posts:
        return []
    found = bursts(series.counts, series.exposures(), rules.burst)
    return [one for one in found if max(series.counts[one.first : one.last + 1]) >= rules.burst_posts]


def _fades(series: HourlySeries, ends: Collection[int], rules: StageRules) -> bool:
    """Follow the pace through the hours; `ends` are the hours after a burst."""
    if sum(series.counts) < rules.least_peak:
        return False
    posts, due = _sums(series.counts, rules.pace_hours), _dues(series.now, len(series.counts), rules.pace_hours)
    highest, before, fading = 0.0, 0.0, False
    for hour, (held, exposure) in enumerate(zip(posts, due, strict=True)):
        pace = held / exposure if exposure else 0.0
        if held >= rules.least_peak:
            highest = max(highest, pace)
        if hour in ends or pace < rules.fading_share * highest:
            fading = True
        elif before < pace > rules.recovery_share * highest:
            fading = False
        before = pace
    return fading


@lru_cache(maxsize=16)
def _dues(now: datetime, hours: int, width: int) -> tuple[float, ...]:
    """Return what :func:`_sums` gives of the exposures: the same for all events at one instant."""
    return tuple(_sums(HourlySeries((0,) * hours, now).exposures(), width))


def _sums(values: Sequence[float], width: int) -> list[float]:
    """Return the sum of each value and the `width` - 1 before it."""
    upto = list(accumulate(values, initial=0.0))
    return list(map(sub, upto[1:], [0.0] * (width - 1) + upto))
