"""Answers that are dear to work out: kept for a little while, and worked out once for all who ask meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from kit.clock import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: how long an answer is given again
TERM: Final = timedelta(seconds=30)


@dataclass
class _Kept(Generic[V]):
    """An answer, once there is one, and when it was asked for."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    answers: list[tuple[datetime, V]] = field(default_factory=list)

    def at(self, now: datetime) -> list[V]:
        return [answer for asked, answer in self.answers if timedelta(0) <= now - asked < TERM]


class Recent(Generic[K, V]):
    """The answers of the last `TERM`, by question, in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[K, _Kept[V]] = {}

    async def get(self, key: K, work: Callable[[], Awaitable[V]]) -> V:
        """Return the answer to `key`: a recent one, else what `work` gives, which runs once at a time for a key."""
        kept = self._kept.setdefault(key, _Kept())
        async with kept.lock:
            now = self._clock.now()
            for answer in kept.at(now):
                return answer
            answer = await work()
            kept.answers = [(now, answer)]
        self._forget()
        return answer

    def _forget(self) -> None:
        now = self._clock.now()
        over = [key for key, kept in self._kept.items() if not kept.lock.locked() and not kept.at(now)]
        for key in over:
            del self._kept[key]
