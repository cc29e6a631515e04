"""Fetching one page: judged, in its host's turn, within bounds, and again where that may help."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from kit.clock import Clock, SystemClock
from services.ingest.fetching import metrics
from services.ingest.fetching.addresses import Allowed, Resolver, SystemResolver
from services.ingest.fetching.connections import Answer, Connections
from services.ingest.fetching.hosts import LONGEST_BLOCK, Hosts
from services.ingest.fetching.limits import Limits
from services.ingest.fetching.page import FetchFailed, FetchProblem, Page, Request
from services.ingest.fetching.retrying import back_off, passing, retry_after
from services.ingest.fetching.robots import MOST_BYTES, REDIRECTS, Robots
from services.ingest.fetching.target import Target
from services.ingest.fetching.unpacking import CODINGS

#: headers that no request may set for itself: they are the fetcher's word, or belong to the connection
OWN_HEADERS: Final = frozenset(
    {
        *("host", "user-agent", "accept", "accept-encoding", "if-none-match", "if-modified-since", "range"),
        *("connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect"),
    }
)

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CONDITIONS: Final = {"etag": b"If-None-Match", "last-modified": b"If-Modified-Since"}

Headers = list[tuple[bytes, bytes]]


class Fetcher:
    """The one way to the web. One event loop; to be closed.

    `resolver` and `tls` are for networks with names or certificate authorities of their own; certificates are always
    verified, by default against those that httpx trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` add to them).
    """

    def __init__(
        self,
        limits: Limits,
        clock: Clock | None = None,
        *,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._limits, self._clock = limits, clock or SystemClock()
        self._allowed = Allowed((*limits.allowed, *limits.own), limits.ports)
        self._own = Allowed(limits.own, ())
        self._own_resolver = SystemResolver() if resolver is None else None
        chosen = resolver if resolver is not None else self._own_resolver
        assert chosen is not None
        self._connections = Connections(limits, self._allowed, chosen, tls or httpx.create_ssl_context())
        self._hosts = Hosts(limits)
        self._robots = Robots(limits, self._clock, self._read_robots)
        self._common = [
            (b"User-Agent", limits.user_agent.encode()),
            (b"Accept-Encoding", CODINGS.encode()),
            (b"Accept-Language", b"zh-CN,zh;q=0.9,en;q=0.5"),
        ]

    async def fetch(self, request: Request) -> Page:
        """Return the page: status 200 to 299, or 304 where validators were given; FetchFailed for everything else.

        Waits for the host's turn. ValueError where the request sets one of OWN_HEADERS or a header that is none.
        """
        extra = _extra(request.headers)
        given = [*self._common, (b"Accept", request.accept.encode())]
        given += [
            (name, request.validators[key].encode("latin-1", "replace"))
            for key, name in _CONDITIONS.items()
            if key in request.validators
        ]
        outcome = "cancelled"
        try:
            page = await self._follow(request, given, extra)
            outcome = "not_modified" if page.not_modified else "ok"
            metrics.SECONDS.observe(page.seconds)
            return page
        except FetchFailed as failure:
            failure.url = failure.url or request.url
            outcome = failure.problem.value
            raise
        except Exception:
            outcome = "error"
            raise
        finally:
            metrics.FETCHES.labels(outcome).inc()

    async def close(self) -> None:
        """Give up what is under way for robots.txt, and close all connections."""
        await self._robots.close()
        await self._connections.close()
        if self._own_resolver is not None:
            self._own_resolver.close()

    async def _follow(self, request: Request, given: Headers, extra: Headers) -> Page:
        target = first = Target.of(request.url)
        begun = _Begun()
        passed: list[str] = []
        while True:
            self._judge(target)
            own = self._own.names(target.host, target.port)
            rules = None if own else await self._robots.rules(target)
            if rules is not None and not rules.allow(target.url):
                raise FetchFailed(FetchProblem.ROBOTS, "robots.txt says no", url=target.url)
            headers = [*given, *extra] if target.origin == first.origin else given
            delay = rules.crawl_delay or 0.0 if rules else 0.0
            answer = await self._answer(target, headers, self._limits.max_bytes, delay, begun)
            if answer.status not in _REDIRECTS:
                break
            passed.append(target.url)
            target = _next(target, answer, passed, self._limits.max_redirects)
        if not 200 <= answer.status < 300 and not (answer.status == 304 and request.validators):
            raise _refused(answer, target)
        return Page(
            requested=request.url,
            url=target.url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            fetched_at=self._clock.now(),
            seconds=asyncio.get_running_loop().time() - begun.at,
            redirects=tuple(passed),
        )

    async def _read_robots(self, target: Target) -> bytes:
        """Return the start of a robots.txt; it is subject to everything but itself."""
        passed: list[str] = []
        while True:
            self._judge(target)
            answer = await self._answer(target, [*self._common, (b"Accept", b"text/plain,*/*;q=0.5")], MOST_BYTES)
            if answer.status not in _REDIRECTS:
                break
            passed.append(target.url)
            target = _next(target, answer, passed, REDIRECTS)
        if not 200 <= answer.status < 300:
            raise _refused(answer, target)
        return answer.body

    def _judge(self, target: Target) -> None:
        """Refuse what can be refused without asking anybody."""
        if target.address is not None:
            reason = self._allowed.refusal(target.address, target.host, target.port)
        else:
            reason = self._allowed.hopeless(target.host, target.port)
        if reason is not None:
            raise FetchFailed(FetchProblem.FORBIDDEN_ADDRESS, f"{target.host}: {reason}", url=target.url)

    async def _answer(
        self,
        target: Target,
        headers: Sequence[tuple[bytes, bytes]],
        max_bytes: int,
        crawl_delay: float | None = None,
        begun: _Begun | None = None,
    ) -> Answer:
        """Return a server's answer, after repetitions where they help. For robots.txt (no `begun`) it may be cut."""
        attempt = 0
        while True:
            try:
                return await self._attempt(target, headers, max_bytes, crawl_delay, begun)
            except FetchFailed as failure:
                failure.url = target.url
                if attempt >= self._limits.retries:
                    raise
                if failure.problem is FetchProblem.RATE_LIMITED:
                    # the host's queue lets nobody in before the time is up
                    if failure.status is None or (failure.retry_after or 0) > self._limits.patience:
                        raise
                elif passing(failure):
                    await asyncio.sleep(back_off(self._limits.back_off, attempt))
                else:
                    raise
            attempt += 1

    async def _attempt(
        self,
        target: Target,
        headers: Sequence[tuple[bytes, bytes]],
        max_bytes: int,
        crawl_delay: float | None,
        begun: _Begun | None,
    ) -> Answer:
        async with self._hosts.turn(target.host, crawl_delay):
            if begun is not None:
                begun.mark()
            try:
                async with asyncio.timeout(self._limits.seconds):
                    answer = await self._connections.exchange(target, headers, max_bytes, cut=begun is None)
            except TimeoutError:
                detail = f"not finished after {self._limits.seconds:g} s"
                raise FetchFailed(FetchProblem.TIMEOUT, detail) from None
            metrics.BYTES.inc(answer.transferred)
            wait = retry_after(answer.headers, self._clock.now()) if answer.status in (429, 503) else None
            if answer.status == 429 or wait is not None:
                wait = min(self._limits.cool_down if wait is None else wait, LONGEST_BLOCK)
                self._hosts.block(target.host, wait)
                detail = f"status {answer.status}: asked to come again in {wait:.0f} s"
                raise FetchFailed(FetchProblem.RATE_LIMITED, detail, status=answer.status, retry_after=wait)
            if answer.status in (502, 503, 504):
                raise _refused(answer, target)
            return answer


class _Begun:
    """When a page's first request went out, in the loop's time."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = 0.0

    def mark(self) -> None:
        self.at = self.at or asyncio.get_running_loop().time()


def _next(target: Target, answer: Answer, passed: Sequence[str], most: int) -> Target:
    location = answer.headers.get("location", "")
    if not location:
        raise FetchFailed(FetchProblem.PROTOCOL, "a redirect to nowhere", url=target.url, status=answer.status)
    if len(passed) > most:
        raise FetchFailed(FetchProblem.REDIRECTS, f"more than {most} redirects", url=target.url)
    # headers are read as Latin-1; servers write UTF-8 into this one
    there = target.joined(location.encode("latin-1").decode("utf-8", "replace"))
    if there.url in passed:
        raise FetchFailed(FetchProblem.REDIRECTS, "redirects lead in a circle", url=there.url)
    return there


def _refused(answer: Answer, target: Target) -> FetchFailed:
    detail = f"status {answer.status}"
    return FetchFailed(FetchProblem.HTTP_STATUS, detail, url=target.url, status=answer.status)


def _extra(headers: Mapping[str, str]) -> Headers:
    if taken := OWN_HEADERS.intersection(map(str.lower, headers)):
        raise ValueError(f"these headers are the fetcher's own: {', '.join(sorted(taken))}")
    for name, value in headers.items():
        if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or not value.isprintable():
            raise ValueError(f"not a header: {name[:40]!r}")
    return [(name.encode(), value.encode()) for name, value in headers.items()]
