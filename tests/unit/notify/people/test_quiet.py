"""Quiet hours: what waits, until when, and what waits for nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.words import Level, NotificationKind
from language.calendar import SHANGHAI
from services.notify.people.quiet import (
    BREAKING_KINDS,
    BREAKING_LEVELS,
    LONGEST,
    QuietWindow,
    held_until,
    quiet_until,
)
from services.notify.people.sheet import parse_quiet_hours

NIGHT = QuietWindow(start="22:00", end="07:00")
NOON = QuietWindow(start="12:00", end="14:30")
WEEKEND = QuietWindow(weekdays=(6, 7), start="00:00", end="24:00")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("windows", "when", "until"),
    [
        ([NIGHT], "2026-03-02 21:59", None),
        ([NIGHT], "2026-03-02 22:00", "2026-03-03 07:00"),
        ([NIGHT], "2026-03-03 06:59", "2026-03-03 07:00"),
        ([NIGHT], "2026-03-03 07:00", None),
        ([NIGHT, NOON], "2026-03-03 13:00", "2026-03-03 14:30"),
        # Friday evening runs into the weekend, and that into Sunday's night
        ([NIGHT, WEEKEND], "2026-03-06 22:30", "2026-03-09 07:00"),
        ([WEEKEND], "2026-03-06 23:59", None),
        # a window that begins on Friday ends on Saturday, whatever Saturday has
        ([QuietWindow(weekdays=(5,), start="22:00", end="07:00")], "2026-03-07 03:00", "2026-03-07 07:00"),
        ([QuietWindow(weekdays=(6,), start="22:00", end="07:00")], "2026-03-07 03:00", None),
        ([], "2026-03-07 03:00", None),
    ],
)
def test_quiet_ends_when_its_windows_do(windows: list[QuietWindow], when: str, until: str | None) -> None:
    assert quiet_until(windows, at(when)) == (at(until) if until else None)


def test_a_week_of_quiet_holds_nothing_back_for_longer_than_three_days() -> None:
    always = [QuietWindow(start="00:00", end="24:00")]
    now = at("2026-03-02 10:00")
    assert quiet_until(always, now) == now + LONGEST


@pytest.mark.parametrize(
    "given_", [("22:00", "22:00", (1,)), ("24:00", "07:00", (1,)), ("7:00", "08:00", (1,)), ("07:00", "08:00", (8,))]
)
def test_what_is_no_window_is_refused(given_: tuple[str, str, tuple[int, ...]]) -> None:
    start, end, days = given_
    with pytest.raises(ValidationError):
        QuietWindow(start=start, end=end, weekdays=days)


_clocks = st.times(
    max_value=datetime(2026, 1, 1, 23, 59).time(),
).map(lambda time: f"{time:%H:%M}")
_windows = st.lists(
    st.tuples(st.sets(st.integers(1, 7), min_size=1), _clocks, _clocks)
    .filter(lambda one: one[1] != one[2])
    .map(lambda one: QuietWindow(weekdays=tuple(sorted(one[0])), start=one[1], end=one[2])),
    max_size=5,
)
_instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(_windows, st.sampled_from(list(NotificationKind)), st.sampled_from(sorted(BREAKING_LEVELS)), _instants)
def test_levels_one_and_two_never_wait(
    windows: list[QuietWindow], kind: NotificationKind, level: Level, instant: datetime
) -> None:
    assert {Level.I, Level.II} == BREAKING_LEVELS
    assert held_until(windows, kind, level, instant) is None


@given(_windows, st.sampled_from(sorted(BREAKING_KINDS)), st.none() | st.sampled_from(list(Level)), _instants)
def test_what_has_been_missed_never_waits(
    windows: list[QuietWindow], kind: NotificationKind, level: Level | None, instant: datetime
) -> None:
    assert NotificationKind.CLOCK_BREACHED in BREAKING_KINDS
    assert held_until(windows, kind, level, instant) is None


@given(_windows, _instants)
def test_what_waits_is_sent_outside_quiet_hours_and_within_three_days(
    windows: list[QuietWindow], instant: datetime
) -> None:
    until = held_until(windows, NotificationKind.CASE_CHANGED, Level.IV, instant)
    if until is None:
        assert quiet_until(windows, instant) is None
        return
    assert instant < until <= instant + LONGEST
    assert until == instant + LONGEST or quiet_until(windows, until) is None
    just_before = until - timedelta(seconds=1)
    assert just_before < instant or quiet_until(windows, just_before) is not None


@given(_windows)
def test_windows_are_read_as_they_are_written(windows: list[QuietWindow]) -> None:
    assert parse_quiet_hours("；".join(map(str, windows))) == windows
