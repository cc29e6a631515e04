"""What is worth trying again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from services.ingest.fetching.page import FetchFailed, FetchProblem

#: answers that say "not now" rather than "no"
PASSING: Final = frozenset({502, 503, 504})

_LONGEST_STEP: Final = 30.0


def passing(failure: FetchFailed) -> bool:
    """Tell whether the same request may well succeed in a moment."""
    if failure.problem is FetchProblem.HTTP_STATUS:
        return failure.status in PASSING
    return failure.problem in (FetchProblem.CONNECT, FetchProblem.TIMEOUT)


def back_off(first: float, attempt: int) -> float:
    """Return seconds to wait after the failed attempt number `attempt` (from 0): doubled, half of it at random."""
    step = min(first * 2.0**attempt, _LONGEST_STEP)
    return step * random.uniform(0.5, 1.0)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for (RFC 9110, 10.2.3: seconds or a date); nothing if it has no sense.

    A date is read against the answer's own `Date` where it has one, since servers' clocks are wrong.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value) if len(value) < 10 else float(10**9)
    until = _date(value)
    if until is None:
        return None
    return max(0.0, (until - (_date(headers.get("date", "")) or now)).total_seconds())


def _date(value: str) -> datetime | None:
    if not value:
        return None
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
