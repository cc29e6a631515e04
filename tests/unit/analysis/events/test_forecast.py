"""The forecast of the next hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.calendar import HOUR
from services.analysis.events.forecast import (
    HISTORY_HOURS,
    HORIZON,
    QUANTILES,
    HourForecast,
    averages,
    due,
    forecast,
    quantiles,
)
from services.analysis.events.series import RHYTHM, HourlySeries

#: 16:30 in Shanghai
NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


def of(*recent: int, now: datetime = NOW) -> tuple[HourForecast, ...]:
    """Return the forecast after these last hours."""
    return forecast(HourlySeries([0] * (HISTORY_HOURS + 1 - len(recent)) + list(recent), now)).hours


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=HISTORY_HOURS), st.integers(0, 3599))
def test_it_is_ordered_and_the_same_each_time(counts: list[int], second: int) -> None:
    now = NOW.replace(minute=0) + timedelta(seconds=second)
    hours = of(*counts, now=now)
    assert hours == of(*counts, now=now)
    assert [hour.since for hour in hours] == [now + step * HOUR for step in range(HORIZON)]
    for hour in hours:
        assert 0 <= hour.low90 <= hour.low50 <= hour.median <= hour.high50 <= hour.high90
        assert hour.mean >= 0


def test_nothing_comes_of_nothing() -> None:
    assert all((hour.mean, hour.high90) == (0, 0) for hour in of(0))


def test_what_stopped_fades_and_what_runs_goes_on() -> None:
    running = of(*[60] * 24)
    stopped = of(*[60] * 18, *[0] * 6)
    assert running[0].mean > 5 * stopped[0].mean
    assert 20 < running[0].median < 120
    burst = of(*[2] * 40, 200, 200)
    assert burst[0].mean > burst[-1].mean > 2


def test_the_night_is_quieter() -> None:
    counts = [30] * 48
    midnight = of(*counts, now=datetime(2026, 3, 2, 16, tzinfo=UTC))
    morning = of(*counts, now=datetime(2026, 3, 3, 0, tzinfo=UTC))
    assert sum(hour.mean for hour in midnight) < sum(hour.mean for hour in morning)
    assert due(NOW) == pytest.approx((RHYTHM[16] + RHYTHM[17]) / 2)


def test_a_cold_start_says_so_and_is_wide() -> None:
    cold = forecast(HourlySeries([0] * HISTORY_HOURS + [2], NOW))
    warm = forecast(HourlySeries([0] * HISTORY_HOURS + [3], NOW))
    assert cold.cold
    assert not warm.cold
    assert cold.hours[0].high90 >= warm.hours[0].high90
    assert cold.hours[0].high90 > cold.hours[0].mean


def test_averages_of_a_steady_stream_are_its_pace() -> None:
    empty = HourlySeries([0] * (HISTORY_HOURS + 1), NOW)
    counts = [round(1000 * part) for part in empty.exposures()]
    assert averages(HourlySeries(counts, NOW)) == pytest.approx([1000] * 4, rel=0.01)


@pytest.mark.parametrize(("mean", "size"), [(0.3, 2), (4.0, 1), (40.0, 3)])
def test_quantiles_are_those_of_the_distribution(mean: float, size: int) -> None:
    """With a whole `size` the negative binomial counts failures before `size` successes."""
    success = size / (size + mean)
    upto, expected, count = 0.0, [], 0
    for chance in QUANTILES:
        while upto + comb(count + size - 1, count) * success**size * (1 - success) ** count < chance:
            upto += comb(count + size - 1, count) * success**size * (1 - success) ** count
            count += 1
        expected.append(count)
    assert quantiles(mean, 1 / size) == tuple(expected)


def test_large_means_are_scaled_without_a_jump() -> None:
    small, large = quantiles(999.0, 0.4), quantiles(1001.0, 0.4)
    assert all(abs(a - b) <= 0.01 * a + 2 for a, b in zip(small, large, strict=True))
