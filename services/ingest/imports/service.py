"""Use cases of imports: take a file, show what it would give, cancel it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from starlette.requests import Request

from kit.ids import new_id
from kit.pages import PageRequest
from kit.problems import Problem
from kit.runtime import Runtime
from kit.tables.unreadable import Unreadable
from services.ingest.imports import store
from services.ingest.imports.choices import with_fields
from services.ingest.imports.columns import FIELDS
from services.ingest.imports.progress import found_to_json, notes, shown
from services.ingest.imports.reading import Found, Options, PostFile, Record
from services.ingest.imports.reasons import Reason, reason_of, told
from services.ingest.imports.runner import ImportRunner
from services.ingest.imports.schemas import ImportJob, ImportPreview, PreviewRow
from services.ingest.imports.uploads import Uploads
from services.ingest.imports.values import is_channel
from services.ingest.service import Ingest
from services.ingest.settings import IngestSettings

_PAGE = 500


class Imports:
    """Files of posts. :meth:`register` puts the loops that read them on the runtime."""

    def __init__(self, runtime: Runtime, ingest: Ingest, settings: IngestSettings) -> None:
        self._runtime, self._ingest = runtime, ingest
        self._uploads = Uploads(settings.data / "imports", settings.import_bytes)
        self.runner = ImportRunner(runtime, ingest, self._uploads, settings.retention_days)
        self._wake: asyncio.Event | None = None

    def register(self) -> None:
        """Read what is waiting, and look after what was left, for as long as the runtime runs.

        Every replica reads the files that it sees; each import has a lease of its own.
        """
        self._wake = self._runtime.every(2, "imports", self.runner.step, leased=False)
        self._runtime.every(300, "import_alive", self.runner.alive, leased=False)
        self._runtime.every(600, "import_files", self.runner.sweep, leased=False)

    async def receive(
        self, request: Request, *, filename: str, options: Options, chinese: bool, created_by: str
    ) -> ImportJob:
        """Take a file in; it is on disk, and known, before the answer is sent.

        422 for one whose beginning shows that it is not what its name says, and for options that cannot be used.
        """
        id_ = new_id()
        upload = await self._uploads.receive(request, id_, filename)
        try:
            options = with_fields(options, upload.fields)
            file = PostFile(upload.path, options, name=upload.filename)
            await asyncio.to_thread(file.check_start)
        except Unreadable as error:
            self._uploads.remove(id_)
            raise _unreadable(error) from None
        except BaseException:
            self._uploads.remove(id_)
            raise
        now = self._runtime.clock.now()
        values = {
            "id": id_,
            "state": "queued",
            "filename": upload.filename,
            "options": asdict(options),
            "chinese": chinese,
            "total_bytes": upload.size,
            **dict.fromkeys(("done_bytes", "records", "accepted", "duplicates", "rejected"), 0),
            "rate": 0.0,
            "waiting": False,
            "created_by": created_by[:100],
            "created_at": now,
            "updated_at": now,
        }
        async with self._runtime.database.writing() as session:
            await store.add(session, values)
        if self._wake is not None:
            self._wake.set()
        return await self.job(id_, chinese=chinese)

    async def job(self, id_: str, *, chinese: bool) -> ImportJob:
        """Return how an import stands; 404 where there is none."""
        async with self._runtime.database.reading() as session:
            row = await store.one(session, id_)
        if row is None:
            raise Problem(404, "not-found", zh="没有这个导入任务", en="There is no such import")
        return job_of(row, chinese=chinese)

    async def page(self, request: PageRequest) -> list[Any]:
        """Return the rows of a page of imports, newest first, and one more."""
        async with self._runtime.database.reading() as session:
            return await store.page(session, request)

    async def cancel(self, id_: str, *, chinese: bool) -> ImportJob:
        """Stop an import; what was taken stays. 409 where it is at its end."""
        now = self._runtime.clock.now()
        values = {"state": "cancelled", "finished_at": now, "updated_at": now, "eta_seconds": None, "waiting": False}
        async with self._runtime.database.writing() as session:
            done = await store.change(session, id_, store.UNFINISHED, values)
        job = await self.job(id_, chinese=chinese)
        if not done:
            raise Problem(
                409, "import.ended", zh="导入任务已结束", en=f"The import has ended: {job.state}", state=job.state
            )
        # a replica that is at it notices at its next batch; where the file lies elsewhere, the sweep deletes it
        self._uploads.remove(id_)
        return job

    async def rejected(self, id_: str) -> AsyncIterator[bytes]:
        """Yield the rows that were not taken as JSON Lines, in the file's order."""
        after = 0
        while True:
            async with self._runtime.database.reading() as session:
                rows = await store.rejections(session, id_, after, _PAGE)
            for row in rows:
                one = {"line": row.line, "reason": row.reason, "row": row.row}
                yield json.dumps(one, ensure_ascii=False).encode() + b"\n"
            if len(rows) < _PAGE:
                return
            after = rows[-1].number

    async def preview(
        self, request: Request, *, filename: str, options: Options, rows: int, chinese: bool
    ) -> ImportPreview:
        """Show how a file would be read; it is deleted again. 422 where it cannot be."""
        id_ = new_id()
        try:
            upload = await self._uploads.receive(request, id_, filename)
            file = PostFile(upload.path, with_fields(options, upload.fields), name=upload.filename)
            try:
                found, records = await asyncio.to_thread(_first, file, rows)
            except Unreadable as error:
                raise _unreadable(error) from None
        finally:
            self._uploads.remove(id_)
        return self._preview(found, records, chinese=chinese)

    def _preview(self, found: Found, records: list[Record], *, chinese: bool) -> ImportPreview:
        good = [one for one in records if one.post is not None]
        _, refused = self._ingest.look([one.post for one in good], chinese=chinese)
        why = {good[index].number: told(reason) for index, reason in refused}
        why |= {one.number: one.problem.said(chinese=chinese) for one in records if one.problem is not None}
        filled = {column.field for column in found.columns}
        problems = [note.said(chinese=chinese) for note in found.notes]
        if why:
            problems.append(
                f"前 {len(records)} 条中有 {len(why)} 条将被拒绝"
                if chinese
                else f"{len(why)} of the first {len(records)} rows would be rejected"
            )
        strange = sorted(
            {str(one.post["channel"]) for one in good if one.post and not is_channel(one.post.get("channel", "other"))}
        )
        if strange:
            channels = Reason(f"不认识的渠道：{'、'.join(strange)}", f"unknown channels: {', '.join(strange)}")
            problems.append(channels.said(chinese=chinese))
        columns = found_to_json(found)["columns"]
        return ImportPreview(
            format=found.format,
            encoding=found.encoding,
            delimiter=found.delimiter,
            sheet=found.sheet,
            columns=columns,
            unknown=[column["name"] for column in columns if column["field"] is None],
            missing=[field for field in FIELDS if field not in filled],
            rows=[PreviewRow(line=one.line, post=shown(one.post), problem=why.get(one.number)) for one in records],
            problems=problems,
        )


def _unreadable(error: Unreadable) -> Problem:
    reason = reason_of(error)
    return Problem(422, "unreadable-file", zh=reason.zh, en=reason.en)


def job_of(row: Any, *, chinese: bool) -> ImportJob:
    """Return an import as it is shown."""
    found = row.found or {}
    return ImportJob.model_validate(
        {
            **{name: found.get(name) for name in ("format", "encoding", "delimiter", "sheet", "columns")},
            **{name: getattr(row, name) for name in ImportJob.model_fields if name in row._fields},
            "problem": row.problem_zh if chinese else row.problem_en,
            "notes": [note.said(chinese=chinese) for note in notes(found)] if found else [],
        }
    )


def _first(file: PostFile, count: int) -> tuple[Found, list[Record]]:
    found = file.look()
    records = file.records()
    try:
        return found, list(islice(records, count))
    finally:
        records.close()  # type: ignore[attr-defined]
