"""One connection's bytes, between the event loop and httpcore: bounded buffers, time limits, a cut that never waits."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final, cast

import httpcore

#: bytes received and not yet read, beyond which the server is made to wait
_HIGH: Final = 128 * 1024


class Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """A connection that is open when `create_connection` returns it. It lists itself in `streams` while it is."""

    def __init__(self, streams: set[Stream]) -> None:
        self._loop = asyncio.get_running_loop()
        self._streams = streams
        self._buffer = bytearray()
        self._ended = False
        self._error: Exception | None = None
        self._paused = False
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._writable = True
        #: bytes received so far
        self.received = 0
        #: done when the socket is closed
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport

    # what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        # uvloop's transports are not of asyncio's classes
        self._transport = cast("asyncio.Transport", transport)
        self._streams.add(self)

    def data_received(self, data: bytes) -> None:
        """Buffer `data`, and have the server wait when there is too much of it."""
        self.received += len(data)
        self._buffer += data
        if len(self._buffer) > _HIGH and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Note the server's end; the socket is closed, since nothing is left to say."""
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the socket is closed."""
        self._ended, self._error = True, exc
        self._streams.discard(self)
        self._wake()
        self.resume_writing()
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        """Stop writing: the server doesn't read."""
        self._writable = False

    def resume_writing(self) -> None:
        """Go on writing."""
        self._writable = True
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    # what httpcore calls

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what came, `max_bytes` at most; nothing at the end. Raises httpcore's ReadTimeout and ReadError."""
        if not self._buffer and not self._ended:
            self._reader = self._loop.create_future()
            try:
                await self._until(self._reader, timeout, httpcore.ReadTimeout)
            finally:
                self._reader = None
        if not self._buffer:
            if self._error is not None:
                raise httpcore.ReadError(str(self._error) or type(self._error).__name__) from self._error
            return b""
        data = bytes(self._buffer[:max_bytes])
        del self._buffer[:max_bytes]
        if self._paused and len(self._buffer) < _HIGH and not self._ended:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send `buffer`. Raises httpcore's WriteTimeout and WriteError."""
        if not buffer:
            return
        if self._ended:
            raise httpcore.WriteError("the connection is closed")
        self._transport.write(buffer)
        if not self._writable:
            self._writer = self._loop.create_future()
            try:
                await self._until(self._writer, timeout, httpcore.WriteTimeout)
            finally:
                self._writer = None

    async def aclose(self) -> None:
        """Cut the connection."""
        self.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: TLS begins when the connection is opened, or not at all."""
        raise httpcore.UnsupportedProtocol("TLS begins when the connection is opened")

    def get_extra_info(self, info: str) -> Any:
        """Return whether there is something to read; nothing else is known."""
        return self.readable if info == "is_readable" else None

    # what Connections asks

    @property
    def protocol(self) -> str | None:
        """Return what TLS agreed upon (ALPN): `h2`, `http/1.1`, nothing."""
        tls: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        return tls.selected_alpn_protocol() if tls is not None else None

    @property
    def ended(self) -> bool:
        """Tell whether the server has closed the connection."""
        return self._ended

    @property
    def readable(self) -> bool:
        """Tell whether bytes, or the end, have come that nobody has read."""
        return self._ended or bool(self._buffer)

    def abort(self) -> None:
        """Close the socket without waiting for anything."""
        self._buffer.clear()
        self._transport.abort()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def _until(self, done: asyncio.Future[None], timeout: float | None, error: type[Exception]) -> None:
        if timeout is None:
            await done
            return
        timer = self._loop.call_later(timeout, _expire, done, error)
        try:
            await done
        finally:
            timer.cancel()


def _expire(done: asyncio.Future[None], error: type[Exception]) -> None:
    if not done.done():
        done.set_exception(error("no bytes in time"))
