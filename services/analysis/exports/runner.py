"""Writing exports batch by batch, across crashes: pieces of a file and counts are committed together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kit.runtime import Runtime
from kit.transient import passes
from services.analysis.exports import reading, room, store
from services.analysis.exports.about import about, name_of
from services.analysis.exports.columns import Column, chosen
from services.analysis.exports.delimited import CsvWriter
from services.analysis.exports.progress import Key, Position, Speed
from services.analysis.exports.reading import Batch
from services.analysis.exports.rules import ExportRules
from services.analysis.exports.schemas import wanted_of
from services.analysis.exports.workbook import XlsxWriter
from services.analysis.exports.writing import About, Piece, Writer, kept

_log = structlog.get_logger(__name__)
T = TypeVar("T")

#: rows that are read, written and committed at once; so few that reading them keeps nobody in the loop waiting
BATCH: Final = 500
#: bytes that a file grows by between looks whether there is room for it
_LOOK: Final = 4 * 2**20
#: seconds between looks whether the export is still ours, while the database is at a batch
_PAUSE: Final = 1.0


class _Stopped(Exception):
    """The export is no longer this replica's to run: cancelled, taken over, or the process ends."""


class _NoRoom(Exception):
    """The files that are kept have all the bytes they may have; says so in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class ExportRunner:
    """Runs exports one at a time, each under a lease of its own; several replicas run several."""

    def __init__(self, runtime: Runtime, rules: ExportRules) -> None:
        self._runtime, self._rules = runtime, rules

    async def step(self) -> None:
        """Run what is waiting or was interrupted, oldest first, until nothing is left or the process ends."""
        async with self._runtime.database.reading() as session:
            jobs = await store.unfinished(session)
        for id_ in jobs:
            if self._runtime.stopping.is_set():
                return
            if await self._runtime.leases.hold(_lease(id_)):
                await self._run(id_)

    async def sweep(self) -> int:
        """Delete the files of exports that were stopped or deleted, or have expired; returns how many."""
        now = self._runtime.clock.now()
        async with self._runtime.database.reading() as session:
            ids = await store.to_drop(session, now)
        for id_ in ids:
            gone = False
            while not gone:
                if self._runtime.stopping.is_set():
                    return 0
                async with self._runtime.database.writing() as session:
                    gone = await store.drop_chunks(session, id_, now)
        if ids:
            _log.info("export.files_deleted", count=len(ids))
        return len(ids)

    async def _run(self, id_: str) -> None:
        async with self._runtime.database.reading() as session:
            job = await store.one(session, id_)
        if job is not None and job.state in store.UNFINISHED:
            try:
                await _Run(self._runtime, self._rules, job).everything()
            except _Stopped:
                _log.info("export.stopped", id=id_)
            except _NoRoom as full:
                _log.warning("export.no_room", id=id_, why=full.en)
                await self._fail(id_, full.zh, full.en)
            except Exception as error:
                if passes(error):
                    raise
                _log.exception("export.failed", id=id_)
                name = type(error).__name__
                await self._fail(id_, f"系统内部错误：{name}", f"internal error: {name}")
        async with self._runtime.database.writing() as session:
            job = await store.one(session, id_)
            if job is None or job.state not in store.UNFINISHED:
                await store.drop_lease(session, _lease(id_))

    async def _fail(self, id_: str, zh: str, en: str) -> None:
        now = self._runtime.clock.now()
        values = {
            "state": "failed",
            "problem_zh": zh,
            "problem_en": en,
            **ended(now),
        }
        async with self._runtime.database.writing() as session:
            await self._runtime.leases.confirm(session, _lease(id_))
            await store.change(session, id_, store.UNFINISHED, values)


class _Run:
    """One run of one export, from where the run before ended."""

    def __init__(self, runtime: Runtime, rules: ExportRules, job: Any) -> None:
        self._runtime, self._rules, self._job = runtime, rules, job
        self._wanted = wanted_of(job.what, job.filter)
        self._columns = chosen(job.what, job.columns)
        self._chinese: bool = job.language == "zh"
        self._rows: int = job.rows
        self._speed = Speed(job.rows, job.percent, rules.rows)
        self._writer = _writer(job, self._columns)
        #: bytes of the file when it was last seen whether there is room
        self._looked_at = self._writer.size

    async def everything(self) -> None:
        """Write what is left of the file. Raises :class:`_Stopped`."""
        position = await self._begin()
        while not position.ended and not self._full:
            position = await self._one_batch(position, min(BATCH, self._rules.rows - self._rows))
        await self._finish(None if position.ended else await self._truncated(position))

    @property
    def _full(self) -> bool:
        return self._rows >= self._rules.rows or self._writer.size >= self._rules.bytes

    async def _one_batch(self, position: Position, limit: int) -> Position:
        batch = await self._read(position.key, limit)
        passed = await self._holding(self._passed(position.key, batch.key))
        pieces = await asyncio.to_thread(self._write, batch)
        moved = Position(batch.key, position.passed + passed, position.everything, self._writer.state(), batch.last)
        await self._commit(len(batch.rows), pieces, moved)
        return moved

    async def _truncated(self, position: Position) -> str | None:
        """Return the limit that cuts the list off; None where it ends there by itself."""
        key, last = position.key, False
        while not last:
            batch = await self._read(key, 1)
            if batch.rows:
                return "rows" if self._rows >= self._rules.rows else "bytes"
            key, last = batch.key, batch.last
        return None

    async def _begin(self) -> Position:
        now = self._runtime.clock.now()
        values: dict[str, Any] = {"state": "running", "updated_at": now}
        if self._job.started_at is None:
            values["started_at"] = now
        async with self._runtime.database.writing() as session:
            await self._runtime.leases.confirm(session, _lease(self._job.id))
            if not await store.change(session, self._job.id, store.UNFINISHED, values):
                raise _Stopped
        if self._job.position is not None:
            return Position(**self._job.position)
        return Position(None, 0, await self._holding(self._passed(None, None)), {})

    async def _read(self, after: Key, limit: int) -> Batch:
        async def read() -> Batch:
            async with self._runtime.database.reading() as session:
                return await reading.batch(session, self._wanted, limit, after)

        return await self._holding(read())

    async def _passed(self, after: Key, until: Key) -> int:
        async with self._runtime.database.reading() as session:
            return await reading.passed(session, self._wanted, after, until)

    async def _holding(self, work: Coroutine[Any, Any, T]) -> T:
        """Await what the database may take longer for than a lease lasts, and keep the lease meanwhile."""
        task = asyncio.create_task(work)
        try:
            while True:
                if self._runtime.stopping.is_set() or not await self._runtime.leases.hold(_lease(self._job.id)):
                    raise _Stopped
                if (await asyncio.wait({task}, timeout=_PAUSE))[0]:
                    return task.result()
        finally:
            task.cancel()

    def _write(self, batch: Batch) -> list[Piece]:
        shown = (batch.show(row) for row in batch.rows)
        rows = [[column.cell(row, chinese=self._chinese) for column in self._columns] for row in shown]
        return kept(self._job.format, self._writer.add(rows))

    def _last(self, said: About) -> list[Piece]:
        return kept(self._job.format, self._writer.finish(said))

    async def _commit(self, count: int, pieces: Sequence[Piece], position: Position) -> None:
        rows = self._rows + count
        values = {**self._counts(rows), **self._speed.at(rows, position), "position": position.to_json()}
        await self._advance(values, pieces)
        self._rows = rows

    async def _finish(self, truncated: str | None) -> None:
        now = self._runtime.clock.now()
        counts = {**self._counts(self._rows), "truncated": truncated}
        as_ended = SimpleNamespace(**{**self._job._mapping, **counts})
        pieces = await asyncio.to_thread(self._last, about(as_ended, now))
        values = {
            **counts,
            **ended(now),
            "state": "done",
            "size": self._writer.size,
            "total": self._rows,
            "percent": 100.0,
            "pieces": self._writer.pieces,
            "position": None,
            "expires_at": now + self._rules.kept,
        }
        await self._advance(values, pieces)
        _log.info("export.done", id=self._job.id, rows=self._rows, size=self._writer.size)

    async def _advance(self, values: dict[str, Any], pieces: Sequence[Piece]) -> None:
        async with self._runtime.database.writing() as session:
            await self._runtime.leases.confirm(session, _lease(self._job.id))
            # the row first: whoever cancels waits for it, and then sees the chunks that it deletes
            if not await store.advance(session, self._job.id, self._rows, values):
                raise _Stopped
            await store.add_chunks(session, self._job.id, pieces)
            await self._keep_to_room(session)

    async def _keep_to_room(self, session: AsyncSession) -> None:
        """Give up where the files come to have more bytes than they may. Raises :class:`_NoRoom`."""
        if self._writer.size < self._looked_at + _LOOK:
            return
        self._looked_at = self._writer.size
        found = await store.room(session, self._job.created_by_id, self._runtime.clock.now())
        if (lacking := found.lacking(self._rules)) is not None:
            zh, en = room.said(lacking, self._rules)
            raise _NoRoom(f"{zh}，导出未能完成；请删除不再需要的导出后重试", f"{en}: delete some and try again")

    def _counts(self, rows: int) -> dict[str, Any]:
        writer = self._writer
        return {
            "rows": rows,
            "size": writer.size,
            "sheets": writer.sheets,
            "cut_cells": writer.cut,
            "updated_at": self._runtime.clock.now(),
        }


def ended(now: datetime) -> dict[str, Any]:
    """Return what is so of every export that is at its end; its user may have another."""
    return {"finished_at": now, "updated_at": now, "eta_seconds": None, "slot": None}


def _writer(job: Any, columns: Sequence[Column[Any]]) -> Writer:
    chinese = job.language == "zh"
    headings = [column.heading(chinese=chinese) for column in columns]
    state = job.position["writer"] if job.position else None
    if job.format == "csv":
        return CsvWriter(headings, state)
    return XlsxWriter(headings, name_of(job.what, chinese=chinese), job.created_at, state)


def _lease(id_: str) -> str:
    return f"export:{id_}"
