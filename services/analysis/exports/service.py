"""Use cases of exports: ask for a file, see how it stands, take it, stop it, delete it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Role
from kit.auth import Principal
from kit.field_words import in_chinese, plain
from kit.ids import new_id
from kit.pages import PageRequest
from kit.problems import FieldError, Problem
from kit.runtime import Runtime
from services.analysis.enrich.query import QueryError
from services.analysis.exports import reading, room, store
from services.analysis.exports.about import notes
from services.analysis.exports.columns import COLUMNS
from services.analysis.exports.rules import ExportRules
from services.analysis.exports.runner import ExportRunner, ended
from services.analysis.exports.schemas import ExportJob, ExportRequest, wanted_of
from services.analysis.exports.writing import unkept

_log = structlog.get_logger(__name__)
#: who sees the exports of others
_OVERSEERS = frozenset({Role.ADMIN, Role.AUDITOR})


class Exports:
    """Files of posts and events. :meth:`register` puts the loops that write them on the runtime."""

    def __init__(self, runtime: Runtime, rules: ExportRules) -> None:
        self._runtime, self._rules = runtime, rules
        self.runner = ExportRunner(runtime, rules)
        self._waiting: asyncio.Event | None = None
        self._leftover: asyncio.Event | None = None

    def register(self) -> None:
        """Write what is waiting, and delete what is over, for as long as the runtime runs.

        Every replica takes exports; each export has a lease of its own.
        """
        self._waiting = self._runtime.every(2, "exports", self.runner.step, leased=False)
        self._leftover = self._runtime.every(60, "export_files", self.runner.sweep)

    async def create(self, request: ExportRequest, principal: Principal, *, chinese: bool) -> ExportJob:
        """Take an export on; it is known before the answer is sent.

        403 where the caller may not read the thing, 422 for a filter or columns that there are not, 409 where the files
        that are kept leave no room, 429 while the caller has as many in the making as one may have.
        """
        _check_reading(principal, request.what)
        now = self._runtime.clock.now()
        values = {
            "id": new_id(),
            "state": "queued",
            "what": request.what,
            "format": request.format,
            "language": request.language,
            "filter": _filter_of(request),
            "columns": _columns_of(request),
            **dict.fromkeys(("rows", "size", "pieces", "sheets", "cut_cells"), 0),
            **dict.fromkeys(("percent", "rate"), 0.0),
            "created_by_id": principal.id[:100],
            "created_by": principal.name[:100],
            "created_at": now,
            "updated_at": now,
        }
        async with self._runtime.database.writing() as session:
            await self._find_room(session, principal)
            added = await store.add(session, values, self._rules.at_once)
        if not added:
            raise Problem(
                429,
                "export.too-many",
                zh=f"您已有 {self._rules.at_once} 个导出任务未完成，请等待完成或取消后再试",
                en=f"You have {self._rules.at_once} exports in the making: wait for one to end, or cancel one",
                headers={"Retry-After": "30"},
            )
        # the trail of who takes data out is the table; the log has it too
        _log.info("export.created", id=values["id"], what=request.what, by=principal.id)
        _set(self._waiting)
        return await self.job(str(values["id"]), principal, chinese=chinese)

    async def job(self, id_: str, principal: Principal, *, chinese: bool) -> ExportJob:
        """Return how an export stands; 404 where there is none that the caller may see."""
        return self.shown(await self._row(id_, principal), chinese=chinese)

    async def page(self, request: PageRequest, principal: Principal, *, mine: bool) -> list[Any]:
        """Return the rows of a page of exports, newest first, and one more: the caller's, or all for overseers."""
        what = [name for name in COLUMNS if principal.may(f"{name}.read")]
        owner = None if principal.roles & _OVERSEERS and not mine else principal.id[:100]
        after = str(request.after[0]) if request.after else None
        async with self._runtime.database.reading() as session:
            return await store.page(session, request.limit, after, what=what, owner=owner)

    async def cancel(self, id_: str, principal: Principal, *, chinese: bool) -> ExportJob:
        """Stop an export; nothing of its file stays. 409 where it is at its end."""
        await self._row(id_, principal)
        stopped = await self._stop(id_)
        job = await self.job(id_, principal, chinese=chinese)
        if not stopped:
            raise Problem(
                409, "export.ended", zh="导出任务已结束", en=f"The export has ended: {job.state}", state=job.state
            )
        return job

    async def delete(self, id_: str, principal: Principal) -> None:
        """Delete an export's file, stopping it first; that there was one stays known to auditors."""
        await self._row(id_, principal)
        await self._stop(id_)
        async with self._runtime.database.writing() as session:
            await store.delete(session, id_, principal.name[:100], self._runtime.clock.now())
        _log.info("export.deleted", id=id_, by=principal.id)
        _set(self._leftover)

    async def file(self, id_: str, principal: Principal) -> tuple[Any, AsyncIterator[bytes]]:
        """Return an export and the bytes of its file; 409 where it has none yet or never will, 410 where it is gone."""
        row = await self._row(id_, principal)
        if row.state != "done":
            raise Problem(
                409,
                "export.not-done",
                zh="文件尚未生成" if row.state in store.UNFINISHED else "导出任务未成功，没有文件",
                en=f"There is no file: the export is {row.state}",
                state=row.state,
            )
        if not self._available(row):
            raise Problem(410, "export.gone", zh="文件已过期或已删除，请重新导出", en="The file has expired")
        _log.info("export.downloaded", id=id_, by=principal.id)
        return row, self._bytes(row)

    def shown(self, row: Any, *, chinese: bool) -> ExportJob:
        """Return an export as it is shown."""
        return ExportJob.model_validate(
            {
                **{name: row._mapping[name] for name in ExportJob.model_fields if name in row._mapping},
                "problem": row.problem_zh if chinese else row.problem_en,
                "notes": notes(row, chinese=chinese),
                "available": self._available(row),
            }
        )

    async def _find_room(self, session: AsyncSession, principal: Principal) -> None:
        now, owner = self._runtime.clock.now(), principal.id[:100]
        found = await store.room(session, owner, now)
        lacking = found.lacking(self._rules)
        if lacking is not None:
            everybody = lacking == "total" and principal.roles & _OVERSEERS
            files = await store.largest(session, None if everybody else owner, now, room.NAMED)
            raise room.refusal(lacking, found, self._rules, files)

    async def _bytes(self, row: Any) -> AsyncIterator[bytes]:
        for number in range(row.pieces):
            async with self._runtime.database.reading() as session:
                piece = await store.chunk(session, row.id, number)
            if piece is None:  # breaks the answer off, so that nobody takes half a file for a whole one
                raise RuntimeError(f"export {row.id} was deleted while it was being read")
            yield unkept(row.format, piece)

    async def _row(self, id_: str, principal: Principal) -> Any:
        async with self._runtime.database.reading() as session:
            row = await store.one(session, id_)
        oversees = bool(principal.roles & _OVERSEERS)
        if row is None or not (oversees or (row.created_by_id == principal.id[:100] and row.deleted_at is None)):
            raise Problem(404, "not-found", zh="没有这个导出任务", en="There is no such export")
        _check_reading(principal, row.what)
        return row

    async def _stop(self, id_: str) -> bool:
        now = self._runtime.clock.now()
        async with self._runtime.database.writing() as session:
            stopped = await store.change(session, id_, store.UNFINISHED, {"state": "cancelled", **ended(now)})
        _set(self._leftover)
        return stopped

    def _available(self, row: Any) -> bool:
        over = row.deleted_at is not None or row.dropped_at is not None
        return row.state == "done" and not over and row.expires_at > self._runtime.clock.now()


