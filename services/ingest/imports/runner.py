"""Reading uploaded files in, batch by batch, across crashes: posts and counts are committed together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kit.problems import Problem
from kit.runtime import Runtime
from kit.tables.unreadable import Unreadable
from kit.transient import brief, passes
from services.ingest.imports import store
from services.ingest.imports.progress import Progress, Speed, found_to_json, shown_row
from services.ingest.imports.reading import Options, PostFile, Record
from services.ingest.imports.reasons import Reason, reason_of, told
from services.ingest.imports.uploads import Uploads
from services.ingest.service import Ingest, Taken

_log = structlog.get_logger(__name__)
#: records and characters of text that are pushed at once
_BATCH: Final = 500
_BATCH_CHARACTERS: Final = 2**20
#: rows that were not taken which are kept of one file; beyond, they are counted alone
KEPT_REJECTIONS: Final = 100_000
#: how long a file may be out of sight before its import is given up: another replica may have it
_OUT_OF_SIGHT: Final = timedelta(hours=1)
_PAUSE: Final = 1.0
#: how old a file is that no import knows before it is deleted
_UNKNOWN_SECONDS: Final = 3600

_Rejected = list[tuple[Record, str]]


class _Stopped(Exception):
    """The import is no longer this replica's to run: cancelled, taken over, or the process ends."""


class ImportRunner:
    """Runs the imports whose files this replica sees, one at a time, each under a lease of its own."""

    def __init__(self, runtime: Runtime, ingest: Ingest, uploads: Uploads, retention_days: int) -> None:
        self._runtime, self._ingest, self._uploads = runtime, ingest, uploads
        self._retention = timedelta(days=retention_days)

    async def step(self) -> None:
        """Run what is waiting or was interrupted, oldest first, until nothing is left or the process ends."""
        async with self._runtime.database.reading() as session:
            jobs = await store.unfinished(session)
        for job in jobs:
            if self._runtime.stopping.is_set():
                return
            if not self._uploads.path(job.id).exists():
                await self._out_of_sight(job)
            elif await self._runtime.leases.hold(_lease(job.id)):
                await self._run(job.id)

    async def alive(self) -> None:
        """Say of every import whose file lies here that it does: a replica without the file must not give it up.

        The one that is running says so by its batches; those that wait behind it have nobody else to.
        """
        async with self._runtime.database.reading() as session:
            jobs = await store.unfinished(session)
        here = [job.id for job in jobs if self._uploads.path(job.id).exists()]
        if here:
            async with self._runtime.database.writing() as session:
                await store.touch(session, here, self._runtime.clock.now())

    async def sweep(self) -> None:
        """Delete files that no import waits for, and rows that were not taken after the retention period."""
        kept = await asyncio.to_thread(self._uploads.kept)
        # an upload becomes whole before its import is entered, and a preview has none
        old = [id_ for id_ in kept if self._uploads.age(id_) > _UNKNOWN_SECONDS]
        async with self._runtime.database.reading() as session:
            done = await store.finished_among(session, old)
        for id_ in sorted(done):
            self._uploads.remove(id_)
        async with self._runtime.database.writing() as session:
            count = await store.forget_rejections(session, self._runtime.clock.now() - self._retention)
        if count:
            _log.info("retention.purged", kind="import_rejections", count=count)

    async def _run(self, id_: str) -> None:
        async with self._runtime.database.reading() as session:
            job = await store.one(session, id_)
        if job is None or job.state not in store.UNFINISHED:
            return
        run = _Run(self._runtime, self._ingest, self._uploads, job)
        try:
            await run.everything()
        except _Stopped:
            _log.info("import.stopped", id=id_)
        except Unreadable as error:
            await self._end(id_, "failed", reason_of(error))
        except Exception as error:
            if passes(error):
                raise
            _log.exception("import.failed", id=id_)
            await self._end(
                id_,
                "failed",
                Reason(f"系统内部错误：{type(error).__name__}", f"internal error: {type(error).__name__}"),
            )
        else:
            await self._end(id_, "done")
        async with self._runtime.database.writing() as session:
            finished = id_ in await store.finished_among(session, [id_])
            if finished:
                await store.drop_lease(session, _lease(id_))
        if finished:
            self._uploads.remove(id_)

    async def _out_of_sight(self, job: Any) -> None:
        if self._runtime.clock.now() - job.updated_at > _OUT_OF_SIGHT:
            await self._end(job.id, "failed", Reason("上传的文件已不存在", "the uploaded file is gone"))

    async def _end(self, id_: str, state: str, problem: Reason | None = None) -> None:
        now = self._runtime.clock.now()
        values = {
            "state": state,
            "finished_at": now,
            "updated_at": now,
            "eta_seconds": None,
            "waiting": False,
            "problem_zh": problem.zh if problem else None,
            "problem_en": problem.en if problem else None,
        }
        async with self._runtime.database.writing() as session:
            await store.change(session, id_, store.UNFINISHED, values)
        _log.info("import.ended", id=id_, state=state, problem=problem.en if problem else None)


