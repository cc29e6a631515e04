"""Near repeats among stored posts: the index in memory, kept in step with the table by every replica."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from kit.runtime import Runtime
from services.ingest import store
from services.ingest.dedup.index import NearIndex, Stored
from services.ingest.dedup.signature import as_bytes
from services.ingest.settings import IngestSettings

_log = structlog.get_logger(__name__)
_PAGE: Final = 20_000
#: posts taken in while those that want to be matched wait
_AT_ONCE: Final = 1024
#: seconds after which what other replicas stored is looked for again, and how far back of the last look it may have
#: been collected: what a transaction stores that is open for longer is not seen until the next start
_CATCH_UP: Final = 2.0
_OVERLAP: Final = timedelta(seconds=30)


class Repeats:
    """Says of new posts which post each nearly repeats.

    Its index holds nothing but what is committed: posts are matched in the transaction that stores them and taken in
    after it. Of two posts whose transactions are open at the same time, neither is therefore linked to the other.
    """

    def __init__(self, runtime: Runtime, settings: IngestSettings) -> None:
        self._runtime = runtime
        self._index = NearIndex(most_posts=settings.repeat_posts, days=settings.repeat_days)
        self._days = timedelta(days=settings.repeat_days)
        self._asked, self._looking = asyncio.Lock(), asyncio.Lock()
        #: held by the thread itself: one that works on after its caller was cancelled is waited for too
        self._alone = threading.Lock()
        #: when the table was last looked at, by the machine's clock and by that of the posts
        self._looked: tuple[float, datetime] | None = None
        #: posts taken in of late, by id, and when they were collected
        self._taken: dict[str, datetime] = {}

    async def refresh(self) -> None:
        """Take in what the table holds: all of the window at first, later what other replicas have stored since.

        To be called outside of a writing transaction, which it would keep open.
        """
        async with self._looking:
            if self._looked is not None and time.monotonic() - self._looked[0] < _CATCH_UP:
                return
            began, now = time.monotonic(), self._runtime.clock.now()
            since = now - self._days if self._looked is None else self._looked[1] - _OVERLAP
            count = await self._read(since)
            if self._looked is None and count:
                _log.info("repeats.loaded", posts=count, seconds=round(time.monotonic() - began, 1))
            self._looked = (time.monotonic(), now)
            self._taken = {id_: at for id_, at in self._taken.items() if at >= now - 2 * _OVERLAP}

    async def link(self, rows: Sequence[dict[str, Any]]) -> None:
        """Set each new row's `signature` and, where it nearly repeats a post, `near_duplicate_of`; takes nothing in."""
        if not rows:
            return
        async with self._asked:
            links, signed = await asyncio.to_thread(self._matched, rows, self._runtime.clock.now())
        for row, root, signature in zip(rows, links, signed, strict=True):
            row["signature"] = signature or None
            row["near_duplicate_of"] = root

    async def take_in(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take in rows, in the order in which they were linked, now that they are committed.

        Where this is cut off, :meth:`refresh` makes up for it.
        """
        await self._load([_stored(row) for row in rows if row["signature"] is not None])

    async def _read(self, since: datetime) -> int:
        """Take in what was collected since an instant and is not known; returns how many posts that was."""
        after, count = "", 0
        while True:
            async with self._runtime.database.reading() as session:
                page = await store.signed(session, since=since, after=after, limit=_PAGE)
            if not page:
                return count
            since, after = page[-1].collected_at, page[-1].id
            unknown: list[Stored] = [
                (row.id, row.signature, row.near_duplicate_of, row.collected_at)
                for row in page
                if row.id not in self._taken
            ]
            count += len(unknown)
            await self._load(unknown)

    async def _load(self, posts: list[Stored]) -> None:
        for first in range(0, len(posts), _AT_ONCE):
            some = posts[first : first + _AT_ONCE]
            async with self._asked:
                await asyncio.to_thread(self._loaded, some)
            self._taken.update((id_, at) for id_, _, _, at in some)

    def _loaded(self, posts: Sequence[Stored]) -> None:
        with self._alone:
            self._index.load(posts)

    def _matched(self, rows: Sequence[Mapping[str, Any]], now: datetime) -> tuple[list[str | None], list[bytes]]:
        with self._alone:
            signed = self._index.signatures([row["text"] for row in rows])
            links = self._index.match_signed([row["id"] for row in rows], signed, now)
        return links, [as_bytes(one) for one in signed]


def _stored(row: Mapping[str, Any]) -> Stored:
    return row["id"], row["signature"], row["near_duplicate_of"], row["collected_at"]
