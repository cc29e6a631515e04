"""Guessing passwords gets slower and slower, for whoever guesses and for nobody else."""

from __future__ import annotations

import hashlib
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kit.problems import Problem

#: wrong passwords that are free
_FREE: Final = 5
_LONGEST: Final = 900


class LoginThrottle:
    """Counts wrong passwords per user name and client together, so that a stranger cannot lock a user out.

    After five of them each further one doubles the wait, from 2 s up to 15 min. Without Redis nobody is held up:
    logging in must work when the bus is down.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def check(self, username: str, client: str) -> None:
        """Answer 429 while the caller has to wait."""
        try:
            wait = await self._redis.pttl(f"{self._key(username, client)}:wait")
        except (RedisError, OSError):
            return
        if wait > 0:
            seconds = wait // 1000 + 1
            raise Problem(
                429,
                "too-many-attempts",
                zh=f"尝试次数过多，请 {seconds} 秒后再试",
                en=f"Too many attempts; try again in {seconds} s",
                headers={"Retry-After": str(seconds)},
            )

    async def failed(self, username: str, client: str) -> None:
        """Count a wrong password."""
        key = self._key(username, client)
        try:
            count = await self._redis.incr(key)
            await self._redis.expire(key, _LONGEST * 2)
            if count >= _FREE:
                await self._redis.set(f"{key}:wait", "1", ex=min(_LONGEST, 2 ** (count - _FREE + 1)))
        except (RedisError, OSError):
            return

    async def succeeded(self, username: str, client: str) -> None:
        """Forget the wrong passwords of one who knows the right one."""
        key = self._key(username, client)
        try:
            await self._redis.delete(key, f"{key}:wait")
        except (RedisError, OSError):
            return

    @staticmethod
    def _key(username: str, client: str) -> str:
        digest = hashlib.sha256(f"{username}\0{client}".encode("utf-8", "surrogatepass")).hexdigest()
        return f"gateway:login:{digest[:32]}"
