"""Importing files of posts."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from contracts.words import Channel
from kit.auth import Principal, require
from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, prefers_chinese, problems
from services.ingest.imports.choices import CHOICES, mapping_of
from services.ingest.imports.reading import Options, PostFile
from services.ingest.imports.schemas import ImportJob, ImportPreview
from services.ingest.imports.service import Imports, job_of

router = APIRouter(tags=["imports"])
_Pusher = Annotated[Principal, require("posts.push")]

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "the file itself, or a form whose first file is it; the query wins over the form's fields",
        "content": {
            "text/csv": _BINARY,
            "application/x-ndjson": _BINARY,
            "application/gzip": _BINARY,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _BINARY,
            "application/octet-stream": _BINARY,
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        **{name: {"type": "string", "maxLength": length} for name, length in CHOICES.items()},
                    },
                    "required": ["file"],
                }
            },
        },
    }
}


def _imports_of(request: Request) -> Imports:
    imports: Imports = request.app.state.imports
    return imports


ImportsDep = Annotated[Imports, Depends(_imports_of)]


def _filename(
    filename: Annotated[str, Query(max_length=255, description="the file's name; its ending says how to read it")] = "",
) -> str:
    if not PostFile.supports(filename):
        raise Problem(
            415,
            "unsupported-file",
            zh="只支持 .csv、.jsonl、.xlsx（前两种可加 .gz）",
            en="Only .csv, .jsonl and .xlsx (the first two optionally .gz)",
        )
    return filename


def _options(
    mapping: Annotated[
        str | None,
        Query(max_length=CHOICES["mapping"], description='columns by field, as JSON: `{"text": "微博正文"}`'),
    ] = None,
    source: Annotated[str | None, Query(max_length=100, description="source of rows that name none")] = None,
    channel: Annotated[Channel | None, Query(description="channel of rows that name none")] = None,
    sheet: Annotated[str | None, Query(max_length=100, description="a sheet's name, or its number from 1")] = None,
) -> Options:
    return Options(mapping_of(mapping), source, channel.value if channel else None, sheet)


_Filename = Annotated[str, Depends(_filename)]
_Reading = Annotated[Options, Depends(_options)]


@router.post(
    "/api/v1/imports",
    status_code=202,
    summary="Import a file of posts",
    responses=problems(400, 413, 415, 503),
    openapi_extra=_BODY,
)
async def create_import(
    request: Request,
    response: Response,
    imports: ImportsDep,
    filename: _Filename,
    options: _Reading,
    principal: _Pusher,
) -> ImportJob:
    """Take a CSV, JSON Lines or XLSX file and read it in the background; see its progress at the job's address.

    The file is on disk before the answer is sent. A restart, at any moment, loses and doubles nothing. Rows that cannot
    be taken lose no others; see `rejected`.
    """
    chinese = prefers_chinese(request.headers.get("accept-language"))
    job = await imports.receive(request, filename=filename, options=options, chinese=chinese, created_by=principal.name)
    response.headers["Location"] = f"/api/v1/imports/{job.id}"
    return job


@router.post(
    "/api/v1/imports/preview",
    summary="See how a file would be read",
    responses=problems(400, 413, 415, 503),
    openapi_extra=_BODY,
)
async def preview_import(
    request: Request,
    imports: ImportsDep,
    filename: _Filename,
    options: _Reading,
    _: _Pusher,
    rows: Annotated[int, Query(ge=1, le=100, description="rows shown")] = 20,
) -> ImportPreview:
    """Return the first rows as they would be read, what each column was taken for, what is wrong; store nothing."""
    chinese = prefers_chinese(request.headers.get("accept-language"))
    return await imports.preview(request, filename=filename, options=options, rows=rows, chinese=chinese)


@router.get("/api/v1/imports", summary="List imports", responses=problems(400))
async def list_imports(request: Request, imports: ImportsDep, page: PageParams, _: _Pusher) -> Page[ImportJob]:
    """List imports, newest first."""
    chinese = prefers_chinese(request.headers.get("accept-language"))
    rows = await imports.page(page)
    return page_of(rows, page, key=lambda row: (row.id,), show=lambda row: job_of(row, chinese=chinese))


@router.get("/api/v1/imports/{import_id}", summary="See how an import stands", responses=problems(404))
async def get_import(import_id: str, request: Request, imports: ImportsDep, _: _Pusher) -> ImportJob:
    """Return an import's state, counts, speed and what its columns were taken for."""
    return await imports.job(import_id, chinese=prefers_chinese(request.headers.get("accept-language")))


@router.get(
    "/api/v1/imports/{import_id}/rejected",
    summary="Download the rows that were not taken",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "one JSON object a line: line, reason, row (the post, its cells, or the line itself)",
            "content": {"application/x-ndjson": {}},
        },
        **problems(404),
    },
)
async def get_rejected(import_id: str, request: Request, imports: ImportsDep, _: _Pusher) -> StreamingResponse:
    """Return each row that was not taken: its line in the file, why, and its content, masked and without the author.

    At most 100,000 rows of a file are kept, for as long as texts are.
    """
    await imports.job(import_id, chinese=prefers_chinese(request.headers.get("accept-language")))
    return StreamingResponse(
        imports.rejected(import_id),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{import_id}.rejected.jsonl"'},
    )


@router.post("/api/v1/imports/{import_id}/cancel", summary="Cancel an import", responses=problems(404, 409))
async def cancel_import(import_id: str, request: Request, imports: ImportsDep, _: _Pusher) -> ImportJob:
    """Stop an import. What was taken stays; the file is deleted."""
    return await imports.cancel(import_id, chinese=prefers_chinese(request.headers.get("accept-language")))
