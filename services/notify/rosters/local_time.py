"""Local times as instants, in zones with daylight saving too."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

_SECOND: Final = timedelta(seconds=1)


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Return the names of all IANA time zones that are known here."""
    return frozenset(available_timezones())


@lru_cache(maxsize=100_000)
def moment(day: date, at: time, zone: str) -> datetime:
    """Return the instant (UTC) that `day` at `at` means in `zone`.

    A time that occurs twice means its first occurrence; one that does not exist means the instant at which the clocks
    are put on. So later local times never mean earlier instants, and hand-overs keep their order on every day.
    """
    wall = datetime.combine(day, at)
    local = wall.replace(tzinfo=ZoneInfo(zone))
    instant = local.astimezone(UTC)
    if instant.astimezone(local.tzinfo).replace(tzinfo=None, fold=0) == wall:
        return instant
    # PEP 495: fold 0 reckons with the offset before the jump and lands behind it, fold 1 the other way about
    before, after = local.replace(fold=1).astimezone(UTC), instant
    offset = after.astimezone(local.tzinfo).utcoffset()
    while after - before > _SECOND:
        middle = before + ((after - before) // 2 // _SECOND) * _SECOND
        if middle.astimezone(local.tzinfo).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def local_day(instant: datetime, zone: str) -> date:
    """Return the date on which `instant` falls in `zone`."""
    return instant.astimezone(ZoneInfo(zone)).date()


def day_begun(instant: datetime, at: time, zone: str) -> date:
    """Return the last date whose `at` has come by `instant`: days that begin at `at` in the place of midnight."""
    day = local_day(instant, zone)
    while moment(day, at, zone) > instant:
        day -= timedelta(days=1)
    while moment(day + timedelta(days=1), at, zone) <= instant:
        day += timedelta(days=1)
    return day
