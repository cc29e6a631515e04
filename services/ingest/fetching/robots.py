"""What sites ask of crawlers in /robots.txt (RFC 9309): which pages, how fast."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from protego import Protego

from kit.clock import Clock
from services.ingest.fetching.limits import Limits
from services.ingest.fetching.page import FetchFailed, FetchProblem
from services.ingest.fetching.target import Target

#: RFC 9309, 2.5: at least 500 KiB are read; what follows is left out
MOST_BYTES: Final = 500 * 1024
#: RFC 9309, 2.3.1.2: five redirects at least are followed
REDIRECTS: Final = 5

_MOST_SITES: Final = 4096
#: characters of rules kept, all sites together: parsed, they take about forty times as much
_MOST_CHARACTERS: Final = 4_000_000
#: after a failed connection the site is tried again sooner than after a failing server's answer
_CONNECTION_RETRY: Final = 30.0
_AGENT = re.compile(r"\s*user[-\s]?agent\s*:?\s*(?P<name>[^#]*)", re.IGNORECASE)
#: what the parser takes for a line of a group, and lines that belong to none
_RULE = re.compile(r"[^:]*:|(allow|di\w*|crawl[- ]delay|request[- ]rate|visit[- ]time)\b", re.IGNORECASE)
_SITE_WIDE = re.compile(r"\s*(sitemaps?|site-map|host)\b", re.IGNORECASE)
_NOBODY: Final = "user-agent: x-nobody"
#: what makes the page itself unreachable as well, and is said in its own words
_UNREACHABLE: Final = frozenset(
    {FetchProblem.DNS, FetchProblem.CONNECT, FetchProblem.TLS, FetchProblem.FORBIDDEN_ADDRESS}
)


@dataclass(frozen=True, slots=True)
class Rules:
    """One site's rules as this crawler is meant by them. Without `parser`, everything is allowed."""

    parser: Protego | None
    product: str
    characters: int = 0

    def allow(self, url: str) -> bool:
        """Tell whether `url` may be asked for."""
        return self.parser is None or self.parser.can_fetch(url, self.product)

    @property
    def crawl_delay(self) -> float | None:
        """Return the seconds between two requests that the site asks for, if it does."""
        if self.parser is None:
            return None
        rate = self.parser.request_rate(self.product)
        asked = (self.parser.crawl_delay(self.product), rate.seconds / rate.requests if rate else None)
        return max((seconds for seconds in asked if seconds is not None), default=None)


@dataclass(slots=True)
class _Kept:
    until: datetime
    rules: Rules | None
    failure: FetchFailed | None = None


