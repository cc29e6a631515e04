"""When a regular check is due, over months of any length and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.calendar import SHANGHAI
from services.notify.checks.when import is_weekday, next_run


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("day", "after", "due"),
    [
        (5, "2026-03-05T09:29", "2026-03-05T09:30"),
        (5, "2026-03-05T09:30", "2026-04-05T09:30"),
        (31, "2026-02-01T00:00", "2026-02-28T09:30"),
        (31, "2026-12-31T12:00", "2027-01-31T09:30"),
        (1, "2026-01-15T00:00", "2026-02-01T09:30"),
    ],
)
def test_every_month(day: int, after: str, due: str) -> None:
    assert next_run(day, time(9, 30), at(after)) == at(due)


def test_a_day_off_is_put_off_even_into_the_next_month() -> None:
    # 31 October 2026 is a Saturday
    assert next_run(31, time(9), at("2026-10-30T12:00"), is_weekday) == at("2026-11-02T09:00")
    assert next_run(31, time(9), at("2026-11-01T12:00"), is_weekday) == at("2026-11-02T09:00")
    assert next_run(31, time(9), at("2026-11-02T09:00"), is_weekday) == at("2026-11-30T09:00")


def test_days_are_those_of_shanghai() -> None:
    assert next_run(1, time(0, 30), datetime(2026, 3, 31, 16, 0, tzinfo=UTC)) == at("2026-04-01T00:30")


@given(
    st.integers(1, 31),
    st.times().map(lambda value: value.replace(second=0, microsecond=0, tzinfo=None)),
    st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    st.booleans(),
)
def test_it_is_due_once_a_month_always_later(day: int, when: time, after: datetime, workdays: bool) -> None:
    rule = is_weekday if workdays else None
    first = next_run(day, when, after, rule)
    second = next_run(day, when, first, rule)
    assert after < first < second
    assert first - after <= timedelta(days=34)
    assert timedelta(days=25) <= second - first <= timedelta(days=34)
    here: date = first.astimezone(SHANGHAI).date()
    assert not workdays or here.weekday() < 5
