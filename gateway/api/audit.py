"""The audit log: searched, checked and exported; nobody changes it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel

from gateway.api.parts import Parts, PartsDep
from gateway.audit.log import MOST_CHECKED
from gateway.models import AUDIT
from kit.auth import Principal, require
from kit.pages import Page, PageParams, bad_cursor, page_of
from kit.problems import Problem, problems
from kit.tables.cells import looks_like_formula, writable

router = APIRouter(tags=["audit log"])
_Reader = Annotated[Principal, require("audit.read")]
_STEP: Final = 1_000
_COLUMNS: Final = (
    *("sequence", "at", "kind", "login", "name", "roles", "unit", "client", "request_id", "method", "route", "query"),
    *("actions", "objects", "status", "bytes", "previous", "hash"),
)


class Who(BaseModel):
    """On whose behalf a request was made. `kind`: user, api_key, public (a login that failed, say) or system."""

    id: str
    login: str
    name: str
    kind: str
    roles: list[str]
    unit: str | None


class AuditEntry(BaseModel):
    """A request that counts.

    `kind`: read (something was shown), change (something was asked to change), export (a file began to leave), sent
    (`bytes` of it left), trim (older entries were let go of). `objects` are the values of the route's parameters, and
    `made`, the id of what came of it. `hash` is sha256(previous ‖ canonical JSON of the rest), in hex.
    """

    sequence: int
    at: datetime
    kind: str
    who: Who
    client: str
    request_id: str
    method: str
    route: str
    query: str
    actions: list[str]
    objects: dict[str, str]
    status: int
    bytes: int | None
    previous: str
    hash: str


class AuditVerdict(BaseModel):
    """What a check of the log found.

    The log holds the entries `first` to `last`; `hash` is that of the last: note both, and ask with `known` and
    `known_hash` the next time whether the log still has that very entry. Entries from `checked_from` to `checked_to`
    were looked at; where that is not all, go on with `since=checked_to+1`.
    """

    intact: bool
    first: int
    last: int
    hash: str
    checked_from: int
    checked_to: int
    complete: bool
    broken_at: int | None
    reason: str


class _Search:
    """What entries to show."""

    def __init__(
        self,
        person: Annotated[str | None, Query(max_length=100, description="login name, or name of the key")] = None,
        object: Annotated[
            str | None, Query(max_length=100, description="id of a case or whatever else the path names")
        ] = None,
        action: Annotated[str | None, Query(max_length=64, description="as in docs/roles.md: `cases.read`")] = None,
        since: Annotated[AwareDatetime | None, Query(description="from then on")] = None,
        until: Annotated[AwareDatetime | None, Query(description="before then")] = None,
    ) -> None:
        self._wanted: list[sa.ColumnElement[bool]] = []
        if person is not None:
            self._wanted.append(AUDIT.c.login == person)
        if object is not None:
            self._wanted.append(sa.or_(AUDIT.c.object == object, AUDIT.c.part == object))
        if action is not None:
            self._wanted.append(AUDIT.c.action == action)
        if since is not None:
            self._wanted.append(AUDIT.c.at >= since)
        if until is not None:
            self._wanted.append(AUDIT.c.at < until)

    def query(self, before: int | None, limit: int) -> sa.Select[Any]:
        """Return the rows wanted below the number `before`, newest first."""
        query = sa.select(AUDIT).where(*self._wanted).order_by(AUDIT.c.sequence.desc()).limit(limit)
        return query if before is None else query.where(AUDIT.c.sequence < before)


_SearchDep = Annotated[_Search, Depends()]


@router.get("/api/v1/audit", summary="Search the audit log", responses=problems(400))
async def list_audit(parts: PartsDep, page: PageParams, search: _SearchDep, _: _Reader) -> Page[AuditEntry]:
    """List who saw, changed or took what, newest first. This reading is an entry too."""
    before: int | None = None
    if page.after is not None:
        if len(page.after) != 1 or not isinstance(page.after[0], int):
            raise bad_cursor()
        before = page.after[0]
    async with parts.runtime.database.reading() as session:
        rows = list(await session.execute(search.query(before, page.limit + 1)))
    return page_of(rows, page, key=lambda row: (row.sequence,), show=_shown)


@router.get(
    "/api/v1/audit/export",
    summary="Take the audit log out as CSV",
    response_class=StreamingResponse,
    responses={**problems(), 200: {"content": {"text/csv": {}}, "description": "UTF-8 with a byte order mark"}},
)
async def export_audit(parts: PartsDep, search: _SearchDep, _: _Reader) -> StreamingResponse:
    """Stream the entries of a search as CSV, newest first, with their hashes. The export is an entry too."""
    return StreamingResponse(
        _lines(parts, search),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )


@router.get("/api/v1/audit/verify", summary="Check that nobody changed the audit log", responses=problems(422))
async def verify_audit(
    parts: PartsDep,
    _: _Reader,
    since: Annotated[int | None, Query(ge=1, le=2**62, description="number of the first entry to check")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_CHECKED, description="entries to check")] = MOST_CHECKED,
    known: Annotated[int | None, Query(ge=1, le=2**62, description="number of an entry noted earlier")] = None,
    known_hash: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$", description="its hash")] = None,
) -> AuditVerdict:
    """Recompute the hashes of entries and compare them with the chain, its end and what you noted earlier."""
    if (known is None) != (known_hash is None):
        raise Problem(
            422, "invalid-fields", zh="known 与 known_hash 须同时给出", en="known and known_hash are given together"
        )
    extent, start, found = await parts.audit.verify(since, limit)
    broken_at, reason = found.broken_at, found.reason
    if known is not None and broken_at is None and known >= extent.first:
        there = await parts.audit.hash_of(known)
        if there != known_hash:
            broken_at, reason = known, "missing" if there is None else "not the entry that was noted"
    checked_to = start + found.entries - 1
    return AuditVerdict(
        intact=broken_at is None,
        first=extent.first,
        last=extent.last,
        hash=extent.hash,
        checked_from=start,
        checked_to=checked_to,
        complete=checked_to >= extent.last and start == extent.first,
        broken_at=broken_at,
        reason=reason,
    )


def _shown(row: Any) -> AuditEntry:
    return AuditEntry.model_validate({**json.loads(row.body), "previous": row.previous, "hash": row.hash})


async def _lines(parts: Parts, search: _Search) -> AsyncIterator[bytes]:
    yield "\ufeff".encode() + _csv(_COLUMNS)
    before: int | None = None
    while True:
        async with parts.runtime.database.reading() as session:
            rows = list(await session.execute(search.query(before, _STEP)))
        if rows:
            yield b"".join(_csv(_cells(row)) for row in rows)
        if len(rows) < _STEP:
            return
        before = rows[-1].sequence


def _cells(row: Any) -> tuple[Any, ...]:
    said = json.loads(row.body)
    who = said["who"]
    flat = {
        **said,
        **{name: who[name] for name in ("login", "name", "unit")},
        "roles": " ".join(who["roles"]),
        "actions": " ".join(said["actions"]),
        "objects": " ".join(f"{name}={value}" for name, value in said["objects"].items()),
        "previous": row.previous,
        "hash": row.hash,
    }
    return tuple(flat[name] for name in _COLUMNS)


def _csv(cells: tuple[Any, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([_plain(cell) for cell in cells])
    return out.getvalue().encode("utf-8", "replace")


def _plain(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    text = writable(cell)
    return f"'{text}" if looks_like_formula(text) else text
