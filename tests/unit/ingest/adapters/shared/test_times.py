"""Times that are stated in a standard's form come back as they were meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.adapters.times import stated_time, unskewed

NOW = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
ZONES = st.sampled_from([UTC, *(timezone(timedelta(hours=hours)) for hours in (-8, -5, 1, 8, 9))])
MOMENTS = st.datetimes(datetime(1992, 1, 1), datetime(2026, 6, 14), timezones=ZONES).map(
    lambda at: at.replace(microsecond=0)
)


@given(MOMENTS)
def test_every_standard_form_is_read_as_it_was_written(at: datetime) -> None:
    assert stated_time(format_datetime(at), NOW) == at
    assert stated_time(at.isoformat(), NOW) == at
    assert stated_time(at.isoformat(" "), NOW) == at


@given(st.datetimes(datetime(2002, 1, 1), datetime(2026, 6, 14)).map(lambda at: at.replace(tzinfo=UTC, microsecond=0)))
def test_seconds_and_milliseconds_since_1970_are_read(at: datetime) -> None:
    assert stated_time(at.timestamp(), NOW) == at
    assert stated_time(int(at.timestamp() * 1000), NOW) == at
    assert stated_time(str(int(at.timestamp())), NOW) == at


@given(st.text(max_size=100) | st.floats() | st.integers() | st.booleans() | st.none() | st.lists(st.text()))
def test_whatever_is_stated_it_never_fails_and_always_has_a_zone(value: object) -> None:
    found = stated_time(value, NOW)
    assert found is None or (found.tzinfo is not None and datetime(1991, 1, 1, tzinfo=UTC) <= found)


@pytest.mark.parametrize("value", ["", "暂无", "第12期", "2026-13-45", "12345", 12345, True, -1.0, float("nan"), 1e300])
def test_what_is_no_time_is_none(value: object) -> None:
    assert stated_time(value, NOW) is None


def test_times_in_order_stay_as_they_are() -> None:
    times = [NOW - timedelta(hours=1), None, NOW.astimezone(timezone(timedelta(hours=8)))]
    assert unskewed(times, NOW) == times
