"""uvicorn's HTTP/1.1 connection with bounds, and without what lets two servers read one message differently.

uvicorn (0.54) bounds neither the size nor the time of a request's head, nor the pace of a body, nor how long a caller
may leave an answer unread. What is refused here never reaches the door; the answers are problem documents all the same.
"""

from __future__ import annotations

import asyncio
import json
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

import httptools
import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.connections.guard import Guard
from kit import problems

_log = structlog.get_logger("connections")
_WORDS: Final = {
    "bad-request": (400, "请求不符合 HTTP 规范", "The request is not proper HTTP"),
    "ambiguous-request": (
        400,
        "请求的长度或主机有多种理解方式",
        "The request's length or host can be read in more than one way",
    ),
    "head-too-slow": (408, "请求头发送过慢", "The head of the request took too long"),
    "body-too-slow": (408, "请求内容发送过慢", "The body of the request came too slowly"),
    "head-too-large": (431, "请求头过大或过多", "The request's header fields are too large or too many"),
    "too-many-connections": (503, "连接数已满，请稍后重试", "There are too many connections; try again"),
}


#: bytes around each byte of a body at most; chunks of one byte have five
_FRAMING: Final = 8


class _Refused(Exception):
    """A request that is not let in; its message is the problem's slug."""


class _Owed(Enum):
    """What a connection is waiting for its caller to send."""

    NOTHING = 0
    HEAD = 1
    BODY = 2


def guarded(guard: Guard) -> type[HttpToolsProtocol]:
    """Return the protocol class for uvicorn's `http` setting, with the bounds of `guard`."""

    class Guarded(GuardedProtocol):
        pass

    Guarded.guard = guard
    return Guarded


class GuardedProtocol(HttpToolsProtocol):
    """A connection that is looked at every second, and ended where it owes something for too long."""

    guard: Guard

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owed = _Owed.HEAD
        self._since = 0.0
        self._got = 0
        #: bytes of the body that is coming, and those around it: sizes and extensions of chunks, and trailers
        self._body = self._framing = 0
        self._stuck_since: float | None = None
        self._slug = "bad-request"

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection on, or turn it away with 503 where there are too many."""
        super().connection_made(transport)
        self._since = self.loop.time()
        if self.guard.let_in(self, self._address(), self.loop) is not None:
            self._refuse("too-many-connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection out."""
        self.guard.let_out(self, self._address())
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, unless the head has become too large."""
        if self._owed is _Owed.NOTHING and not self._answering():
            self._begin()
        if self._owed is _Owed.HEAD:
            self._got += len(data)
        body, within = self._body, self._owed is _Owed.BODY
        super().data_received(data)
        if self.transport.is_closing():
            return
        most = self.guard.bounds.head_bytes
        if self._owed is _Owed.HEAD and self._got > most:
            self._refuse("head-too-large")
        elif within and self._owed is _Owed.BODY:
            self._framing += len(data) - (self._body - body)
            if self._framing > most + _FRAMING * self._body:
                self._refuse("head-too-large")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; drop a trailer, which uvicorn would put among them after they have been judged."""
        if self._owed is not _Owed.BODY:
            super().on_header(name, value)

    def on_message_begin(self) -> None:
        """Begin to wait for a head."""
        if self._owed is not _Owed.HEAD:
            self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Judge the head, and begin to wait for the body."""
        try:
            _judge(self.headers, self.url, self.parser.get_http_version(), self.guard)
        except _Refused as refused:
            self._slug = str(refused)
            raise
        self._owed, self._since, self._got = _Owed.BODY, self.loop.time(), 0
        self._body = self._framing = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count what came of the body."""
        self._got += len(body)
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for nothing more."""
        self._owed = _Owed.NOTHING
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Note since when the caller takes nothing."""
        self._stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that the caller takes again."""
        self._stuck_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what uvicorn cannot read, or what was refused, with a problem document."""
        self._refuse(self._slug)

    def look(self, now: float) -> None:
        """End the connection where it owes something for too long."""
        bounds = self.guard.bounds
        if self.transport.is_closing():
            # closed, but what was to be said has not been taken
            if self._stuck_since is not None and now - self._stuck_since > bounds.stuck_seconds:
                self.transport.abort()
            return
        if self._stuck_since is not None and now - self._stuck_since > bounds.stuck_seconds:
            _log.info("connections.ended", why="answer-not-taken", address=self._address())
            self.transport.abort()
        elif self._owed is _Owed.HEAD and now - self._since > bounds.head_seconds:
            self._refuse("head-too-slow")
        elif self._owed is _Owed.BODY:
            self._look_at_body(now)

    def _look_at_body(self, now: float) -> None:
        bounds, seconds = self.guard.bounds, now - self._since
        if self.flow.read_paused:  # it is we who do not take it
            self._since, self._got = now, 0
        elif seconds >= bounds.body_window:
            if self._got < bounds.body_rate * seconds:
                self._refuse("body-too-slow")
            self._since, self._got = now, 0

    def _begin(self) -> None:
        self._owed, self._since, self._got = _Owed.HEAD, self.loop.time(), 0

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _refuse(self, slug: str) -> None:
        """Say why, where no answer has begun, and end the connection."""
        status, zh, en = _WORDS[slug]
        _log.info("connections.ended", why=slug, address=self._address())
        if self._owed is _Owed.BODY and not self._answering():  # it has had its answer already
            self.transport.close()
            return
        if self._answering() and (self.cycle.response_started or self._owed is not _Owed.BODY):
            self.transport.abort()  # in the middle of an answer there is nothing proper to say
            return
        document = problems.document(status, slug, chinese=problems.prefers_chinese(None), zh=zh, en=en, instance="/")
        body = json.dumps(document, ensure_ascii=False).encode()
        retry = b"retry-after: 2\r\n" if status == 503 else b""
        self.transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n%sconnection: close\r\n\r\n%s"
            % (status, HTTPStatus(status).phrase.encode(), problems.MEDIA_TYPE.encode(), len(body), retry, body)
        )
        if self._answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()


def _judge(headers: list[tuple[bytes, bytes]], url: bytes, version: str, guard: Guard) -> None:
    """Refuse heads that are too large, or that another server might read differently (RFC 9112, 3.2, 6.1 and 6.3)."""
    bounds = guard.bounds
    size = len(url) + sum(len(name) + len(value) + 4 for name, value in headers)
    if len(headers) > bounds.head_fields or size > bounds.head_bytes:
        raise _Refused("head-too-large")
    lengths = hosts = 0
    coding: bytes | None = None
    host = b""
    for name, value in headers:
        if name == b"content-length":
            lengths += 1
        elif name == b"transfer-encoding":
            if coding is not None or value.lower() != b"chunked":
                raise _Refused("ambiguous-request")
            coding = value
        elif name == b"host":
            hosts, host = hosts + 1, value
    if lengths > 1 or (coding is not None and (lengths or version != "1.1")):
        raise _Refused("ambiguous-request")
    if hosts > 1 or (not hosts and version == "1.1"):
        raise _Refused("ambiguous-request")
    if not url.startswith(b"/") and url != b"*":  # absolute-form names a host of its own
        authority = url.partition(b"://")[2].partition(b"/")[0].partition(b"?")[0]
        if authority.lower() != host.lower() or httptools.parse_url(url).path is None:
            raise _Refused("ambiguous-request")
