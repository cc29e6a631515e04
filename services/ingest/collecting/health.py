"""How a source is: by its passes, and by its own habit. Pure: no clock, no I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

#: days of habit that are looked at, and that there must be before a quiet source is called silent
HABIT_DAYS: Final = 14
_LEARNED_DAYS: Final = 3
#: posts that the habit lets expect, at which none at all has a chance of 1 in 1,000 (Poisson: e^-6.9)
_EXPECTED: Final = math.log(1000)
#: hours without a post before which no source is called quiet
SHORTEST_QUIET: Final = 2.0
#: how much longer than the longest pause of its habit a source is quiet before it is called silent
_LONGER: Final = 1.5
#: passes in a row that failed, before a source is called silent
_FAILURES: Final = 3
#: newest passes that are looked at for texts, and the share of texts that may be missed in them
_LOOKED_AT: Final = 5
_MISSED: Final = 0.5
_FEWEST: Final = 4


class Silence(StrEnum):
    """Why a source is called silent."""

    #: it cannot be fetched
    FETCH = "fetch"
    #: it can, but its entries give no texts any more
    EXTRACTION = "extraction"
    #: it can, and has nothing new for far longer than is its habit
    QUIET = "quiet"


class Condition(StrEnum):
    """How a source is, in one word."""

    PAUSED = "paused"
    NEW = "new"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class PassSeen:
    """What the judgement needs of one pass: whether it failed, how many posts it brought and how many it missed."""

    failed: bool
    found: int
    missed: int
    #: it failed because what it got was not what it reads
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Habit:
    """New posts by hour. `hours` maps an hour since 1970 to the posts it brought; hours without posts are left out."""

    hours: Mapping[int, int]
    since: int
    until: int

    @property
    def days(self) -> float:
        """Return the days that the habit was learned over."""
        return max(0, self.until - self.since) / 24

    @property
    def per_day(self) -> float:
        """Return the mean number of posts a day."""
        return sum(self.hours.values()) / self.days if self.days else 0.0

    def longest_pause(self) -> int:
        """Return the longest run of hours without a post between two that had some."""
        marks = sorted(self.hours)
        return max((later - sooner for sooner, later in pairwise(marks)), default=0)

    def expected(self, begin: int, end: int) -> float:
        """Return the posts that hours `begin` to `end` (without it) would bring by the time of day."""
        if not self.days:
            return 0.0
        by_hour = [0.0] * 24
        for hour, posts in self.hours.items():
            by_hour[hour % 24] += posts / self.days
        whole, rest = divmod(max(0, end - begin), 24)
        return whole * sum(by_hour) + sum(by_hour[(begin + step) % 24] for step in range(rest))


def hour_of(at: datetime) -> int:
    """Return the hour since 1970 that an instant lies in."""
    return int(at.astimezone(UTC).timestamp()) // 3600


def judge(
    passes: Sequence[PassSeen],
    habit: Habit,
    *,
    now: datetime,
    last_post_at: datetime | None,
    last_success_at: datetime | None,
    interval: timedelta,
) -> Silence | None:
    """Return why a source counts as silent; None where it does not.

    `passes`: the newest first; empty for a source that posts are pushed to, which is judged by its habit alone.
    """
    if passes:
        failing = len(passes) >= _FAILURES and all(one.failed for one in passes[:_FAILURES])
        if failing and (last_success_at is None or now - last_success_at > 3 * interval):
            return Silence.EXTRACTION if passes[0].unreadable else Silence.FETCH
        good = [one for one in passes if not one.failed][:_LOOKED_AT]
        found, missed = sum(one.found for one in good), sum(one.missed for one in good)
        if missed >= _FEWEST and missed > _MISSED * (found + missed):
            return Silence.EXTRACTION
    if passes and (last_success_at is None or now - last_success_at > 3 * interval):
        # nobody has looked: after hours of rest nothing can be said of a source
        return None
    if last_post_at is None or habit.days < _LEARNED_DAYS or not habit.hours:
        return None
    begin, end = hour_of(last_post_at) + 1, hour_of(now)
    quiet = max(SHORTEST_QUIET, _LONGER * habit.longest_pause())
    if end - begin >= quiet and habit.expected(begin, end) >= _EXPECTED:
        return Silence.QUIET
    return None


def condition(*, enabled: bool, passes: Sequence[PassSeen], silent: bool, collected: bool) -> Condition:
    """Return how a source is, in one word. `collected`: by an adapter, not pushed to."""
    if not enabled:
        return Condition.PAUSED
    if silent:
        return Condition.SILENT
    if collected and not passes:
        return Condition.NEW
    if passes and (passes[0].failed or 2 * sum(one.failed for one in passes) > len(passes)):
        return Condition.DEGRADED
    return Condition.HEALTHY