class Robots:
    """The rules of all sites, asked for once in a while. `read` gets the start of a robots.txt, or FetchFailed."""

    def __init__(self, limits: Limits, clock: Clock, read: Callable[[Target], Awaitable[bytes]]) -> None:
        self._limits, self._clock, self._read = limits, clock, read
        self._kept: OrderedDict[tuple[str, str, int], _Kept] = OrderedDict()
        self._characters = 0
        self._asking: dict[tuple[str, str, int], asyncio.Task[_Kept]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    async def rules(self, target: Target) -> Rules:
        """Return the rules of the target's site.

        FetchFailed(ROBOTS) where they can't be had, which means: not now, nothing (RFC 9309, 2.3.1.4); with the
        problem's own name where the site can't be reached at all, and RATE_LIMITED where it asks to be left alone.
        """
        kept = self._kept.get(target.origin)
        if kept is None or kept.until <= self._clock.now():
            kept = await self._ask_once(target)
        if kept.rules is not None:
            return kept.rules
        assert kept.failure is not None
        wait = max(0.0, (kept.until - self._clock.now()).total_seconds())
        raise FetchFailed(
            kept.failure.problem, kept.failure.detail, url=target.url, status=kept.failure.status, retry_after=wait
        )

    async def close(self) -> None:
        """Give up what is being asked for."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask_once(self, target: Target) -> _Kept:
        """Ask for a robots.txt, once for all who wait; who gives up waiting doesn't take it from the others."""
        origin = target.origin
        task = self._asking.get(origin)
        if task is None:
            task = self._asking[origin] = asyncio.create_task(self._ask(target), name=f"robots of {target.host}")
            task.add_done_callback(lambda done: self._asked(origin, done))
        return await asyncio.shield(task)

    def _asked(self, origin: tuple[str, str, int], task: asyncio.Task[_Kept]) -> None:
        del self._asking[origin]
        if not task.cancelled():
            task.exception()  # seen: all who wait for it get it, and there may be none left

    async def _ask(self, target: Target) -> _Kept:
        before = self._kept.get(target.origin)
        place = Target(target.scheme, target.host, target.port, "/robots.txt", target.address)
        try:
            body = await self._read(place)
        except FetchFailed as failure:
            kept = self._without(failure, before, redirected=failure.url != place.url)
        else:
            kept = _Kept(self._in(self._limits.robots_seconds), await _parse(body, self._limits.product))
        self._store(target.origin, kept)
        return kept

    def _without(self, failure: FetchFailed, before: _Kept | None, *, redirected: bool) -> _Kept:
        """Return what holds where a robots.txt could not be had."""
        status = failure.status or 0
        if failure.problem is FetchProblem.RATE_LIMITED:
            raise failure
        if failure.problem is FetchProblem.REDIRECTS or (
            failure.problem is FetchProblem.HTTP_STATUS and 400 <= status < 500
        ):
            # there is none: 2.3.1.2 and 2.3.1.3
            return _Kept(self._in(self._limits.robots_seconds), Rules(None, self._limits.product))
        if failure.problem in _UNREACHABLE and not redirected:
            wait, told = min(_CONNECTION_RETRY, self._limits.robots_retry_seconds), failure
        else:
            wait = self._limits.robots_retry_seconds
            detail = f"robots.txt can't be read, so nothing may be: {failure.problem}: {failure.detail}"
            told = FetchFailed(FetchProblem.ROBOTS, detail, status=failure.status)
        if before is not None and before.rules is not None and failure.problem is not FetchProblem.FORBIDDEN_ADDRESS:
            # 2.4: an old copy serves on while a new one is unreachable
            return _Kept(self._in(wait), before.rules)
        return _Kept(self._in(wait), None, told)

    def _in(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)

    def _store(self, origin: tuple[str, str, int], kept: _Kept) -> None:
        self._remove(origin)
        self._kept[origin] = kept
        self._characters += kept.rules.characters if kept.rules else 0
        while len(self._kept) > 1 and (len(self._kept) > _MOST_SITES or self._characters > _MOST_CHARACTERS):
            self._remove(next(iter(self._kept)))

    def _remove(self, origin: tuple[str, str, int]) -> None:
        old = self._kept.pop(origin, None)
        if old is not None and old.rules is not None:
            self._characters -= old.rules.characters


async def _parse(body: bytes, product: str) -> Rules:
    text = _ours(body[:MOST_BYTES].decode("utf-8-sig", "replace"), product)
    if not text:
        return Rules(None, product)
    # half a megabyte of rules takes tenths of a second, which the loop has not got
    parser = Protego.parse(text) if len(text) < 32_768 else await asyncio.to_thread(Protego.parse, text)
    return Rules(parser, product, len(text))


def _ours(text: str, product: str) -> str:
    """Return the groups that may mean us, all others' names made one.

    The parser keeps every rule once for every name above it, so that a file of thousands of names and thousands of
    rules would fill the memory.
    """
    product = product.lower()
    lines: list[str] = []
    group: set[str] = set()
    ours = False
    for line in text.splitlines():
        bare = line.partition("#")[0].strip()
        if not bare or _SITE_WIDE.match(bare):
            continue
        agent = _AGENT.match(bare)
        if agent is None:
            if _RULE.match(bare):
                group = set()
                if ours:
                    lines.append(bare)
            continue
        if not group:
            ours = False
        name = agent["name"].partition("/")[0].strip().lower()
        line = f"user-agent: {name}" if name == "*" or (name and name.strip("*") in product) else _NOBODY
        ours = ours or line != _NOBODY
        if line not in group:
            lines.append(line)
        group.add(line)
    return "\n".join(lines) if any(line != _NOBODY for line in lines) else ""
