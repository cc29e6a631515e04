"""/api/v1/exports: posts and events as files for a spreadsheet."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from kit.auth import Principal, principal_of
from kit.inputs import Plain
from kit.pages import Page, PageParams, page_of
from kit.problems import prefers_chinese, problems
from services.analysis.exports.about import filename, plain_filename
from services.analysis.exports.schemas import ExportJob, ExportRequest
from services.analysis.exports.service import Exports

router = APIRouter(prefix="/api/v1/exports", tags=["exports"])

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _exports_of(request: Request) -> Exports:
    exports: Exports = request.app.state.exports
    return exports


def _chinese(request: Request) -> bool:
    return prefers_chinese(request.headers.get("accept-language"))


ExportsDep = Annotated[Exports, Depends(_exports_of)]
#: what is exported decides which permission is needed: that of reading it
Caller = Annotated[Principal, Depends(principal_of)]
Chinese = Annotated[bool, Depends(_chinese)]


@router.post("", status_code=202, responses=problems(409, 422, 429), summary="导出为文件")
async def create_export(
    response: Response, exports: ExportsDep, wanted: ExportRequest, caller: Caller, chinese: Chinese
) -> ExportJob:
    """Write posts or events to a CSV or XLSX file in the background; see its progress at the job's address.

    Rows are in order, latest first, each once. A restart, at any moment, loses and doubles nothing.
    """
    job = await exports.create(wanted, caller, chinese=chinese)
    response.headers["Location"] = f"/api/v1/exports/{job.id}"
    return job


@router.get("", responses=problems(400), summary="导出任务列表")
async def list_exports(
    exports: ExportsDep,
    page: PageParams,
    caller: Caller,
    chinese: Chinese,
    mine: Annotated[bool, Query(description="one's own alone, for those who see everybody's")] = False,
) -> Page[ExportJob]:
    """List one's own exports, newest first; auditors and administrators see everybody's, deleted ones too."""
    rows = await exports.page(page, caller, mine=mine)
    return page_of(rows, page, key=lambda row: (row.id,), show=lambda row: exports.shown(row, chinese=chinese))


@router.get("/{export_id}", responses=problems(404), summary="一个导出任务")
async def get_export(export_id: Plain, exports: ExportsDep, caller: Caller, chinese: Chinese) -> ExportJob:
    """Return an export's state, rows, share done and what a reader of the file must know."""
    return await exports.job(export_id, caller, chinese=chinese)


@router.get(
    "/{export_id}/file",
    response_class=StreamingResponse,
    responses={
        200: {"description": "the file", "content": {_TYPES["xlsx"]: {}, "text/csv": {}}},
        **problems(404, 409, 410),
    },
    summary="下载导出的文件",
)
async def get_export_file(export_id: Plain, exports: ExportsDep, caller: Caller) -> StreamingResponse:
    """Return the file of an export that is done and has not expired."""
    job, content = await exports.file(export_id, caller)
    names = f"filename=\"{plain_filename(job)}\"; filename*=UTF-8''{quote(filename(job))}"
    headers = {
        "Content-Disposition": f"attachment; {names}",
        "Content-Length": str(job.size),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(content, media_type=_TYPES[job.format], headers=headers)


@router.post("/{export_id}/cancel", responses=problems(404, 409), summary="取消导出")
async def cancel_export(export_id: Plain, exports: ExportsDep, caller: Caller, chinese: Chinese) -> ExportJob:
    """Stop an export that is waiting or being written. Nothing of its file stays."""
    return await exports.cancel(export_id, caller, chinese=chinese)


@router.delete("/{export_id}", status_code=204, responses=problems(404), summary="删除导出的文件")
async def delete_export(export_id: Plain, exports: ExportsDep, caller: Caller) -> Response:
    """Delete an export's file, stopping it first. Who exported what, and when, stays known to auditors."""
    await exports.delete(export_id, caller)
    return Response(status_code=204)
