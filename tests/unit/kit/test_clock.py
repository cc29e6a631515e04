from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kit.clock import ShiftedClock


def moved(clock: ShiftedClock) -> timedelta:
    return clock.now() - datetime.now(UTC)


def test_a_clock_is_moved_by_what_its_file_says_and_again_when_that_changes(tmp_path: Path) -> None:
    file = tmp_path / "shift"
    clock = ShiftedClock(file)
    assert abs(moved(clock)) < timedelta(seconds=1)

    file.write_text("3600")
    assert abs(moved(clock) - timedelta(hours=1)) < timedelta(seconds=1)

    file.write_text("-90.5")
    os.utime(file, ns=(1, 1))
    assert abs(moved(clock) + timedelta(seconds=90.5)) < timedelta(seconds=1)

    file.unlink()
    assert abs(moved(clock)) < timedelta(seconds=1)


def test_a_file_without_a_number_is_no_time(tmp_path: Path) -> None:
    file = tmp_path / "shift"
    file.write_text("tomorrow")
    with pytest.raises(ValueError, match="tomorrow"):
        ShiftedClock(file).now()
