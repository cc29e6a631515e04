"""Counts by the hour of an event, and what part of a day's posts an hour is due. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from language.calendar import SHANGHAI
from services.analysis.calendar import HOUR, hour_of

#: hours that the stage of an event is read off
RECENT_HOURS: Final = 72
#: Posts of an hour over the mean hour of its day, from midnight in Shanghai. From the times of the citizens' messages
#: and of the news reports that `bench/forecast.py` reads, half each, to the power 0.6: both keep office hours more than
#: a platform does.
RHYTHM: Final = (
    *(0.66, 0.53, 0.41, 0.37, 0.34, 0.34, 0.52, 0.79, 1.62, 1.67, 1.81, 1.67),
    *(1.10, 1.13, 1.36, 1.42, 1.42, 1.36, 1.16, 0.97, 0.89, 0.86, 0.90, 0.69),
)


@dataclass(frozen=True, slots=True)
class HourlySeries:
    """Posts in consecutive hours of the clock, oldest first; the last is the hour that runs at `now`, up to `now`."""

    counts: Sequence[int]
    now: datetime

    @property
    def begin(self) -> datetime:
        """The start of the first hour."""
        return hour_of(self.now) - (len(self.counts) - 1) * HOUR

    def exposures(self) -> list[float]:
        """Return what each hour is due of a constant interest: its place in the day's rhythm, the last by its part."""
        due = rhythm(self.begin, len(self.counts))
        due[-1] *= (self.now - hour_of(self.now)) / HOUR
        return due


def rhythm(begin: datetime, hours: int) -> list[float]:
    """Return the rhythm of consecutive hours from `begin` on, a start of an hour."""
    first = begin.astimezone(SHANGHAI).hour
    return [RHYTHM[(first + i) % 24] for i in range(hours)]
