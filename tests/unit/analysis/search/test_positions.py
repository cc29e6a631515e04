"""Positions rise with time and are never given twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.analysis.search.positions import first_at, position_of

TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))


@given(TIMES, TIMES, st.text(max_size=5), st.text(max_size=5))
def test_positions_rise_with_time(one: datetime, other: datetime, a: str, b: str) -> None:
    if abs(one - other) >= timedelta(seconds=1):
        assert (position_of(one, a) < position_of(other, b)) == (one < other)
    assert first_at(one) <= position_of(one, a) < first_at(one + timedelta(seconds=1))
    assert -(2**63) <= position_of(one, a) < 2**63


def test_a_taken_position_is_passed_over() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    taken = {position_of(at, "a")}
    taken.add(position_of(at, "a", taken))
    assert len(taken) == 2
    assert all(first_at(at) <= one < first_at(at) + 2**20 for one in taken)
