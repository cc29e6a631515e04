"""What one pass over a source may use: fetching through the polite queues, what is known, what cases want."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

from kit.database import Database
from services.ingest import store
from services.ingest.adapters.protocol import OutOfTime, SourceSpec
from services.ingest.evidence import Record
from services.ingest.fetching.page import HTML, Page, Request
from services.ingest.identity import NotAUrl, canonical_url, identity

#: bytes of pages that a pass holds until it is known which of them show new posts; what goes beyond is written at once
_HELD: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Shown:
    """A page that was fetched: held, or written to the archive already."""

    url: str
    fetched_at: datetime
    lies: Page | Record

    def kept(self, write: Callable[[Page], Record]) -> Record:
        """Return where the page lies in the archive, writing it there if need be."""
        return self.lies if isinstance(self.lies, Record) else write(self.lies)


class Fetches(Protocol):
    """Whatever fetches a page."""

    async def fetch(self, request: Request) -> Page: ...


class Around:
    """The surroundings of one pass. `shown` are the pages fetched, by digest, for evidence.

    After `seconds` no fetch is begun or waited for any more: OutOfTime tells the adapter to return what it has.
    """

    def __init__(
        self,
        fetcher: Fetches,
        database: Database,
        source: SourceSpec,
        *,
        state: Mapping[str, Any],
        now: datetime,
        limit: int,
        seconds: float,
        keep: Callable[[Page], Record] | None = None,
        keywords: Sequence[str] = (),
        remember: bool = True,
    ) -> None:
        self._fetcher, self._database = fetcher, database
        self.source, self.state, self.now, self.limit, self.keywords = source, state, now, limit, keywords
        self.shown: dict[str, Shown] = {}
        self.fetched = 0
        self._until = time.monotonic() + seconds
        self._half = time.monotonic() + seconds / 2
        self._keep, self._held = keep, 0
        self._remember = remember

    async def fetch(
        self,
        url: str,
        *,
        accept: str = HTML,
        validators: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Return a page; raises FetchFailed and OutOfTime."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise OutOfTime
        try:
            async with asyncio.timeout(left):
                page = await self._fetcher.fetch(Request(url, accept, validators or {}, headers or {}))
        except TimeoutError:
            raise OutOfTime from None
        self.fetched += 1
        if self._keep is not None and not page.not_modified and page.digest not in self.shown:
            self.shown[page.digest] = await self._held_or_written(page, self._keep)
        return page

    async def _held_or_written(self, page: Page, keep: Callable[[Page], Record]) -> Shown:
        if self._held + len(page.body) > _HELD:
            return Shown(page.url, page.fetched_at, await asyncio.to_thread(keep, page))
        self._held += len(page.body)
        # a copy without the decoded text, which would be held as well
        return Shown(page.url, page.fetched_at, replace(page))

    def half_spent(self) -> bool:
        """Tell whether half of the pass's time is over: no more lists are to be read then."""
        return time.monotonic() > self._half

    async def known(self, urls: Collection[str]) -> set[str]:
        """Return those of the addresses whose posts are stored already; none where this pass is not to remember."""
        if not self._remember:
            return set()
        by_identity: dict[str, list[str]] = {}
        for url in urls:
            try:
                by_identity.setdefault(identity(canonical_url(url), ""), []).append(url)
            except NotAUrl:
                continue
        if not by_identity:
            return set()
        async with self._database.reading() as session:
            found = await store.stored(session, sorted(by_identity))
        return {url for one in found for url in by_identity[one]}
