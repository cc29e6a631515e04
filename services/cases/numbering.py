"""The human number of a case, as in YQ-2026-0001."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

#: Where the year begins, and the zone in which officers read times.
ZONE: Final = ZoneInfo("Asia/Shanghai")


def year_of(at: datetime) -> int:
    """Return the year in Shanghai of an instant."""
    return at.astimezone(ZONE).year


def number(year: int, count: int) -> str:
    """Return the number of the `count`-th case of a year; it grows past four digits where it must."""
    return f"YQ-{year}-{count:04d}"


def show_time(at: datetime) -> str:
    """Return an instant as officers read it, in Shanghai time: `2026-03-02 08:00`."""
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


def show_date(at: datetime) -> str:
    """Return the day of an instant as letters and reports date themselves: `2026年3月2日`, in Shanghai time."""
    day = at.astimezone(ZONE)
    return f"{day.year}年{day.month}月{day.day}日"
