"""The pages that showed a post, as they were fetched."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Request, Response

from kit.auth import Principal, require
from kit.problems import Problem, prefers_chinese, problems
from kit.service import RuntimeDep
from services.ingest import store
from services.ingest.evidence import Archive, EvidenceMissing, EvidenceProblem, Record
from services.ingest.source_schemas import Evidence, EvidenceShown

router = APIRouter(tags=["posts"])
_log = structlog.get_logger(__name__)
_Reader = Annotated[Principal, require("evidence.read")]


@router.get("/api/v1/posts/{post_id}/evidence", summary="See what proves a post", responses=problems(404))
async def get_evidence(post_id: str, request: Request, runtime: RuntimeDep, principal: _Reader) -> Evidence:
    """Return the pages that showed a post: address, time and SHA-256 of each, checked against what is kept.

    A post that was pushed, or found before evidence was kept, has none. The pages hold what stood there, personal
    numbers too: who looks is written to the log.
    """
    async with runtime.database.reading() as session:
        if not await store.exists(session, post_id):
            raise _missing()
        rows = await store.evidence(session, post_id)
    archive: Archive = request.app.state.archive
    chinese = prefers_chinese(request.headers.get("accept-language"))
    _log.info("evidence.listed", post=post_id, user=principal.id)
    return Evidence(post_id=post_id, items=[await _shown(archive, row, chinese=chinese) for row in rows])


@router.get(
    "/api/v1/posts/{post_id}/evidence/{sha256}",
    summary="Download what proves a post",
    responses={200: {"content": {"application/warc": {}}}, **problems(404, 409)},
    response_class=Response,
)
async def download_evidence(
    post_id: str, sha256: str, request: Request, runtime: RuntimeDep, principal: _Reader
) -> Response:
    """Return a page as a WARC 1.1 file (gzip) that any WARC reader opens. 409 where it is gone or was altered."""
    async with runtime.database.reading() as session:
        rows = [row for row in await store.evidence(session, post_id) if row.sha256 == sha256]
    if not rows:
        raise _missing()
    archive: Archive = request.app.state.archive
    try:
        body = await asyncio.to_thread(archive.extract, _record(rows[0]))
    except EvidenceProblem as problem:
        raise Problem(
            409, "evidence-unreadable", zh=_fault(problem, chinese=True), en=f"Unreadable: {problem}"
        ) from None
    _log.info("evidence.downloaded", post=post_id, sha256=sha256, user=principal.id)
    headers = {"Content-Disposition": f'attachment; filename="{post_id}-{sha256[:12]}.warc.gz"'}
    return Response(body, media_type="application/warc", headers=headers)


async def _shown(archive: Archive, row: Any, *, chinese: bool) -> EvidenceShown:
    size, problem = None, None
    try:
        _, body = await asyncio.to_thread(archive.read, _record(row))
        size = len(body)
    except EvidenceProblem as fault:
        problem = _fault(fault, chinese=chinese)
    return EvidenceShown(
        sha256=row.sha256,
        url=row.url,
        fetched_at=row.fetched_at,
        size=size,
        problem=problem,
        download=f"/api/v1/posts/{row.post_id}/evidence/{row.sha256}",
    )


def _fault(problem: EvidenceProblem, *, chinese: bool) -> str:
    if not chinese:
        return str(problem)
    what = "证据文件已不存在" if isinstance(problem, EvidenceMissing) else "证据内容与留存时不符，可能已被改动或损坏"
    return f"{what}（{problem.file}，第 {problem.offset} 字节）"


def _record(row: Any) -> Record:
    return Record(row.file, row.offset, row.length, row.sha256, row.written_at, row.seal)


def _missing() -> Problem:
    return Problem(
        404, "not-found", zh="没有这条信息，或没有留存其网页", en="There is no such post, or no page of it is kept"
    )
