"""Handing a request on to a service and its answer back, as raw ASGI over aiohttp.

A FastAPI route in this place costs two thirds of the throughput, httpx nine tenths (see docs/decisions/0008).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, Final

import aiohttp
import structlog
from multidict import CIMultiDict
from starlette.types import Receive, Scope, Send
from yarl import URL

from gateway.answers import address_of, header, problem, respond
from gateway.bodies import TooLarge, drain
from gateway.routes import UPLOADS
from gateway.tracing import Trace
from gateway.upstreams import Replica, Upstreams
from kit.auth import CONTEXT_HEADER

_log = structlog.get_logger(__name__)
#: answers up to this size are read whole and sent in one piece
_SMALL: Final = 65_536
_CONNECT_TRIES: Final = 8
_CONNECT_PAUSE: Final = 0.25

_HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
#: what callers may not tell a service themselves, and what is no business of a service
_OURS: Final = frozenset(
    {
        b"authorization",
        b"x-api-key",
        b"cookie",
        b"host",
        b"content-length",
        b"x-request-id",
        b"traceparent",
        b"x-real-ip",
        b"forwarded",
        b"expect",
    }
)

_OUR_PREFIXES: Final = (b"x-forwarded-", b"x-huiying-")


class Proxy:
    """Calls the services. One connection pool for all; `upstreams` says which replica is asked."""

    def __init__(self, upstreams: Upstreams, *, seconds: float, max_body: int, max_upload: int) -> None:
        self._upstreams = upstreams
        self._seconds, self._max_body, self._max_upload = seconds, max_body, max_upload
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def forward(
        self, service: str, scope: Scope, receive: Receive, send: Send, *, context: str, request_id: str, trace: Trace
    ) -> None:
        """Hand a request on to `service` with the caller's signed `context`, and its answer back.

        Errors of the way there are problem documents: 413 too large, 502 no use of an answer, 503 nobody there,
        504 no answer in time.
        """
        headers = _request_headers(scope, context, request_id, trace)
        length = header(scope, b"content-length")
        most = self._max_upload if scope["path"] in UPLOADS else self._max_body
        if length is not None and int(length) > most:
            await _too_large(scope, receive, send)
            return
        body: bytes | AsyncIterator[bytes] | None
        try:
            if length is not None and int(length) <= _SMALL:
                body = b"".join([chunk async for chunk in _chunks(receive, most)]) or None
            elif length is not None or header(scope, b"transfer-encoding") is not None:
                body = _chunks(receive, most)
                if length is not None:
                    headers["Content-Length"] = length
            else:
                body = None
            answer = await self._call(service, scope, headers, body)
        except TooLarge:
            await _too_large(scope, receive, send)
            return
        except TimeoutError:
            await _failed(scope, send, 504, service)
            return
        except aiohttp.ClientConnectorError:
            await _failed(scope, send, 503, service)
            return
        except aiohttp.ClientError as error:
            if isinstance(error.__cause__, TooLarge):
                await _too_large(scope, receive, send)
                return
            _log.warning("proxy.failed", service=service, error=str(error) or type(error).__name__)
            await _failed(scope, send, 502, service)
            return
        try:
            if body is None:
                await _while_listened_to(_hand_back(answer, scope, send), receive)
            else:
                await _hand_back(answer, scope, send)
        finally:
            answer.release()

    async def _call(
        self, service: str, scope: Scope, headers: CIMultiDict[str], body: bytes | AsyncIterator[bytes] | None
    ) -> aiohttp.ClientResponse:
        """Call a service. While nobody listens (a restart takes a second or two) the connection is tried again.

        A connection that ends before the answer begins is tried again where asking twice does no harm.
        """
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        again = scope["method"] in ("GET", "HEAD") and body is None
        last: Replica | None = None
        for attempt in itertools.count(1):
            replica = self._upstreams.choose(service, but=last)
            replica.under_way += 1
            try:
                answer = await self._pool().request(
                    scope["method"],
                    URL(replica.base + target.decode("latin-1"), encoded=True),
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                )
            except aiohttp.ClientConnectorError:
                self._upstreams.failed(service, replica, unreachable=True)
                if attempt >= _CONNECT_TRIES:
                    raise
                if self._upstreams.choose(service, but=replica) is replica:  # there is no other one
                    await asyncio.sleep(_CONNECT_PAUSE)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                self._upstreams.failed(service, replica, unreachable=False)
                if not again or attempt >= 3:
                    raise
            except TimeoutError:
                self._upstreams.failed(service, replica, unreachable=False)
                raise
            else:
                self._upstreams.worked(replica)
                return answer
            finally:
                replica.under_way -= 1
            last = replica
        raise AssertionError("unreachable")

    async def alive(self, base: str) -> bool:
        """Tell whether the replica at `base` says that it lives, within two seconds."""
        try:
            async with self._pool().get(f"{base}/livez", timeout=aiohttp.ClientTimeout(total=2)) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # shorter than the services' own 75 s, so that they never close a connection that we are about to use
                connector=aiohttp.TCPConnector(limit=0, limit_per_host=256, keepalive_timeout=50),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=2, sock_read=self._seconds),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                max_line_size=16_384,
                max_field_size=16_384,
            )
        return self._session


def _request_headers(scope: Scope, context: str, request_id: str, trace: Trace) -> CIMultiDict[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    dropped = _OURS | _HOP_BY_HOP | _named_by_connection(scope["headers"])
    for key, value in scope["headers"]:
        if key not in dropped and not key.startswith(_OUR_PREFIXES):
            headers.add(key.decode("latin-1"), value.decode("latin-1"))
    headers[CONTEXT_HEADER] = context
    headers["X-Request-ID"] = request_id
    headers["traceparent"] = trace.header
    headers["X-Forwarded-For"] = address_of(scope)
    headers["X-Forwarded-Proto"] = scope.get("scheme", "http")
    headers["Host"] = header(scope, b"host") or "huiying"
    return headers


def _named_by_connection(headers: Sequence[tuple[bytes, bytes]]) -> frozenset[bytes]:
    return frozenset(
        part.strip().lower() for key, value in headers if key.lower() == b"connection" for part in value.split(b",")
    )


async def _chunks(receive: Receive, limit: int) -> AsyncIterator[bytes]:
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise aiohttp.ClientConnectionError("the caller went away")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge
        if chunk:
            yield chunk
        if not message.get("more_body", False):
            return


async def _while_listened_to(work: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Do `work`, but give it up as soon as the caller of a request without a body leaves."""

    async def left() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(left())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _hand_back(answer: aiohttp.ClientResponse, scope: Scope, send: Send) -> None:
    dropped = _HOP_BY_HOP | _named_by_connection(answer.raw_headers)
    headers = [
        (key.lower(), value)
        for key, value in answer.raw_headers
        if key.lower() not in dropped and key.lower() not in (b"server", b"date")
    ]
    length = answer.headers.get("Content-Length")
    if scope["method"] == "HEAD" or (length is not None and int(length) <= _SMALL):
        try:
            body = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            await _failed(scope, send, 502, "upstream")
            return
        await respond(send, answer.status, headers, body)
        return
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    async for chunk in answer.content.iter_any():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    await drain(receive)
    await problem(
        scope, send, 413, "too-large", zh="请求内容过大", en="The request is too large", headers={"Connection": "close"}
    )


async def _failed(scope: Scope, send: Send, status: int, service: str) -> None:
    said = {
        502: ("服务的应答无法使用，请稍后重试", "gave no usable answer; try again"),
        503: ("服务正在恢复，请稍后重试", "is not there just now; try again"),
        504: ("服务未及时应答，请稍后重试", "did not answer in time; try again"),
    }
    zh, en = said[status]
    slug = {502: "bad-gateway", 503: "service-away", 504: "gateway-timeout"}[status]
    await problem(scope, send, status, slug, zh=f"{service} {zh}", en=f"{service} {en}", headers={"Retry-After": "2"})
