"""How a source is: by its passes, and by its own habit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.collecting.health import (
    Condition,
    Habit,
    PassSeen,
    Silence,
    condition,
    hour_of,
    judge,
)

NOW = datetime(2026, 3, 16, 4, 0, tzinfo=UTC)
GOOD = PassSeen(failed=False, found=10, missed=0)
FAILED = PassSeen(failed=True, found=0, missed=0)
EMPTY = PassSeen(failed=False, found=0, missed=0)
HOURLY = timedelta(hours=1)


def _habit(days: int, *, hours: range = range(24), posts: int = 2) -> Habit:
    """Posts every day at these hours (UTC), for `days` days up to now."""
    until = hour_of(NOW)
    since = until - 24 * days
    return Habit({hour: posts for hour in range(since, until) if hour % 24 in hours}, since, until)


def _judge(
    passes: list[PassSeen],
    habit: Habit | None = None,
    *,
    last_post: timedelta | None = None,
    success: timedelta = HOURLY,
) -> Silence | None:
    return judge(
        passes,
        habit or Habit({}, 0, 0),
        now=NOW,
        last_post_at=NOW - last_post if last_post else None,
        last_success_at=NOW - success,
        interval=HOURLY,
    )


def test_three_failures_in_a_row_are_silence_and_two_are_not() -> None:
    assert _judge([FAILED] * 3 + [GOOD], success=timedelta(hours=5)) is Silence.FETCH
    assert _judge([FAILED] * 2 + [GOOD] * 3, success=timedelta(hours=5)) is None
    assert _judge([FAILED, GOOD, FAILED, FAILED], success=timedelta(hours=5)) is None


def test_failures_within_three_intervals_are_still_borne() -> None:
    assert _judge([FAILED] * 3, success=timedelta(hours=2)) is None


def test_a_source_that_never_succeeded_is_silent_after_three_passes() -> None:
    assert judge([FAILED] * 3, Habit({}, 0, 0), now=NOW, last_post_at=None, last_success_at=None, interval=HOURLY)


def test_entries_without_texts_are_silence_though_the_page_opens() -> None:
    broken = PassSeen(failed=False, found=0, missed=8)
    assert _judge([broken, broken, GOOD]) is Silence.EXTRACTION
    assert _judge([PassSeen(failed=False, found=9, missed=3)]) is None
    assert _judge([PassSeen(failed=False, found=0, missed=3)]) is None, "three misses are too few to tell"


def test_a_quiet_source_is_silent_only_against_its_own_habit() -> None:
    busy = _habit(14)
    assert _judge([EMPTY] * 5, busy, last_post=timedelta(hours=6)) is Silence.QUIET
    assert _judge([EMPTY] * 5, busy, last_post=timedelta(hours=2)) is None
    slow = _habit(14, hours=range(2, 3), posts=1)
    assert _judge([EMPTY] * 5, slow, last_post=timedelta(hours=30)) is None
    assert _judge([EMPTY] * 5, slow, last_post=timedelta(days=9)) is Silence.QUIET


def test_after_a_rest_nothing_is_said_of_a_source_before_it_was_looked_at() -> None:
    assert _judge([EMPTY] * 5, _habit(14), last_post=timedelta(hours=6), success=timedelta(hours=5)) is None
    assert _judge([EMPTY] * 5, _habit(14), last_post=timedelta(hours=6), success=timedelta(hours=1)) is Silence.QUIET


def test_a_page_that_is_not_what_it_should_be_is_a_matter_of_reading() -> None:
    unreadable = PassSeen(failed=True, found=0, missed=0, unreadable=True)
    assert _judge([unreadable] * 3, success=timedelta(hours=9)) is Silence.EXTRACTION


def test_the_nightly_pause_of_a_daytime_source_is_no_silence() -> None:
    daytime = _habit(14, hours=range(10), posts=6)  # 8 to 18 o'clock in Shanghai
    morning = NOW.replace(hour=0, minute=30)
    quiet = judge(
        [EMPTY] * 5,
        daytime,
        now=morning,
        last_post_at=morning - timedelta(hours=15),
        last_success_at=morning,
        interval=HOURLY,
    )
    assert quiet is None
    noon = morning + timedelta(hours=8)
    assert (
        judge(
            [EMPTY] * 5,
            daytime,
            now=noon,
            last_post_at=noon - timedelta(hours=24),
            last_success_at=noon,
            interval=HOURLY,
        )
        is Silence.QUIET
    )


def test_a_young_source_has_no_habit_yet() -> None:
    assert _judge([EMPTY] * 5, _habit(2), last_post=timedelta(hours=20)) is None


def test_a_source_that_is_pushed_to_is_judged_by_habit_alone() -> None:
    assert _judge([], _habit(14), last_post=timedelta(hours=8)) is Silence.QUIET
    assert _judge([], _habit(14), last_post=timedelta(hours=1)) is None


@given(st.integers(1, 14), st.integers(0, 500), st.integers(0, 200))
def test_what_a_habit_lets_expect_adds_up(days: int, begin: int, length: int) -> None:
    habit = _habit(days, hours=range(3, 9), posts=4)
    middle = begin + length // 2
    whole = habit.expected(begin, begin + length)
    assert whole == pytest.approx(habit.expected(begin, middle) + habit.expected(middle, begin + length))
    assert habit.expected(begin, begin + 24) == pytest.approx(habit.per_day)


@pytest.mark.parametrize(
    ("passes", "silent", "enabled", "collected", "expected"),
    [
        ([], False, True, True, Condition.NEW),
        ([], False, True, False, Condition.HEALTHY),
        ([GOOD], False, True, True, Condition.HEALTHY),
        ([FAILED, GOOD, GOOD], False, True, True, Condition.DEGRADED),
        ([GOOD, FAILED, FAILED, FAILED], False, True, True, Condition.DEGRADED),
        ([GOOD, FAILED, GOOD], False, True, True, Condition.HEALTHY),
        ([FAILED] * 3, True, True, True, Condition.SILENT),
        ([GOOD], True, False, True, Condition.PAUSED),
    ],
)
def test_a_condition_is_one_word(
    passes: list[PassSeen], silent: bool, enabled: bool, collected: bool, expected: Condition
) -> None:
    assert condition(enabled=enabled, passes=passes, silent=silent, collected=collected) is expected