class _Run:
    """One run of one import, from where the run before ended."""

    def __init__(self, runtime: Runtime, ingest: Ingest, uploads: Uploads, job: Any) -> None:
        self._runtime, self._ingest = runtime, ingest
        self._id: str = job.id
        self._chinese: bool = job.chinese
        self._found = job.found
        self._file = PostFile(uploads.path(job.id), Options(**job.options), name=job.filename)
        counts = ("total_bytes", "done_bytes", "records", "accepted", "duplicates", "rejected")
        self._progress = Progress(**{name: getattr(job, name) for name in counts})
        self._speed = Speed(self._progress)

    async def everything(self) -> None:
        """Push what is left of the file. Raises :class:`_Stopped`, and :class:`Unreadable` for a broken file."""
        await self._begin()
        batches = _Batches(self._file.records(skip=self._progress.records))
        try:
            while batch := await asyncio.to_thread(batches.take):
                await self._push(batch)
        finally:
            await asyncio.to_thread(batches.close)
        await self._advance({"done_bytes": self._progress.total_bytes})

    async def _begin(self) -> None:
        look = asyncio.create_task(asyncio.to_thread(_look, self._file))
        look.add_done_callback(lambda task: task.cancelled() or task.exception())  # it may outlast this run
        while not look.done():  # a large file takes longer than a lease lasts
            await self._still_ours()
            await asyncio.wait({look}, timeout=_PAUSE)
        found = look.result()
        now = self._runtime.clock.now()
        values: dict[str, Any] = {"state": "running", "found": found_to_json(found), "updated_at": now}
        if self._found is None:
            values["started_at"] = now
        async with self._runtime.database.writing() as session:
            await self._runtime.leases.confirm(session, _lease(self._id))
            if not await store.change(session, self._id, store.UNFINISHED, values):
                raise _Stopped

    async def _push(self, batch: Sequence[Record]) -> None:
        """Push a batch; one that the database refuses is parted until the record is found that it is about."""
        await self._room()
        read: _Rejected = [(one, one.problem.said(chinese=self._chinese)) for one in batch if one.problem is not None]
        good = [one for one in batch if one.post is not None]
        moved = self._progress

        async def also(session: AsyncSession, taken: Taken) -> None:
            nonlocal moved
            refused = [(good[index], reason) for index, reason in taken.rejected]
            rejected = sorted([*read, *refused], key=lambda pair: pair[0].number)
            moved = self._progress.after(batch[-1], taken.accepted, taken.duplicates, len(rejected))
            await self._record(session, moved, rejected)

        try:
            await self._ingest.take([one.post for one in good], chinese=self._chinese, also=also)
        except (_Stopped, asyncio.CancelledError):
            raise
        except Exception as error:
            if passes(error):
                raise
            _log.warning("import.batch_refused", id=self._id, records=len(batch), error=brief(error))
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._push(batch[:middle])
                await self._push(batch[middle:])
                return
            reason = Reason("系统无法保存该条", "it could not be stored").said(chinese=self._chinese)
            moved = self._progress.after(batch[-1], 0, 0, 1)
            async with self._runtime.database.writing() as session:
                await self._record(session, moved, [(batch[0], reason)])
        self._progress = moved

    async def _record(self, session: AsyncSession, moved: Progress, rejected: _Rejected) -> None:
        await self._runtime.leases.confirm(session, _lease(self._id))
        values = {**asdict(moved), **self._speed.at(moved), "waiting": False, "updated_at": self._runtime.clock.now()}
        if not await store.advance(session, self._id, self._progress.records, values):
            raise _Stopped
        room = max(0, KEPT_REJECTIONS - self._progress.rejected)
        now = self._runtime.clock.now()
        rows = [
            {
                "import_id": self._id,
                "number": record.number,
                "line": record.line,
                "reason": told(reason),
                "row": shown_row(record),
                "at": now,
            }
            for record, reason in rejected[:room]
        ]
        await store.add_rejections(session, rows)

    async def _advance(self, values: dict[str, Any]) -> None:
        async with self._runtime.database.writing() as session:
            await self._runtime.leases.confirm(session, _lease(self._id))
            if not await store.advance(session, self._id, self._progress.records, values):
                raise _Stopped

    async def _room(self) -> None:
        """Wait until the posts waiting to be analysed leave room; the lease is kept meanwhile."""
        told = False
        while True:
            await self._still_ours()
            try:
                await self._ingest.check_backlog()
                return
            except Problem as problem:
                if problem.status != 503:
                    raise
            if not told:
                await self._advance({"waiting": True, "eta_seconds": None})
                told = True
            async with self._runtime.database.reading() as session:
                job = await store.one(session, self._id)
            if job is None or job.state != "running":
                raise _Stopped
            with suppress(TimeoutError):
                await asyncio.wait_for(self._runtime.stopping.wait(), _PAUSE)

    async def _still_ours(self) -> None:
        if self._runtime.stopping.is_set() or not await self._runtime.leases.hold(_lease(self._id)):
            raise _Stopped


class _Batches:
    """Records in batches, read in other threads than the loop's."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self._lock = threading.Lock()
        self._ended = False
        self._broken: Unreadable | None = None

    def take(self) -> list[Record]:
        """Return the next batch, empty at the end; raises :class:`Unreadable` once what was read before is taken."""
        batch: list[Record] = []
        size = 0
        with self._lock, _readable():
            if self._broken is not None:
                raise self._broken
            while not self._ended and len(batch) < _BATCH and size < _BATCH_CHARACTERS:
                try:
                    record = next(self._records)
                except StopIteration:
                    self._ended = True
                    break
                except Unreadable as error:
                    if not batch:
                        raise
                    self._broken = error
                    break
                batch.append(record)
                size += len(record.post["text"]) if record.post else 0
        return batch

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._records.close()  # type: ignore[attr-defined]


class _readable:
    """Turns errors of the disk into :class:`Unreadable`: to the database's they are no kin."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            why = error.strerror or str(error)
            raise Unreadable(f"文件无法读取：{why}", f"the file cannot be read: {why}") from error


def _look(file: PostFile) -> Any:
    with _readable():
        return file.look()


def _lease(id_: str) -> str:
    return f"import:{id_}"
