"""What one pass over a source may use: fetching through the polite queues, what is known, what cases want."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from kit.database import Database
from services.ingest import store
from services.ingest.adapters.protocol import SourceSpec
from services.ingest.fetching.page import HTML, Page, Request
from services.ingest.identity import NotAUrl, canonical_url, identity

#: bytes of pages that a pass keeps until it is known which of them show new posts
_KEPT: Final = 64 * 2**20


class Fetches(Protocol):
    """Whatever fetches a page."""

    async def fetch(self, request: Request) -> Page: ...


class Around:
    """The surroundings of one pass. `pages` are those fetched, by digest, for evidence."""

    def __init__(
        self,
        fetcher: Fetches,
        database: Database,
        source: SourceSpec,
        *,
        state: Mapping[str, Any],
        now: datetime,
        limit: int,
        keywords: Sequence[str] = (),
        remember: bool = True,
    ) -> None:
        self._fetcher, self._database = fetcher, database
        self.source, self.state, self.now, self.limit, self.keywords = source, state, now, limit, keywords
        self.pages: dict[str, Page] = {}
        self.fetched = 0
        self._kept = 0
        self._remember = remember

    async def fetch(
        self,
        url: str,
        *,
        accept: str = HTML,
        validators: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Return a page; raises FetchFailed."""
        page = await self._fetcher.fetch(Request(url, accept, validators or {}, headers or {}))
        self.fetched += 1
        if not page.not_modified and page.digest not in self.pages and self._kept + len(page.body) <= _KEPT:
            self.pages[page.digest] = page
            self._kept += len(page.body)
        return page

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
