"""The bus on Redis Streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import ResponseError

from contracts.envelope import Publication
from contracts.streams import GROUPS
from kit.bus.envelope import FIELD, encode

_CHUNK: Final = 500


def connect(url: str, *, connections: int = 32) -> Redis:
    """Return a client of the Redis-compatible server at `url`; it connects, and reconnects, when first used."""
    pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
        url, max_connections=connections, socket_timeout=10, socket_connect_timeout=3, health_check_interval=15
    )
    return Redis(connection_pool=pool)


@dataclass(frozen=True, slots=True)
class GroupProgress:
    """Messages that a group has yet to finish, and those that it has finished since the stream began."""

    lag: int
    finished: int


class RedisBus:
    """Publishes to streams and keeps them bounded."""

    def __init__(self, redis: Redis, *, history: float = 900.0) -> None:
        self.redis = redis
        self._history = history

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Append messages to their streams, in order. Raises what redis-py raises; some may then have been appended."""
        for start in range(0, len(publications), _CHUNK):
            pipeline = self.redis.pipeline(transaction=False)
            for publication in publications[start : start + _CHUNK]:
                pipeline.xadd(publication.stream, {FIELD: encode(publication.message)})
            await pipeline.execute()

    async def backlog(self, stream: str) -> int:
        """Return how many messages of `stream` its slowest group has yet to finish (0 where there is no stream)."""
        worst = 0
        for group in await self._groups(stream):
            worst = max(worst, int(group["lag"] or 0) + int(group["pending"]))
        return worst

    async def progress(self) -> dict[tuple[str, str], GroupProgress]:
        """Return how far every group of the contract is, by stream and group; one not yet made has all before it."""
        found: dict[tuple[str, str], GroupProgress] = {}
        for stream, expected in GROUPS.items():
            groups = {_text(group["name"]): group for group in await self._groups(stream)}
            length = int(await self.redis.xlen(stream)) if set(expected) - groups.keys() else 0
            for name in expected:
                group = groups.get(name)
                if group is None:
                    found[stream, name] = GroupProgress(length, 0)
                    continue
                pending = int(group["pending"])
                finished = max(0, int(group["entries-read"] or 0) - pending)
                found[stream, name] = GroupProgress(int(group["lag"] or 0) + pending, finished)
        return found

    async def trim(self) -> dict[str, int]:
        """Drop read history from every stream of the contract; returns how many entries went, by stream.

        Nothing goes that any group of the contract has yet to acknowledge, nor anything younger than the history kept.
        """
        seconds, _ = await self.redis.time()
        horizon = (int((seconds - self._history) * 1000), 0)
        dropped: dict[str, int] = {}
        for stream, expected in GROUPS.items():
            safe = await self._finished_up_to(stream, expected)
            if safe is None:
                continue
            cut = min(safe, horizon)
            count = int(await self.redis.xtrim(stream, minid=f"{cut[0]}-{cut[1]}", approximate=True))
            if count:
                dropped[stream] = count
        return dropped

    async def _finished_up_to(self, stream: str, expected: tuple[str, ...]) -> tuple[int, int] | None:
        """Return the first entry id that some group still needs, or None while a group of the contract is missing."""
        if not await self.redis.exists(stream):
            return None
        groups = {_text(group["name"]): group for group in await self._groups(stream)}
        if not set(expected) <= groups.keys():
            return None
        oldest: tuple[int, int] = (2**62, 0)
        for name, group in groups.items():
            if int(group["pending"]):
                summary = await self.redis.xpending(stream, name)
                if summary["min"] is not None:
                    oldest = min(oldest, _entry_id(summary["min"]))
                    continue
            last = _entry_id(group["last-delivered-id"])
            oldest = min(oldest, (last[0], last[1] + 1))
        return oldest

    async def _groups(self, stream: str) -> list[dict[str, Any]]:
        try:
            return list(await self.redis.xinfo_groups(stream))
        except ResponseError as error:
            if "no such key" in str(error).lower():
                return []
            raise


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _entry_id(value: bytes | str) -> tuple[int, int]:
    milliseconds, _, sequence = _text(value).partition("-")
    return int(milliseconds), int(sequence or 0)
