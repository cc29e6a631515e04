"""When a source is looked at next. Pure: no clock, no chance."""

from __future__ import annotations

import hashlib
from typing import Final

#: how far the interval may leave the cadence that the source's owner asked for, either way
SPREAD: Final = 4.0
#: factors on the interval after a pass that brought something new, and after one that did not
_SOONER: Final = 0.7
_LATER: Final = 1.25
#: seconds that a source rests at most, however often it failed
_LONGEST_REST: Final = 6 * 3600.0
#: the same while a case has it in surge watch
_LONGEST_SURGE_REST: Final = 900.0
#: share of the wait that is left to chance, so that sources of one cadence do not march in step
_JITTER: Final = 0.1


def adapted(interval: float, cadence: float, *, fresh: bool) -> float:
    """Return the interval (s) after a good pass, shorter where it brought something; a quarter to four cadences."""
    changed = interval * (_SOONER if fresh else _LATER)
    return min(max(changed, cadence / SPREAD), cadence * SPREAD)


def wait(
    interval: float,
    cadence: float,
    *,
    failures: int,
    key: str,
    surge: float | None = None,
    retry_after: float | None = None,
) -> float:
    """Return the seconds until the next pass.

    `failures` in a row double the cadence each time, up to six hours. `surge` is the interval that a case in surge
    watch asks for: it is never exceeded but by a quarter of an hour's rest after failures. `retry_after` is what the
    server asked for and is always kept. `key` decides the jitter: the same key gives the same.
    """
    if failures:
        seconds = min(cadence * 2.0 ** min(failures - 1, 20), max(_LONGEST_REST, cadence))
        if surge is not None:
            seconds = min(seconds, max(surge, _LONGEST_SURGE_REST))
    else:
        seconds = interval if surge is None else min(interval, surge)
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32
    seconds *= 1 + _JITTER * (2 * share - 1)
    return max(seconds, retry_after or 0.0)


def first_wait(cadence: float, key: str) -> float:
    """Return the seconds until the first pass of a source: soon, and not all sources at once."""
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[4:8], "big") / 2**32
    return share * min(cadence / 2, 30.0)
