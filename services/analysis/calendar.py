"""Hours and days of series. Days are those of Asia/Shanghai, where the readers are."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


def bucket_start(hour: datetime, bucket: str) -> datetime:
    """Return the start, in Shanghai time, of the bucket ("1h" or "1d") that an hour belongs to."""
    local = hour.astimezone(SHANGHAI)
    return local.replace(hour=0) if bucket == "1d" else local
