"""A small HTTP/1.1 server for sites that are crawled: one process, any address of the machine, GET alone.

It does as little as it can for a request, since its processor time is taken from the crawler's machine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

#: requests that are sent ahead of their answers are held back beyond so many bytes
_LONGEST_HEAD: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: the local address that it came to, its path with the query, its headers in lower case."""

    host: str
    path: str
    headers: dict[str, str]
    at: float


class Wire:
    """The connection of one answer that is written by hand, slowly or wrongly."""

    def __init__(self, transport: asyncio.Transport, writable: asyncio.Event) -> None:
        self._transport, self._writable = transport, writable

    @property
    def open(self) -> bool:
        """Tell whether the other side still listens."""
        return not self._transport.is_closing()

    async def write(self, data: bytes) -> None:
        """Send `data`, waiting while the other side is slow to read."""
        if not self.open:
            raise ConnectionResetError
        self._transport.write(data)
        await self._writable.wait()
        if not self.open:
            raise ConnectionResetError

    def close(self) -> None:
        """End the connection after what was written."""
        self._transport.close()

    def abort(self) -> None:
        """Break the connection off."""
        self._transport.abort()


#: Writes an answer by hand.
Act = Callable[[Wire], Awaitable[None]]
#: Gives the whole answer as bytes, or acts.
Handler = Callable[[Ask], bytes | Act]
#: Is told when an answer has been given: the request, and when it ended.
Done = Callable[[Ask, float], None]


def answer(body: bytes, kind: str = "text/html; charset=utf-8", *, status: int = 200, **headers: str) -> bytes:
    """Return a whole answer. Names of `headers` have `_` for `-`."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def not_modified(etag: str) -> bytes:
    """Return a 304."""
    return f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n".encode()


class _Connection(asyncio.Protocol):
    def __init__(self, handler: Handler, done: Done | None) -> None:
        self._handler, self._done = handler, done
        self._buffer = bytearray()
        self._acting: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.Transport = transport
        self._host = str(transport.get_extra_info("sockname")[0])

    def connection_lost(self, error: Exception | None) -> None:
        self._writable.set()
        if self._acting is not None:
            self._acting.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > _LONGEST_HEAD:
            self._transport.abort()
        elif self._acting is None:
            self._go_on()

    def _go_on(self) -> None:
        while self._acting is None and not self._transport.is_closing():
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).decode("latin-1")
            del self._buffer[: end + 4]
            first, *lines = head.split("\r\n")
            headers = {}
            for line in lines:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            ask = Ask(self._host, first.split(" ")[1], headers, time.time())
            found = self._handler(ask)
            if isinstance(found, bytes):
                self._transport.write(found)
                if self._done is not None:
                    self._done(ask, time.time())
            else:
                self._acting = asyncio.create_task(self._act(found, ask))

    async def _act(self, act: Act, ask: Ask) -> None:
        try:
            await act(Wire(self._transport, self._writable))
        except (ConnectionError, asyncio.CancelledError):
            self._transport.abort()
        finally:
            self._acting = None
            if self._done is not None:
                self._done(ask, time.time())
        self._go_on()


async def serve(handler: Handler, port: int, done: Done | None = None) -> asyncio.Server:
    """Serve `handler` at `port` of every IPv4 address of the machine."""
    return await asyncio.get_running_loop().create_server(
        lambda: _Connection(handler, done), "0.0.0.0", port, backlog=1024
    )