def _check_reading(principal: Principal, what: str) -> None:
    action = f"{what}.read"
    if not principal.may(action):
        raise Problem(
            403,
            "forbidden",
            zh=f"您的角色不能执行此操作（{action}）",
            en=f"Your roles do not allow {action}",
            action=action,
        )


def _filter_of(request: ExportRequest) -> dict[str, Any]:
    try:
        wanted = wanted_of(request.what, request.filter)
        reading.check(wanted)
        return wanted.model_dump(mode="json", exclude_none=True)
    except QueryError as error:
        raise _bad(
            "filter", [FieldError(pointer="/filter/q", detail=error.en, zh=error.zh)], position=error.position
        ) from None
    except ValidationError as error:
        found = [
            FieldError(
                pointer="/".join(["/filter", *(str(part) for part in item["loc"])]),
                detail=plain(item),
                zh=in_chinese(item),
            )
            for item in error.errors()
        ]
    raise _bad("filter", found)


def _columns_of(request: ExportRequest) -> list[str]:
    known = [column.key for column in COLUMNS[request.what]]
    if request.columns is None:
        return known
    found = [
        FieldError(pointer=f"/columns/{index}", detail="no such column, or given twice", zh="没有这一列，或重复")
        for index, key in enumerate(request.columns)
        if key not in known or key in request.columns[:index]
    ]
    if found:
        raise _bad("columns", found, known=known)
    return request.columns


def _bad(field: str, errors: list[FieldError], **extensions: Any) -> Problem:
    first = errors[0]
    return Problem(
        422,
        f"export.{field}",
        zh=f"导出条件有误：{first.pointer} {first.zh}",
        en=f"The {field} cannot be used: {first.pointer}: {first.detail}",
        errors=errors,
        **extensions,
    )


def _set(event: asyncio.Event | None) -> None:
    if event is not None:
        event.set()
