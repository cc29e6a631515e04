"""Guessing passwords gets slower and slower, for whoever guesses and for nobody else."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kit.problems import Problem

#: attempts that are free
_FREE: Final = 5
#: logins of one client that may be under way at once
_AT_ONCE: Final = 4
_LONGEST: Final = 900


class LoginThrottle:
    """Slows guessing down by user name and client together, so that a stranger cannot lock a user out.

    The fifth attempt and each one after it doubles the wait before the next, from 2 s up to 15 min. Attempts are
    counted before the password is looked at, so that guessing in parallel gains nothing. Without Redis nobody is held
    up: logging in must work when the bus is down.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def place(self, client: str) -> Iterator[None]:
        """Hold one of a client's few places for checking a password; 429 where all are taken.

        A password costs some 50 ms of a core to check: without this bound one client could keep everybody else waiting.
        """
        if self._under_way[client] >= _AT_ONCE:
            raise _too_many(1)
        self._under_way[client] += 1
        try:
            yield
        finally:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]

    async def attempt(self, username: str, client: str) -> None:
        """Count an attempt; 429 while the caller has to wait."""
        key = self._key(username, client)
        try:
            count = int(await self._redis.incr(key))
            await self._redis.expire(key, _LONGEST * 2)
            if count < _FREE:
                return
            seconds = min(_LONGEST, 2 ** min(count - _FREE + 1, 20))
            if await self._redis.set(f"{key}:wait", "1", nx=True, ex=seconds):
                return
            await self._redis.decr(key)  # an attempt that was not let through makes nobody wait longer
            wait = int(await self._redis.pttl(f"{key}:wait"))
        except (RedisError, OSError):
            return
        raise _too_many(max(wait, 0) // 1000 + 1)

    async def succeeded(self, username: str, client: str) -> None:
        """Forget the attempts of one who knows the right one."""
        key = self._key(username, client)
        try:
            await self._redis.delete(key, f"{key}:wait")
        except (RedisError, OSError):
            return

    @staticmethod
    def _key(username: str, client: str) -> str:
        digest = hashlib.sha256(f"{username}\0{client}".encode("utf-8", "surrogatepass")).hexdigest()
        return f"gateway:login:{digest[:32]}"


def _too_many(seconds: int) -> Problem:
    return Problem(
        429,
        "too-many-attempts",
        zh=f"尝试次数过多，请 {seconds} 秒后再试",
        en=f"Too many attempts; try again in {seconds} s",
        headers={"Retry-After": str(seconds)},
    )
