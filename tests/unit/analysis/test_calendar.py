"""Buckets of series."""

from __future__ import annotations

from datetime import UTC, datetime

from services.analysis.calendar import bucket_start


def test_days_begin_at_midnight_in_shanghai() -> None:
    before, after = datetime(2026, 3, 1, 15, tzinfo=UTC), datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert bucket_start(before, "1d").isoformat() == "2026-03-01T00:00:00+08:00"
    assert bucket_start(after, "1d").isoformat() == "2026-03-02T00:00:00+08:00"
    assert bucket_start(after, "1h").isoformat() == "2026-03-02T00:00:00+08:00"
