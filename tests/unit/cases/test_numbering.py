"""Case numbers count in Shanghai's years."""

from __future__ import annotations

from datetime import UTC, datetime

from services.cases.numbering import number, show_time, year_of


def test_a_number_is_padded_and_grows() -> None:
    assert number(2026, 1) == "YQ-2026-0001"
    assert number(2026, 12345) == "YQ-2026-12345"


def test_the_year_begins_in_shanghai() -> None:
    assert year_of(datetime(2025, 12, 31, 15, 59, tzinfo=UTC)) == 2025
    assert year_of(datetime(2025, 12, 31, 16, 0, tzinfo=UTC)) == 2026
    assert show_time(datetime(2025, 12, 31, 16, 0, tzinfo=UTC)) == "2026-01-01 00:00"
