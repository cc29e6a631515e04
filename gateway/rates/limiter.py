"""Counting requests: in Redis for all replicas, in lots, and by each replica alone while Redis is away."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.rates.policy import Call

_log = structlog.get_logger(__name__)

#: Part of a limit that a replica takes from Redis at once and gives out itself: a question to Redis costs as much as
#: the rest of a request's way through the gateway.
_LOT: Final = 0.02
#: Seconds for which Redis is not asked again after it did not answer.
_AWAY: Final = 2.0
#: Seconds that a request waits for Redis.
_PATIENCE: Final = 0.5
#: Callers of whom a replica keeps a lot; beyond that all are forgotten, which costs them a question each.
_MOST_LOTS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass. `remaining` is what is left at least, `reset` seconds until all of it is back."""

    passes: bool
    call: Call
    limit: int
    window: int
    remaining: int
    reset: int


@dataclass(slots=True)
class _Lot:
    """What a replica may still give out until `until` (monotonic), of what Redis had `left` when it was taken."""

    size: int
    left: int
    until: float
    #: none can be had before this time (monotonic): no need to ask
    empty_until: float = 0.0
    filling: asyncio.Lock = field(default_factory=asyncio.Lock)


class RateLimiter:
    """Counts requests in fixed windows; what is left out of `limits` is not counted.

    Windows are the library's: they begin with a caller's first request. While Redis is away each replica counts for
    itself by the same limits, so that nobody is let loose and nobody is shut out.
    """

    def __init__(self, redis: Redis, limits: Mapping[Call, RateLimitItem]) -> None:
        self.limits = limits
        pool: Any = redis.connection_pool  # beside it the address is not used
        shared = RedisStorage(
            "async+redis://localhost:6379", implementation="redispy", key_prefix="gateway:rate", connection_pool=pool
        )
        self._shared = FixedWindowRateLimiter(shared)
        self._alone = FixedWindowRateLimiter(MemoryStorage())
        self._lots: dict[tuple[Call, str], _Lot] = {}
        self._away_until = 0.0

    async def ask(self, call: Call, caller: str) -> Verdict | None:
        """Count one request of `caller`; None where nothing limits it."""
        item = self.limits.get(call)
        if item is None:
            return None
        now = time.monotonic()
        lot = self._lots.get((call, caller))
        if lot is None or lot.until <= now:
            if len(self._lots) >= _MOST_LOTS:
                self._lots.clear()
            lot = self._lots[call, caller] = _Lot(0, item.amount, now + item.get_expiry())
        if not lot.size and lot.empty_until <= now:
            async with lot.filling:  # many at once ask once
                if not lot.size and lot.empty_until <= now:
                    await self._refill(item, call, caller, lot, now)
        passes = lot.size > 0
        if passes:
            lot.size -= 1
        reset = max(1, math.ceil(lot.until - now))
        return Verdict(passes, call, item.amount, item.get_expiry(), lot.size + lot.left, reset)

    async def _refill(self, item: RateLimitItem, call: Call, caller: str, lot: _Lot, now: float) -> None:
        if self._away_until > now:
            await self._take(self._alone, item, call, caller, lot, 1)
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._take(self._shared, item, call, caller, lot, max(1, int(item.amount * _LOT)))
        except (RedisError, OSError) as error:
            self._away_until = now + _AWAY
            _log.warning("rates.redis_away", error=str(error).split("\n")[0])
            await self._take(self._alone, item, call, caller, lot, 1)

    @staticmethod
    async def _take(
        limiter: FixedWindowRateLimiter, item: RateLimitItem, call: Call, caller: str, lot: _Lot, size: int
    ) -> None:
        got = 0
        for cost in dict.fromkeys((size, 1)):
            if await limiter.hit(item, call, caller, cost=cost):
                got = cost
                break
        at, left = await limiter.get_window_stats(item, call, caller)
        lot.left = left
        lot.until = time.monotonic() + max(0.0, at - time.time())
        lot.size += got  # not before: a request that comes meanwhile would take what this one fetched for itself
        if not got:
            lot.empty_until = lot.until


def fields(verdict: Verdict) -> list[tuple[bytes, bytes]]:
    """Return the header fields that tell a caller of their limit (draft-ietf-httpapi-ratelimit-headers-10)."""
    name = f'"{verdict.call}"'
    return [
        (b"ratelimit-policy", f"{name};q={verdict.limit};w={verdict.window}".encode()),
        (b"ratelimit", f"{name};r={verdict.remaining};t={verdict.reset}".encode()),
    ]
