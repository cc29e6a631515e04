"""Retention: what is past its days is removed, and what was removed is written down."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kit.ids import new_id
from kit.runtime import Runtime
from services.ingest import store
from services.ingest.collecting import store as schedules
from services.ingest.evidence import Archive
from services.ingest.settings import IngestSettings

_log = structlog.get_logger(__name__)


class Retention:
    """Removes texts, pages as fetched, and records of passes, each after its days."""

    def __init__(self, runtime: Runtime, settings: IngestSettings, archive: Archive) -> None:
        self._runtime, self._settings, self._archive = runtime, settings, archive

    async def purge_rows(self) -> None:
        """Blank texts and forget records; on one replica at a time. Counts and identities of posts stay."""
        now = self._runtime.clock.now()
        texts = now - timedelta(days=self._settings.retention_days)
        async with self._runtime.database.writing() as session:
            await self._note("posts", texts, await store.purge(session, texts), session=session)
        records = now - timedelta(days=self._settings.record_days)
        async with self._runtime.database.writing() as session:
            await self._note("records", records, await schedules.forget(session, records), session=session)

    async def purge_pages(self) -> None:
        """Delete archive files whose pages are all past their days."""
        before = self._runtime.clock.now() - timedelta(days=self._settings.evidence_days)
        gone = await asyncio.to_thread(self._archive.purge, before)
        async with self._runtime.database.writing() as session:
            # rows whose file went with a crash in between, or with its machine
            await store.forget_old_evidence(session, before - timedelta(days=2))
        if not gone:
            return
        async with self._runtime.database.writing() as session:
            await store.forget_evidence(session, [one.file for one in gone])
            await self._note("evidence", before, len(gone), sum(one.bytes for one in gone), session=session)

    async def _note(self, kind: str, before: datetime, count: int, size: int = 0, *, session: AsyncSession) -> None:
        if not count:
            return
        values = {"kind": kind, "before": before, "count": count, "size": size}
        await store.put_purge(session, {"id": new_id(), "at": self._runtime.clock.now(), **values})
        _log.info("retention.purged", **{**values, "before": before.isoformat()})
