"""Near repeats among stored posts: the index in memory, kept in step with the table by every replica."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kit.runtime import Runtime
from services.ingest import store
from services.ingest.dedup.index import NearIndex
from services.ingest.dedup.signature import as_bytes
from services.ingest.settings import IngestSettings

_log = structlog.get_logger(__name__)
_BATCH: Final = 20_000
#: seconds after which what other replicas stored is looked for again, and how far back their ids may lie: a
#: transaction that is open for longer is not seen until the next start
_CATCH_UP: Final = 2.0
_OVERLAP: Final = timedelta(seconds=30)


class Repeats:
    """Says of new posts which post each nearly repeats. Its index is made of the table and can be made anew from it."""

    def __init__(self, runtime: Runtime, settings: IngestSettings) -> None:
        self._runtime, self._settings = runtime, settings
        self._lock = asyncio.Lock()
        self._index: NearIndex | None = None
        self._looked = 0.0

    def distrust(self) -> None:
        """Make the index anew from the table before it is asked again."""
        self._index = None

    async def load(self) -> None:
        """Read what the table holds of the window."""
        async with self._lock, self._runtime.database.reading() as session:
            await self._current(session)

    async def link(self, session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
        """Set each new row's `signature` and, where it nearly repeats a post, `near_duplicate_of`; takes them in.

        Where the transaction of `session` then fails, call :meth:`distrust`.
        """
        if not rows:
            return
        async with self._lock:
            index = await self._current(session)
            links, signed = await asyncio.to_thread(_matched, index, rows, self._runtime.clock.now())
        for row, root, signature in zip(rows, links, signed, strict=True):
            row["signature"] = signature or None
            row["near_duplicate_of"] = root

    async def _current(self, session: AsyncSession) -> NearIndex:
        """Return the index with everything that the table holds."""
        index, now = self._index, self._runtime.clock.now()
        if index is not None and time.monotonic() - self._looked < _CATCH_UP:
            return index
        if index is None:
            began, since = time.perf_counter(), now - timedelta(days=self._settings.repeat_days)
            index = NearIndex(most_posts=self._settings.repeat_posts, days=self._settings.repeat_days)
            count = await _load(index, session, since)
            if count:
                _log.info("repeats.loaded", posts=count, seconds=round(time.perf_counter() - began, 1))
        else:
            await _load(index, session, now - _OVERLAP)
        self._index, self._looked = index, time.monotonic()
        return index


async def _load(index: NearIndex, session: AsyncSession, since: datetime) -> int:
    """Take in what was collected since an instant; returns how many posts that was."""
    after, count = "", 0
    while batch := await store.signed(session, after=after, since=since, limit=_BATCH):
        after = batch[-1].id
        count += len(batch)
        rows = [(row.id, row.signature, row.near_duplicate_of, row.collected_at) for row in batch]
        await asyncio.to_thread(index.load, rows)
    return count


def _matched(
    index: NearIndex, rows: Sequence[Mapping[str, Any]], now: datetime
) -> tuple[list[str | None], list[bytes]]:
    signed = index.signatures([row["text"] for row in rows])
    links = index.match_and_add_signed([row["id"] for row in rows], signed, now)
    return links, [as_bytes(one) for one in signed]
