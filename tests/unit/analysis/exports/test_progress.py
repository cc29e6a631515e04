"""How far an export says it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.analysis.exports.progress import Position, Speed


def at(passed: int, everything: int, rows: int, *, percent: float = 0.0, limit: int = 1000) -> dict[str, float]:
    return Speed(0, percent, limit).at(rows, Position(None, passed, everything, {}))


def test_rows_to_come_are_reckoned_from_the_share_that_was_passed() -> None:
    assert at(25, 100, 10)["percent"] == 25.0
    assert at(25, 100, 10)["total"] == 40
    assert at(25, 100, 900, limit=1000)["percent"] == 90.0, "the limit is nearer than the end of the list"
    assert at(25, 100, 900, limit=1000)["total"] == 1000
    assert at(10, 100, 1, percent=60.0)["percent"] == 60.0, "a bar never goes back"
    assert at(0, 100, 0)["total"] is None
    assert at(0, 0, 0)["percent"] == 99.9, "only the end is 100"


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 1000), st.floats(0, 100))
def test_figures_stay_within_bounds(passed: int, everything: int, rows: int, percent: float) -> None:
    found = at(passed, everything, rows, percent=percent)
    assert 0 <= found["percent"] <= 99.9
    assert found["total"] is None or 0 <= found["total"] <= 1000
    assert found["eta_seconds"] is None or found["eta_seconds"] >= 0
