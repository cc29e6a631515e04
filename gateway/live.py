"""The live stream: what happens, as server-sent events, resumable on any replica.

One task a process reads the streams and hands every message to each listener's queue. An event's id holds the last
entry id of every stream, so that ``Last-Event-ID`` says exactly where to go on, from Redis itself.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from redis.asyncio import Redis

from contracts.envelope import Message
from contracts.streams import (
    ALERTS_RAISED,
    CASES_CHANGED,
    EVENTS_UPDATED,
    NOTIFICATIONS_CHANGED,
    SOURCES_CHANGED,
    TYPES,
)
from kit.bus.envelope import FIELD, decode
from kit.transient import brief, passes

_log = structlog.get_logger(__name__)
#: the streams that are told, in the order in which an event id names them
STREAMS: Final = (ALERTS_RAISED, EVENTS_UPDATED, CASES_CHANGED, NOTIFICATIONS_CHANGED, SOURCES_CHANGED)
#: every event name that a listener can ask for
EVENT_TYPES: Final = tuple(type_ for stream in STREAMS for type_ in TYPES[stream])
#: fields of messages that are for services, not for listeners
_INTERNAL: Final = frozenset({"new_posts", "seen_by"})
_QUEUE: Final = 1000
#: seconds at most between two looks at whether a listener may still listen
_RECHECK: Final = 15.0
_ENTRY: Final = re.compile(r"\d{1,16}-\d{1,10}")

Position = tuple[str, ...]


def encode_position(position: Position) -> str:
    """Write the last entry ids of all streams as an event id."""
    return "_".join(position)


def decode_position(text: str) -> Position | None:
    """Read an event id; None where it is none of ours."""
    parts = tuple(text.split("_"))
    return parts if len(parts) == len(STREAMS) and all(_ENTRY.fullmatch(part) for part in parts) else None


@dataclass(frozen=True, slots=True)
class Told:
    """One message and the position after it."""

    position: Position
    message: Message

    def render(self) -> bytes:
        """Return the server-sent event. What listeners have no use for is left out."""
        data = {key: value for key, value in self.message.data.items() if key not in _INTERNAL}
        body = {"id": self.message.id, "time": self.message.time.isoformat(), "subject": self.message.subject}
        text = json.dumps({**body, "data": data}, ensure_ascii=False)
        return f"id: {encode_position(self.position)}\nevent: {self.message.type}\ndata: {text}\n\n".encode()


class Live:
    """Fans the streams out to listeners. A listener too slow for its queue is let go; it resumes by itself."""

    def __init__(self, redis: Redis, leaving: asyncio.Event, heartbeat: float) -> None:
        self._redis, self._leaving, self._heartbeat = redis, leaving, heartbeat
        self._listeners: set[asyncio.Queue[Told | None]] = set()
        self._position: Position | None = None
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to read at the present end of every stream."""
        self._task = asyncio.create_task(self._read(), name="live")

    async def stop(self) -> None:
        """Let every listener go."""
        for queue in list(self._listeners):
            self._let_go(queue)
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def listen(
        self,
        last_event_id: str | None,
        types: frozenset[str],
        welcome: Callable[[], Awaitable[bool]],
        hears: Callable[[Message], bool],
    ) -> AsyncIterator[bytes]:
        """Yield server-sent events of `types` from after `last_event_id` (None: from now on), with heartbeats.

        Only messages that the listener `hears` are told. Every so often `welcome` is asked whether the listener may
        still listen; the stream ends where not. The first lines and the heartbeats carry an id too, so that whoever has
        heard nothing yet loses nothing either.
        """
        if not await self._placed():
            return
        queue: asyncio.Queue[Told | None] = asyncio.Queue(_QUEUE)
        # both at once: what comes up to here is history, what comes after is in the queue
        self._listeners.add(queue)
        joined = self._position
        try:
            resume = decode_position(last_event_id) if last_event_id else None
            heard = resume or joined
            if heard is not None:
                yield f"retry: 2000\nid: {encode_position(heard)}\n\n".encode()
            if resume is not None:
                async for told in self._history(resume, joined):
                    heard = told.position
                    if told.message.type in types and hears(told.message):
                        yield told.render()
            asked = time.monotonic()
            while not self._leaving.is_set():
                item = await self._next(queue)
                if time.monotonic() - asked >= min(self._heartbeat, _RECHECK):
                    asked = time.monotonic()
                    if not await welcome():
                        return
                if item is None:
                    return
                if isinstance(item, Told):
                    heard = item.position
                    if item.message.type in types and hears(item.message):
                        yield item.render()
                elif heard is not None:
                    yield f": still here\nid: {encode_position(heard)}\n\n".encode()
        finally:
            self._listeners.discard(queue)

    async def _placed(self) -> bool:
        """Wait until the reader knows where the streams end; False where the process is leaving before that."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._ready, self._leaving)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return self._ready.is_set()

    async def _next(self, queue: asyncio.Queue[Told | None]) -> Told | bool | None:
        """Wait for the next message; True where none comes in time, None at the end."""
        get = asyncio.ensure_future(queue.get())
        leave = asyncio.ensure_future(self._leaving.wait())
        done, pending = await asyncio.wait({get, leave}, timeout=self._heartbeat, return_when=asyncio.FIRST_COMPLETED)
        for waiting in pending:
            waiting.cancel()
        if get in done:
            return get.result()
        return None if leave in done else True

    async def _history(self, after: Position, until: Position | None) -> AsyncIterator[Told]:
        """Yield what lies between two positions. Without an end, up to now."""
        position = list(after)
        while True:
            answer = await self._redis.xread(
                {stream: position[i] for i, stream in enumerate(STREAMS)}, count=200, block=None
            )
            batch = sorted(_flat(answer), key=lambda entry: _number(entry[1]))
            fresh = 0
            for index, entry_id, fields in batch:
                if until is not None and _number(entry_id) > _number(until[index]):
                    continue
                position[index] = entry_id
                fresh += 1
                message = _message(fields)
                if message is not None:
                    yield Told(tuple(position), message)
            if not fresh:
                return

    async def _read(self) -> None:
        while True:
            try:
                if self._position is None:
                    self._position = await self._ends()
                    self._ready.set()
                answer = await self._redis.xread(dict(zip(STREAMS, self._position, strict=True)), count=500, block=1000)
                for index, entry_id, fields in sorted(_flat(answer), key=lambda entry: _number(entry[1])):
                    position = list(self._position)
                    position[index] = entry_id
                    self._position = tuple(position)
                    message = _message(fields)
                    if message is not None:
                        self._hand_out(Told(self._position, message))
            except Exception as error:
                if not passes(error):
                    raise
                _log.warning("live.waits", error=brief(error))
                await asyncio.sleep(0.5)

    async def _ends(self) -> Position:
        ends: list[str] = []
        for stream in STREAMS:
            last: Any = await self._redis.xrevrange(stream, count=1)
            ends.append(last[0][0].decode() if last else "0-0")
        return tuple(ends)

    def _hand_out(self, told: Told) -> None:
        for queue in list(self._listeners):
            try:
                queue.put_nowait(told)
            except asyncio.QueueFull:
                self._let_go(queue)

    def _let_go(self, queue: asyncio.Queue[Told | None]) -> None:
        self._listeners.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)


def _flat(answer: Any) -> list[tuple[int, str, dict[bytes, bytes]]]:
    """Read XREAD's answer, in either protocol version, as (stream number, entry id, fields)."""
    found: list[tuple[int, str, dict[bytes, bytes]]] = []
    for stream, entries in answer.items() if isinstance(answer, dict) else answer or ():
        if entries and isinstance(entries[0], list):
            entries = entries[0]
        index = STREAMS.index(stream.decode() if isinstance(stream, bytes) else stream)
        found.extend((index, entry_id.decode(), fields) for entry_id, fields in entries if fields)
    return found


def _number(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence)


def _message(fields: dict[bytes, bytes]) -> Message | None:
    try:
        return decode(fields[FIELD])
    except (KeyError, ValueError):
        _log.warning("live.not_a_message")
        return None
