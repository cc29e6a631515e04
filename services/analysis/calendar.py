"""Where buckets of time begin. Days are those of Asia/Shanghai, where the readers are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from language.calendar import SHANGHAI

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
#: length of a bucket by its name in the API
LENGTHS: Final = {"10m": timedelta(minutes=10), "1h": HOUR, "1d": DAY}
_MIDNIGHT: Final = datetime(1970, 1, 1, tzinfo=SHANGHAI)


def floor(at: datetime, length: timedelta) -> datetime:
    """Return the start, in UTC, of the bucket of `length` that an instant belongs to."""
    return at.astimezone(UTC) - (at - _MIDNIGHT) % length


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour of an instant, in UTC."""
    return floor(at, HOUR)


def day_of(at: datetime) -> datetime:
    """Return the midnight in Shanghai, in UTC, that the day of an instant begins with."""
    return floor(at, DAY)


def bucket_start(at: datetime, bucket: str) -> datetime:
    """Return the start, in Shanghai time, of the bucket ("10m", "1h" or "1d") that an instant belongs to."""
    return floor(at, LENGTHS[bucket]).astimezone(SHANGHAI)
