"""One consumer of one stream in one group: batches in, acknowledged after the work is committed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from contracts.envelope import Message, Publication
from contracts.streams import dead_letters
from kit.bus.envelope import FIELD, decode, encode
from kit.logging import bind_contextvars, reset_contextvars
from kit.metrics import BUS_DEAD, BUS_HANDLED, BUS_LAG, BUS_SECONDS
from kit.transient import brief, passes

#: Takes a batch, commits its work, and returns what to publish together with the acknowledgement (or None).
Handler = Callable[[Sequence[Message]], Awaitable[Sequence[Publication] | None]]
Gate = Callable[[], Awaitable[bool]]

_log = structlog.get_logger(__name__)
_CLAIM_COUNT: Final = 100
_FORGET_CONSUMER_MS: Final = 3_600_000

Entry = tuple[bytes, dict[bytes, bytes]]


class Interrupted(Exception):
    """The consumer is being stopped, or its gate has closed, while it waits for a database or broker to come back."""


class Consumer:
    """Reads `stream` for `group` and hands batches to `handler` until stopped.

    - The group starts at the stream's beginning, so that what was published before the first consumer is not lost.
    - A batch whose handler raises is handled again one message at a time; one that still fails stays pending, is
      delivered again after `claim_idle` seconds, and goes to the dead-letter stream after `max_deliveries`.
    - Errors that pass (:mod:`kit.transient`) are waited out and count as no failure.
    - What a dead consumer left is taken over after `claim_idle`; a consumer that comes back under its own name takes up
      its own unfinished messages at once. Long handlers keep their claim by a heartbeat.
    - `block` is how many seconds a read waits for messages (at most 2: the socket times out later).
    - `gate`, where given, is asked before each read; the consumer rests while it says no.
    """

    def __init__(
        self,
        redis: Redis,
        stream: str,
        group: str,
        handler: Handler,
        *,
        name: str,
        batch: int = 100,
        claim_idle: float = 30.0,
        max_deliveries: int = 5,
        block: float = 1.0,
        gate: Gate | None = None,
    ) -> None:
        self.stream, self.group, self.name = stream, group, name
        self._redis, self._handler, self._batch = redis, handler, batch
        self._claim_ms = int(claim_idle * 1000)
        self._max_deliveries = max_deliveries
        self._block_ms = int(block * 1000)
        self._gate = gate
        self._stopping = asyncio.Event()
        self._log = _log.bind(stream=stream, group=group)

    def stop(self) -> None:
        """Ask the consumer to finish the batch in hand and return."""
        self._stopping.set()

    async def run(self) -> None:
        """Consume until :meth:`stop`; survives the loss of the broker, the stream and the group."""
        joined = False
        next_sweep = 0.0
        pause = 0.1
        while not self._stopping.is_set():
            try:
                if self._gate is not None and not await self._gate():
                    joined = False
                    await self._rest(0.5)
                    continue
                if not joined:
                    await self._join()
                    await self._take_over(0, own=True)
                    joined = True
                if time.monotonic() >= next_sweep:
                    await self._take_over(self._claim_ms)
                    await self._tidy()
                    next_sweep = time.monotonic() + max(0.2, min(5.0, self._claim_ms / 3000))
                entries = await self._read()
                if entries:
                    await self._work(entries)
                pause = 0.1
            except Interrupted:
                joined = False
            except Exception as error:
                if not (passes(error) or isinstance(error, RedisError)):
                    raise
                joined = False
                if "NOGROUP" in str(error):
                    continue
                self._log.warning("bus.away", error=brief(error), retry_in=pause)
                await self._rest(pause)
                pause = min(5.0, pause * 2)

    async def _join(self) -> None:
        try:
            await self._redis.xgroup_create(self.stream, self.group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _read(self) -> list[Entry]:
        answer: Any = await self._redis.xreadgroup(
            self.group, self.name, {self.stream: ">"}, count=self._batch, block=self._block_ms
        )
        return _entries(answer)

    async def _take_over(self, min_idle_ms: int, *, own: bool = False) -> None:
        """Handle again what was delivered and not acknowledged: by this consumer (`own`), or by any that went quiet."""
        after = "-"
        while not self._stopping.is_set():
            pending: Any = await self._redis.xpending_range(
                self.stream,
                self.group,
                min=after,
                max="+",
                count=_CLAIM_COUNT,
                consumername=self.name if own else None,
                idle=min_idle_ms or None,
            )
            if not pending:
                return
            tired = [p["message_id"] for p in pending if p["times_delivered"] >= self._max_deliveries]
            fresh = [p["message_id"] for p in pending if p["times_delivered"] < self._max_deliveries]
            for ids, handle in ((tired, self._bury), (fresh, self._work)):
                if ids:
                    claimed: Any = await self._redis.xclaim(self.stream, self.group, self.name, min_idle_ms, ids)
                    held = [(id_, fields) for id_, fields in claimed if fields]
                    if held:
                        await handle(held)
            last = pending[-1]["message_id"]
            after = f"({last.decode() if isinstance(last, bytes) else last}"

    async def _work(self, entries: list[Entry]) -> None:
        good: list[Entry] = []
        messages: list[Message] = []
        for entry in entries:
            try:
                messages.append(decode(entry[1][FIELD]))
                good.append(entry)
            except (KeyError, ValidationError) as error:
                await self._put_aside(entry, f"not a message: {error}", 1)
        if not good:
            return
        handled = asyncio.Event()
        heartbeat = asyncio.create_task(self._keep_claim([id_ for id_, _ in good], handled))
        try:
            await self._handle(good, messages)
        finally:
            handled.set()
            await heartbeat

    async def _handle(self, entries: list[Entry], messages: list[Message]) -> None:
        try:
            publications = await self._attempt(messages)
        except Interrupted:
            raise
        except Exception as error:
            failure = error
        else:
            await self._acknowledge(entries, publications or ())
            return
        if len(entries) == 1:
            await self._failed(entries[0], messages[0], failure)
            return
        self._log.warning("bus.batch_failed", messages=len(entries), error=brief(failure))
        for entry, message in zip(entries, messages, strict=True):
            await self._handle([entry], [message])

    async def _acknowledge(self, entries: list[Entry], publications: Sequence[Publication]) -> None:
        pipeline = self._redis.pipeline(transaction=True)
        for publication in publications:
            pipeline.xadd(publication.stream, {FIELD: encode(publication.message)})
        pipeline.xack(self.stream, self.group, *(id_ for id_, _ in entries))
        await pipeline.execute()
        BUS_HANDLED.labels(self.stream, self.group).inc(len(entries))

    async def _attempt(self, messages: list[Message]) -> Sequence[Publication] | None:
        pause = 0.1
        while True:
            tokens = (
                bind_contextvars(message_id=messages[0].id, request_id=messages[0].requestid)
                if len(messages) == 1 or len({m.requestid for m in messages}) == 1
                else bind_contextvars(request_id=None)
            )
            began = time.perf_counter()
            try:
                with BUS_SECONDS.labels(self.stream, self.group).time():
                    publications = await self._handler(messages)
                took = round((time.perf_counter() - began) * 1000, 1)
                self._log.info("bus.handled", count=len(messages), ms=took)
                return publications
            except Exception as error:
                if not passes(error):
                    raise
                self._log.warning("bus.handler_waits", error=brief(error), retry_in=pause)
            finally:
                reset_contextvars(**tokens)
            if await self._shut_out():
                raise Interrupted
            await self._rest(pause)
            if self._stopping.is_set():
                raise Interrupted
            pause = min(5.0, pause * 2)

    async def _shut_out(self) -> bool:
        """Tell whether the gate has closed meanwhile: then the batch is left for whoever may consume now."""
        try:
            return self._gate is not None and not await self._gate()
        except Exception as error:
            if not passes(error):
                raise
            return False

    async def _failed(self, entry: Entry, message: Message, error: Exception) -> None:
        rows: Any = await self._redis.xpending_range(self.stream, self.group, min=entry[0], max=entry[0], count=1)
        deliveries = int(rows[0]["times_delivered"]) if rows else 1
        self._log.error("bus.handler_failed", message_id=message.id, deliveries=deliveries, exc_info=error)
        if deliveries >= self._max_deliveries:
            await self._put_aside(entry, f"{type(error).__name__}: {error}", deliveries)

    async def _bury(self, entries: list[Entry]) -> None:
        for entry in entries:
            await self._put_aside(entry, "the consumer died or failed each time it was handled", self._max_deliveries)

    async def _put_aside(self, entry: Entry, error: str, deliveries: int) -> None:
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.xadd(
            dead_letters(self.stream),
            {
                FIELD: entry[1].get(FIELD, b""),
                b"group": self.group.encode(),
                b"error": error[:2000].encode("utf-8", "replace"),
                b"deliveries": str(deliveries).encode(),
                b"entry": entry[0],
            },
        )
        pipeline.xack(self.stream, self.group, entry[0])
        await pipeline.execute()
        BUS_DEAD.labels(self.stream, self.group).inc()
        self._log.error("bus.dead_letter", entry=entry[0].decode(), error=error[:300], deliveries=deliveries)

    async def _keep_claim(self, ids: list[Any], handled: asyncio.Event) -> None:
        # ended by an event, not cancelled: redis-py may swallow a cancellation that meets a command under way
        while not handled.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(handled.wait(), max(0.05, self._claim_ms / 3000))
                return
            with suppress(RedisError, OSError):
                await self._redis.xclaim(self.stream, self.group, self.name, 0, ids, justid=True)

    async def _tidy(self) -> None:
        """Publish the lag and forget consumers that are long gone and owe nothing."""
        for group in await self._redis.xinfo_groups(self.stream):
            if group["name"] == self.group.encode():
                BUS_LAG.labels(self.stream, self.group).set(int(group["lag"] or 0) + int(group["pending"]))
        for consumer in await self._redis.xinfo_consumers(self.stream, self.group):
            gone = consumer["name"] != self.name.encode() and consumer["idle"] > _FORGET_CONSUMER_MS
            if gone and not consumer["pending"]:
                await self._redis.xgroup_delconsumer(self.stream, self.group, consumer["name"])

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


def _entries(answer: Any) -> list[Entry]:
    """Read XREADGROUP's answer in either protocol version."""
    if not answer:
        return []
    lists = answer.values() if isinstance(answer, dict) else (entries for _, entries in answer)
    found: list[Entry] = []
    for entries in lists:
        if entries and isinstance(entries[0], list):
            entries = entries[0]
        found.extend((id_, fields) for id_, fields in entries if fields)
    return found
