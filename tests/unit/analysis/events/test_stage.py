"""The stage of an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.messages import EventMetrics
from contracts.words import Stage
from services.analysis.events.series import RECENT_HOURS, RHYTHM, HourlySeries, rhythm
from services.analysis.events.stage import StageRules, needs_hours, stage

#: 16:30 in Shanghai
NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
RULES = StageRules()


def of(*recent: int, now: datetime = NOW) -> Stage:
    """Return the stage of an event whose last hours held these posts."""
    counts = [0] * (RECENT_HOURS - len(recent)) + list(recent)
    return stage(HourlySeries(counts, now), EventMetrics(posts_24h=sum(counts[-24:])), RULES)


def paced(levels: Sequence[float], now: datetime = NOW) -> list[int]:
    """Return counts that follow the rhythm of the day at these levels."""
    exposures = HourlySeries([0] * len(levels), now).exposures()
    return [round(level * due) for level, due in zip(levels, exposures, strict=True)]


@pytest.mark.parametrize(
    ("recent", "expected"),
    [
        ((0,), Stage.FADING),
        ((1,), Stage.LATENT),
        ((2, *[0] * 20), Stage.LATENT),
        ((1, 1, 1), Stage.GROWING),
        ((25,), Stage.BURSTING),
        ((2, 3, 40, 35), Stage.BURSTING),
        ((2, 3, 15, 12), Stage.GROWING),  # much for it, but no hour of twenty
        ((50, *[0] * 30), Stage.FADING),
    ],
)
def test_stages(recent: tuple[int, ...], expected: Stage) -> None:
    assert of(*recent) is expected


def test_a_life_goes_through_all_stages() -> None:
    life = [1] + [0] * 3 + [1, 1, 2, 3, 4, 30, 60, 80, 60, 30, 12, 6, 4, 3, 3, 2, 1, 1, 1, 1]
    stages = [of(*life[: i + 1], now=NOW + timedelta(hours=i - len(life))) for i in range(len(life))]
    changes = [s for s, before in zip(stages, [None, *stages], strict=False) if s is not before]
    assert changes == [Stage.LATENT, Stage.GROWING, Stage.BURSTING, Stage.FADING]


def test_a_night_is_no_fading_and_a_morning_no_burst() -> None:
    for hour in range(24):
        now = NOW.replace(hour=hour)
        assert of(*paced([30.0] * RECENT_HOURS, now), now=now) is Stage.GROWING, hour


def test_the_hour_that_has_just_begun_says_little() -> None:
    now = NOW.replace(minute=2)
    assert of(*paced([30.0] * 60, now)[:-1], 1, now=now) is Stage.GROWING
    assert of(*paced([10.0] * 60, now)[:-1], 60, 80, 3, now=now) is Stage.BURSTING


def test_between_the_thresholds_the_stage_stays() -> None:
    """At a pace between a quarter and a half of the highest, it depends on where the event came from."""
    falling = [40.0] * 40 + [16.0] * 14
    fallen = [40.0] * 26 + [4.0] * 14 + [16.0] * 14
    recovered = [40.0] * 26 + [4.0] * 14 + [30.0] * 14
    assert of(*paced(falling)) is Stage.GROWING
    assert of(*paced(fallen)) is Stage.FADING
    assert of(*paced(recovered)) is not Stage.FADING


@given(st.lists(st.integers(0, 60), min_size=RECENT_HOURS, max_size=RECENT_HOURS), st.integers(0, 3599))
def test_any_series_has_a_stage_that_its_size_allows(counts: list[int], second: int) -> None:
    now = NOW.replace(minute=0) + timedelta(seconds=second)
    day = sum(counts[-24:])
    found = stage(HourlySeries(counts, now), EventMetrics(posts_24h=day), RULES)
    if found is Stage.BURSTING:
        assert max(counts) >= RULES.burst_posts
    if found is Stage.GROWING:
        assert day >= RULES.growing_posts
    assert (day == 0) <= (found is Stage.FADING)


@given(st.lists(st.integers(0, RECENT_HOURS - 1), min_size=1, max_size=8), st.integers(0, 3))
def test_the_hours_of_an_event_that_need_not_be_read_change_nothing(hours: list[int], before: int) -> None:
    counts = [hours.count(hour) for hour in range(RECENT_HOURS)]
    metrics = EventMetrics(posts_24h=sum(counts[-24:]))
    if not needs_hours(len(hours) + before, RULES):
        unread = HourlySeries([0] * RECENT_HOURS, NOW)
        assert stage(HourlySeries(counts, NOW), metrics, RULES) is stage(unread, metrics, RULES)


def test_the_rhythm_is_one_on_the_mean() -> None:
    assert sum(RHYTHM) / 24 == pytest.approx(1, abs=0.01)
    assert rhythm(datetime(2026, 3, 1, 16, tzinfo=UTC), 2) == list(RHYTHM[:2])
