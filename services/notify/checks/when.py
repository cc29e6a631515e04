"""When a regular check is due. Pure rules; days and times of day are those of Shanghai."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from language.calendar import SHANGHAI

#: Tells whether people are at work on a day.
IsWorkday = Callable[[date], bool]

_SATURDAY: Final = 5


def is_weekday(day: date) -> bool:
    """Tell whether `day` is from Monday to Friday, holidays or not."""
    return day.weekday() < _SATURDAY


def next_run(day: int, at: time, after: datetime, workdays: IsWorkday | None = None) -> datetime:
    """Return the first instant (in UTC) after `after` on day `day` (1 to 31) of a month at the time of day `at`.

    In shorter months the last day stands in. With `workdays`, a day off is put off to the next workday.
    """
    here = after.astimezone(SHANGHAI)
    # a check of the month before may have been put off into this one
    year, month = (here.year, here.month - 1) if here.month > 1 else (here.year - 1, 12)
    while True:
        chosen = date(year, month, min(day, monthrange(year, month)[1]))
        while workdays is not None and not workdays(chosen):
            chosen += timedelta(days=1)
        run = datetime.combine(chosen, at, SHANGHAI)
        if run > after:
            return run.astimezone(UTC)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
