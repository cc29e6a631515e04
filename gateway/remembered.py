"""What was looked up, taken for granted for some seconds: the database is not asked at every call."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

#: Things that are remembered; beyond that all are forgotten, which costs a question each.
_MOST: Final = 10_000


class Remembered(Generic[T]):
    """Answers by key, each good for so many `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._found: dict[str, tuple[float, T]] = {}

    async def get(self, key: str, look_up: Callable[[], Awaitable[T]]) -> T:
        """Return what is remembered of `key`, else what `look_up` gives."""
        found = self._found.get(key)
        if found is None or found[0] < time.monotonic():
            kept, looked_up = self._found, await look_up()
            if len(kept) >= _MOST:
                kept.clear()
            # what was looked up before everything was forgotten is not kept: it may be what has changed
            found = kept[key] = (time.monotonic() + self._seconds, looked_up)
        return found[1]

    def forget(self) -> None:
        """Look everything up anew."""
        self._found = {}
