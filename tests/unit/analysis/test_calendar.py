"""Buckets of time."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.analysis.calendar import LENGTHS, bucket_start, day_of, floor, hour_of


def test_days_begin_at_midnight_in_shanghai() -> None:
    before, after = datetime(2026, 3, 1, 15, tzinfo=UTC), datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert bucket_start(before, "1d").isoformat() == "2026-03-01T00:00:00+08:00"
    assert bucket_start(after, "1d").isoformat() == "2026-03-02T00:00:00+08:00"
    assert bucket_start(after, "1h").isoformat() == "2026-03-02T00:00:00+08:00"
    assert bucket_start(after.replace(minute=29), "10m").isoformat() == "2026-03-02T00:20:00+08:00"


@given(st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_an_instant_lies_in_its_bucket(at: datetime) -> None:
    for length in LENGTHS.values():
        start = floor(at, length)
        assert start <= at < start + length
        assert floor(start, length) == start
    assert day_of(hour_of(at)) == day_of(at)
