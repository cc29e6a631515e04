"""The live stream: what happens, as server-sent events, resumable on any replica.

One task a process reads the streams. A message is judged once for each audience and written out once for all; each
listener has a short queue of its own, so that one who reads slowly delays nobody. An event's id holds the last entry id
of every stream, so that ``Last-Event-ID`` says exactly where to go on, from Redis itself.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from contracts.envelope import Message
from contracts.streams import (
    ALERTS_RAISED,
    CASES_CHANGED,
    EVENTS_UPDATED,
    NOTIFICATIONS_CHANGED,
    SOURCES_CHANGED,
    TYPES,
)
from gateway.hearing import Audience
from kit.bus.envelope import FIELD, decode
from kit.transient import brief, passes

_log = structlog.get_logger(__name__)
#: the streams that are told, in the order in which an event id names them
STREAMS: Final = (ALERTS_RAISED, EVENTS_UPDATED, CASES_CHANGED, NOTIFICATIONS_CHANGED, SOURCES_CHANGED)
#: every event name that a listener can ask for
EVENT_TYPES: Final = tuple(type_ for stream in STREAMS for type_ in TYPES[stream])
#: fields of messages that are for services, not for listeners
_INTERNAL: Final = frozenset({"new_posts", "seen_by"})
#: messages that wait for one listener at most
_QUEUE: Final = 1000
#: listeners that are brought up to date at once, when a thousand come back after a restart
_RESUMING: Final = 16
#: milliseconds by which the broker's clock may be set back without a message's being missed
_SKEW: Final = 5000
#: seconds at most between two looks at whether a listener may still listen
_RECHECK: Final = 15.0
_ENTRY: Final = re.compile(r"\d{1,16}-\d{1,10}")

#: what a listener is told whose place in the streams is gone
_RESET: Final = {"reason": "messages after your Last-Event-ID are no longer kept; load what you show anew"}

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


@dataclass(slots=True, eq=False)
class _Listener:
    """Somebody who listens: what is still to be sent, and whether that grew too long."""

    audience: Audience
    chunks: deque[bytes] = field(default_factory=deque)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    gone: bool = False


class Live:
    """Fans the streams out to listeners. A listener too slow for its queue is let go; it resumes by itself."""

    def __init__(self, redis: Redis, leaving: asyncio.Event, heartbeat: float, history: float = 900.0) -> None:
        """`heartbeat` and `history` are seconds; the latter is what the bus keeps at least."""
        self._redis, self._leaving, self._heartbeat, self._kept = redis, leaving, heartbeat, history
        self._audiences: dict[Audience, set[_Listener]] = {}
        #: the last entries read, and up to when (milliseconds) the broker had no others
        self._position: Position | None = None
        self._quiet = 0
        self._ready = asyncio.Event()
        self._resuming = asyncio.Semaphore(_RESUMING)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to read at the present end of every stream."""
        self._tasks = [
            asyncio.create_task(self._read(), name="live"),
            asyncio.create_task(self._end_with_the_process(), name="live-end"),
        ]

    async def stop(self) -> None:
        """Let every listener go."""
        self._let_all_go()
        for task in self._tasks:
            while not task.done():  # a client's own time limit can swallow a cancellation; then it is asked again
                task.cancel()
                await asyncio.wait({task}, timeout=1)

    @property
    def listeners(self) -> int:
        """Return how many listen just now."""
        return sum(map(len, self._audiences.values()))

    async def listen(
        self, last_event_id: str | None, audience: Audience, welcome: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[bytes]:
        """Yield server-sent events from after `last_event_id` (None: from now on), with heartbeats.

        Only messages that the `audience` hears are told. Every so often `welcome` is asked whether the listener may
        still listen; the stream ends where not. The first lines and the heartbeats carry an id too, so that whoever has
        heard nothing yet loses nothing either. Where messages after `last_event_id` are no longer kept, or it is none
        of ours, the first event is `reset`: what the listener knows must be loaded anew.
        """
        if not await self._placed():
            return
        listener = _Listener(audience)
        # both at once: what comes up to here is history, what comes after is in the queue
        self._audiences.setdefault(audience, set()).add(listener)
        joined, now = self._position, self._reached()
        try:
            resume = decode_position(last_event_id) if last_event_id else None
            if last_event_id and (resume is None or await self._lost(resume)):
                yield f"retry: 2000\nid: {now}\nevent: reset\ndata: {json.dumps(_RESET)}\n\n".encode()
            elif resume is None:
                yield f"retry: 2000\nid: {now}\n\n".encode()
            else:
                yield f"retry: 2000\nid: {encode_position(resume)}\n\n".encode()
                async with self._resuming:
                    async for told in self._history(resume, joined):
                        if audience.hears(told.message):
                            yield told.render()
            asked = time.monotonic()
            while True:
                if listener.chunks:
                    chunk = b"".join(listener.chunks)
                    listener.chunks.clear()
                    yield chunk
                elif listener.gone or self._leaving.is_set():
                    return
                listener.woken.clear()
                if not listener.chunks and not listener.gone:
                    try:
                        async with asyncio.timeout(self._heartbeat):
                            await listener.woken.wait()
                    except TimeoutError:
                        yield f": still here\nid: {self._reached()}\n\n".encode()
                if time.monotonic() - asked >= min(self._heartbeat, _RECHECK):
                    asked = time.monotonic()
                    if not await welcome():
                        return
        finally:
            self._forget(listener)

    def _forget(self, listener: _Listener) -> None:
        members = self._audiences.get(listener.audience)
        if members is not None:
            members.discard(listener)
            if not members:
                del self._audiences[listener.audience]

    def _reached(self) -> str:
        """Return the id of this moment: the last entries, or for quiet streams the time up to which nothing came.

        Without the latter, whoever has heard nothing of one stream for longer than it is kept could not tell that
        nothing was missed.
        """
        assert self._position is not None
        quiet = f"{self._quiet}-0"
        return encode_position(tuple(max(one, quiet, key=_number) for one in self._position))

    async def _lost(self, position: Position) -> bool:
        """Tell whether messages after `position` may be gone: taken out of a stream since."""
        seconds, _ = await self._redis.time()
        for stream, after in zip(STREAMS, map(_number, position), strict=True):
            if after[0] > (seconds - self._kept) * 1000:
                continue
            try:
                info: Any = await self._redis.xinfo_stream(stream)
            except ResponseError:  # there is no such stream yet
                continue
            if info["length"] == info["entries-added"] or _number(_text(info["last-generated-id"])) <= after:
                continue
            first = info["first-entry"]
            if first is None or _number(_text(first[0])) > after:
                return True
        return False

    async def _placed(self) -> bool:
        """Wait until the reader knows where the streams end; False where the process is leaving before that."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._ready, self._leaving)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return self._ready.is_set()

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
                seconds, micros = await self._redis.time()
                answer = await self._redis.xread(dict(zip(STREAMS, self._position, strict=True)), count=500, block=1000)
                batch = sorted(_flat(answer), key=lambda entry: _number(entry[1]))
                for index, entry_id, fields in batch:
                    position = list(self._position)
                    position[index] = entry_id
                    self._position = tuple(position)
                    message = _message(fields)
                    if message is not None:
                        self._hand_out(Told(self._position, message))
                if not batch:
                    self._quiet = max(self._quiet, seconds * 1000 + micros // 1000 - _SKEW)
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
        chunk: bytes | None = None
        for audience, members in list(self._audiences.items()):
            if not audience.hears(told.message):
                continue
            chunk = chunk or told.render()
            for listener in list(members):
                if len(listener.chunks) >= _QUEUE:
                    self._let_go(listener)
                else:
                    listener.chunks.append(chunk)
                    listener.woken.set()

    def _let_go(self, listener: _Listener) -> None:
        self._forget(listener)
        listener.chunks.clear()
        listener.gone = True
        listener.woken.set()

    def _let_all_go(self) -> None:
        for members in list(self._audiences.values()):
            for listener in list(members):
                self._let_go(listener)

    async def _end_with_the_process(self) -> None:
        await self._leaving.wait()
        self._let_all_go()


def _flat(answer: Any) -> list[tuple[int, str, dict[bytes, bytes]]]:
    """Read XREAD's answer, in either protocol version, as (stream number, entry id, fields)."""
    found: list[tuple[int, str, dict[bytes, bytes]]] = []
    for stream, entries in answer.items() if isinstance(answer, dict) else answer or ():
        if entries and isinstance(entries[0], list):
            entries = entries[0]
        index = STREAMS.index(stream.decode() if isinstance(stream, bytes) else stream)
        found.extend((index, entry_id.decode(), fields) for entry_id, fields in entries if fields)
    return found


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _number(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence)


def _message(fields: dict[bytes, bytes]) -> Message | None:
    try:
        return decode(fields[FIELD])
    except (KeyError, ValueError):
        _log.warning("live.not_a_message")
        return None
