"""Connections to the web's servers: opened to judged addresses only, kept for a host's next page, closed in time.

httpx would be the house's choice. Its client spends most of its time on cookies, its own types, and a pool which looks
at every connection for every request, so that its cost grows with the number of hosts; httpcore's connections, on
which httpx itself is built, are used here without both. Pages a second of processor time, 2,000 pages of 8 KB from 20
hosts on the loopback: httpx's client alone 890, httpcore's pool alone 1,100, this with robots.txt, queues and every
check 3,700 (November 2026, one of 2 shared cores).

A connection carries one request at a time, with HTTP/2 too: politeness leaves nothing to run side by side, and a
request that is given up can then simply cut its connection, which disturbs no other.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, cast

import h2.exceptions
import httpcore

from services.ingest.fetching.addresses import Address, Allowed, Resolver
from services.ingest.fetching.limits import Limits
from services.ingest.fetching.page import FetchFailed, FetchProblem
from services.ingest.fetching.stream import Stream
from services.ingest.fetching.target import Target
from services.ingest.fetching.unpacking import Body

#: connections kept open though nobody uses them
_MOST_IDLE: Final = 64
#: addresses of one name that are tried
_MOST_TRIED: Final = 4
#: a body that nobody wants (of a redirect, an error) is read up to here to keep the connection
_WORTH_READING: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: header names in lower case, the body unpacked; `transferred` counts it as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    transferred: int


class _Http1(httpcore.AsyncHTTP11Connection):
    @property
    def surplus(self) -> bool:
        """Tell whether bytes are left over that belong to no answer: the next request must not read them as its own."""
        return bool(self._h11_state.trailing_data[0])


class _Connection:
    __slots__ = ("expiry", "http", "stream")

    def __init__(self, http: _Http1 | httpcore.AsyncHTTP2Connection, stream: Stream) -> None:
        self.http, self.stream = http, stream
        self.expiry: asyncio.TimerHandle | None = None

    @property
    def reusable(self) -> bool:
        if self.stream.ended or not self.http.is_idle() or not self.http.is_available():
            return False
        # a server of HTTP/2 may send frames at any time; one of HTTP/1.1 has nothing to say unasked
        return not isinstance(self.http, _Http1) or not (self.stream.readable or self.http.surplus)


class Connections:
    """All connections of one fetcher. One event loop."""

    def __init__(self, limits: Limits, allowed: Allowed, resolver: Resolver, tls: ssl.SSLContext) -> None:
        self._limits, self._allowed, self._resolver, self._tls = limits, allowed, resolver, tls
        self._tls.set_alpn_protocols(["h2", "http/1.1"])
        self._idle: OrderedDict[_Connection, tuple[str, str, int]] = OrderedDict()
        self._by_origin: dict[tuple[str, str, int], list[_Connection]] = {}
        self._streams: set[Stream] = set()

    def __len__(self) -> int:
        return len(self._streams)

    async def exchange(
        self, target: Target, headers: Sequence[tuple[bytes, bytes]], max_bytes: int, *, cut: bool = False
    ) -> Answer:
        """Ask for `target` once and return the answer, whatever its status; FetchFailed where there is none."""
        request = httpcore.Request(
            b"GET",
            httpcore.URL(
                scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
            ),
            headers=[(b"Host", target.authority.encode()), *headers],
            extensions={"timeout": {"read": self._limits.read_seconds, "write": self._limits.read_seconds}},
        )
        while True:
            connection = self._kept(target.origin)
            used = connection is not None
            if connection is None:
                connection = await self._open(target)
            received = connection.stream.received
            keep = False
            try:
                answer = await self._converse(connection, request, max_bytes, cut)
                keep = connection.reusable
                return answer
            except (httpcore.TimeoutException, TimeoutError) as error:
                raise FetchFailed(FetchProblem.TIMEOUT, "the server fell silent") from error
            except (httpcore.RemoteProtocolError, httpcore.NetworkError, httpcore.ConnectionNotAvailable) as error:
                # a kept connection that its server had closed in the meantime proves nothing about the server
                if not used or connection.stream.received != received:
                    raise FetchFailed(FetchProblem.PROTOCOL, str(error) or type(error).__name__) from error
            except (httpcore.ProtocolError, h2.exceptions.H2Error, ValueError, KeyError) as error:
                raise FetchFailed(FetchProblem.PROTOCOL, f"not HTTP as it should be: {error}") from error
            finally:
                if keep:
                    self._keep(target.origin, connection)
                else:
                    connection.stream.abort()

    async def _converse(self, connection: _Connection, request: httpcore.Request, max_bytes: int, cut: bool) -> Answer:
        response = await connection.http.handle_async_request(request)
        headers = _headers(response.headers)
        wanted = 200 <= response.status < 300
        if not wanted:
            max_bytes, cut = _WORTH_READING, True
        stated = headers.get("content-length", "")
        if not cut and stated.isdigit() and (len(stated) > 15 or int(stated) > max_bytes):
            raise FetchFailed(FetchProblem.TOO_LARGE, f"{stated[:20]} bytes", status=response.status)
        body = Body(headers.get("content-encoding", "") if wanted else "", max_bytes, cut=cut)
        async with aclosing(_chunks(response)) as chunks:
            async for data in chunks:
                body.add(data)
                if body.full:
                    break
            else:
                await response.aclose()
        return Answer(response.status, headers, body.whole(), body.transferred)

    async def _open(self, target: Target) -> _Connection:
        addresses: Sequence[Address] = ()
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                addresses = await self._addresses(target)
                stream = await self._connect(target, addresses)
        except TimeoutError as error:
            if not addresses:
                raise FetchFailed(FetchProblem.DNS, "the name was not resolved in time") from error
            raise FetchFailed(FetchProblem.CONNECT, "no connection in time") from error
        origin = httpcore.Origin(target.scheme.encode(), target.host.encode(), target.port)
        if stream.protocol == "h2":
            return _Connection(httpcore.AsyncHTTP2Connection(origin, stream), stream)
        return _Connection(_Http1(origin, stream), stream)

    async def _connect(self, target: Target, addresses: Sequence[Address]) -> Stream:
        loop = asyncio.get_running_loop()
        tls = self._tls if target.scheme == "https" else None
        failure: FetchFailed | None = None
        for address in addresses:
            try:
                # an address that does not answer must leave time for the others
                async with asyncio.timeout(self._limits.connect_seconds / len(addresses)):
                    _, stream = await loop.create_connection(
                        lambda: Stream(self._streams),
                        str(address),
                        target.port,
                        ssl=tls,
                        server_hostname=target.host if tls is not None else None,
                    )
            except ssl.SSLError as error:
                raise FetchFailed(FetchProblem.TLS, _reason(error)) from error
            except OSError as error:
                failure = FetchFailed(FetchProblem.CONNECT, str(error) or "no connection in time")
            else:
                return stream
        assert failure is not None
        raise failure

    async def _addresses(self, target: Target) -> Sequence[Address]:
        """Return where `target` may be asked: all addresses of its name, each one judged."""
        if target.address is not None:
            addresses: Sequence[Address] = [target.address]
        else:
            try:
                addresses = await self._resolver.resolve(target.host)
            except (OSError, UnicodeError) as error:
                raise FetchFailed(FetchProblem.DNS, str(error)) from error
        if not addresses:
            raise FetchFailed(FetchProblem.DNS, "the name has no address")
        for address in addresses:
            reason = self._allowed.refusal(address, target.host, target.port)
            if reason is not None:
                raise FetchFailed(FetchProblem.FORBIDDEN_ADDRESS, f"{target.host} is at {address}: {reason}")
        return addresses[:_MOST_TRIED]

    def _kept(self, origin: tuple[str, str, int]) -> _Connection | None:
        while connections := self._by_origin.get(origin):
            connection = connections[-1]
            self._forget(connection)
            if connection.reusable:
                return connection
            connection.stream.abort()
        return None

    def _keep(self, origin: tuple[str, str, int], connection: _Connection) -> None:
        self._idle[connection] = origin
        self._by_origin.setdefault(origin, []).append(connection)
        loop = asyncio.get_running_loop()
        connection.expiry = loop.call_later(self._limits.keep_alive, self._drop, connection)
        if len(self._idle) > _MOST_IDLE:
            self._drop(next(iter(self._idle)))

    def _forget(self, connection: _Connection) -> None:
        origin = self._idle.pop(connection)
        connections = self._by_origin[origin]
        connections.remove(connection)
        if not connections:
            del self._by_origin[origin]
        if connection.expiry is not None:
            connection.expiry.cancel()
            connection.expiry = None

    def _drop(self, connection: _Connection) -> None:
        self._forget(connection)
        connection.stream.abort()

    async def close(self) -> None:
        """Cut all connections and wait until their sockets are closed."""
        for connection in list(self._idle):
            self._forget(connection)
        lost = [stream.lost for stream in self._streams]
        for stream in list(self._streams):
            stream.abort()
        if lost:
            await asyncio.wait(lost, timeout=5)


def _chunks(response: httpcore.Response) -> AsyncGenerator[bytes, None]:
    """Return the body's parts as an iterator that can be closed, which httpcore's are without saying so."""
    return cast("AsyncGenerator[bytes, None]", cast("AsyncIterable[bytes]", response.stream).__aiter__())


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for key, value in raw:
        name, text = key.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def _reason(error: ssl.SSLError) -> str:
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.reason or str(error)
