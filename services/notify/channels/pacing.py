"""What all replicas know together of a channel's traffic, kept in Redis: how often, and how far a long letter has got.

Neither is worth a lost message: where Redis does not answer, letters go out unpaced, from their first piece.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from hashlib import blake2b
from typing import Any, Final, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from kit.transient import brief
from services.notify.channels.limits import Rate

log = structlog.get_logger(__name__)

#: Seconds for which it is remembered which pieces of a letter have gone out; retries end long before.
_REMEMBERED: Final = 86_400
#: Seconds that Redis is given to answer.
_PATIENCE: Final = 2.0

#: Takes a turn unless a rate is used up. KEYS[1] is a list of the latest turns' instants (microseconds of the server's
#: clock), newest first; ARGV holds count and microseconds of each rate. Returns 0, or the microseconds to wait.
#: A window of instants is exact, where a token bucket would let twice the count through in the first window.
_TAKE_TURN: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wait, most, longest = 0, 0, 0
for i = 1, #ARGV, 2 do
  local count, window = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  local at = redis.call('LINDEX', KEYS[1], count - 1)
  if at then
    wait = math.max(wait, math.min(window, tonumber(at) + window - now))
  end
  most, longest = math.max(most, count), math.max(longest, window)
end
if wait > 0 then
  return math.ceil(wait)
end
redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
redis.call('LTRIM', KEYS[1], 0, most - 1)
redis.call('PEXPIRE', KEYS[1], math.ceil(longest / 1000))
return 0
"""


class Pacing:
    """Turns to send by a channel to an address, and the pieces of letters that have gone out."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._take_turn = redis.register_script(_TAKE_TURN)

    async def turn(self, channel: str, address: str, rates: Sequence[Rate]) -> float:
        """Take a turn, and return 0; or the seconds until there is one, where a rate is used up."""
        if not rates:
            return 0.0
        key = f"notify:turns:{channel}:{_digest(address)}"
        figures = [figure for rate in rates for figure in (rate.count, int(rate.seconds * 1_000_000))]
        wait = await self._ask(self._take_turn(keys=[key], args=figures), "turn")
        return int(wait or 0) / 1_000_000

    async def gone_out(self, letter_id: str, content: Sequence[str]) -> int:
        """Return how many pieces of the letter have gone out, if it then had just this `content`."""
        held = await self._ask(self._redis.get(_letter_key(letter_id)), "pieces")
        digest, _, count = (held or b"").decode().partition(":")
        return int(count) if digest == _digest(*content) else 0

    async def remember(self, letter_id: str, content: Sequence[str], count: int) -> None:
        """Remember that so many pieces of the letter with this `content` have gone out."""
        value = f"{_digest(*content)}:{count}"
        await self._ask(self._redis.set(_letter_key(letter_id), value, ex=_REMEMBERED), "pieces")

    async def _ask(self, command: Awaitable[Any] | Any, what: str) -> Any:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await cast(Awaitable[Any], command)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("pacing.skipped", what=what, error=brief(error))
            return None


def _letter_key(letter_id: str) -> str:
    return f"notify:pieces:{letter_id}"


def _digest(*parts: str) -> str:
    """Return what stands for texts that must not be kept: addresses can be keys."""
    digest = blake2b(digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()
