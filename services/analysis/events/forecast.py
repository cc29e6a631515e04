"""How many posts of an event the next six hours will bring.

The expected count is that of a self-exciting process (A. Hawkes, Biometrika 58, 1971) whose posts call forth others
for a while that is a mixture of exponentials: seen from now, the expectation is linear in averages of the past that
fade with those half-lives. Averages are taken against the rhythm of the day and the result is given it back. The
spread is negative binomial. Weights and dispersions are fitted by `python bench/forecast.py --fit` on simulated events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.analysis.calendar import HOUR, hour_of
from services.analysis.events.series import HourlySeries, rhythm

#: hours that are foretold, and hours of the past that this is done from
HORIZON: Final = 6
HISTORY_HOURS: Final = 168
#: half-lives of the averages, hours
HALF_LIVES: Final = (1.0, 4.0, 16.0, 64.0)
#: weight of each average in each hour to come
WEIGHTS: Final = (
    (0.8542, 0.0002, 0.1250, 0.0322),
    (0.7545, 0.0544, 0.2016, 0.0498),
    (0.6735, 0.1007, 0.2615, 0.0537),
    (0.5594, 0.2396, 0.2900, 0.0797),
    (0.4881, 0.3544, 0.2673, 0.1398),
    (0.4818, 0.2985, 0.3314, 0.1531),
)
#: how far the counts of each hour to come scatter: variance = mean + dispersion * mean ** 2
DISPERSIONS: Final = (0.187, 0.421, 0.774, 0.948, 1.162, 1.162)
#: posts below which hardly anything is known, and what their dispersion is multiplied by then
COLD_POSTS: Final = 3
_COLD_DISPERSION: Final = 4.0
#: ends of the intervals of 90 % and 50 %, and the median
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
#: a mean above this is worked out at this size and scaled: the distribution then no longer changes its form
_LARGEST: Final = 1000.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HourForecast:
    """What one hour is expected to bring. `mean` and `median`; and the ends of the intervals of 50 % and 90 %."""

    since: datetime
    mean: float
    median: int
    low50: int
    high50: int
    low90: int
    high90: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The hours to come, in order. `cold`: there were fewer than three posts to judge from."""

    hours: tuple[HourForecast, ...]
    cold: bool


def forecast(series: HourlySeries) -> Forecast:
    """Return the forecast of the six hours after `series.now`; hours before the first of the series count as empty."""
    cold = sum(series.counts) < COLD_POSTS
    past = averages(series)
    hours = []
    wider = _COLD_DISPERSION if cold else 1.0
    for step, (weights, dispersion) in enumerate(zip(WEIGHTS, DISPERSIONS, strict=True)):
        since = series.now + step * HOUR
        mean = due(since) * float(past @ np.asarray(weights))
        low90, low50, median, high50, high90 = quantiles(mean, dispersion * wider)
        hours.append(HourForecast(since, round(mean, 2), median, low50, high50, low90, high90))
    return Forecast(tuple(hours), cold)


def averages(series: HourlySeries) -> Floats:
    """Return posts over what the hours were due, for each half-life, the latest hours weighing most."""
    counts = np.asarray(series.counts, dtype=np.float64)
    exposures = np.asarray(series.exposures())
    running = (series.now - hour_of(series.now)) / HOUR
    # hours from the middle of an hour to now
    ages = np.arange(len(counts) - 1, -1, -1) - 0.5 + running
    ages[-1] = running / 2
    fading = 0.5 ** (ages[None, :] / np.asarray(HALF_LIVES)[:, None])
    seen = fading @ exposures
    found: Floats = np.divide(fading @ counts, seen, out=np.zeros_like(seen), where=seen > 0)
    return found


def due(since: datetime) -> float:
    """Return what the 60 minutes from `since` on are due of a constant interest, by the rhythm of the day."""
    first, second = rhythm(hour_of(since), 2)
    late = (since - hour_of(since)) / HOUR
    return first * (1 - late) + second * late


def quantiles(mean: float, dispersion: float) -> tuple[int, ...]:
    """Return the `QUANTILES` of a negative binomial count with variance ``mean + dispersion * mean ** 2``."""
    if mean <= 0:
        return (0,) * len(QUANTILES)
    if mean > _LARGEST:
        # with so large a mean only the second term matters, and that one scales
        scale = mean / _LARGEST
        return tuple(round(q * scale) for q in quantiles(_LARGEST, dispersion))
    size = 1 / dispersion
    # log of the chances of 0, 1, 2, …, up to where hardly anything is left
    most = int(mean + 12 * (mean + dispersion * mean**2) ** 0.5) + 10
    counts = np.arange(1, most)
    chance_of_none = size * log(size / (size + mean))
    steps = np.log(counts + size - 1) - np.log(counts) + log(mean / (size + mean))
    upto = np.cumsum(np.exp(np.concatenate(([chance_of_none], chance_of_none + np.cumsum(steps)))))
    return tuple(int(q) for q in np.searchsorted(upto, QUANTILES))
