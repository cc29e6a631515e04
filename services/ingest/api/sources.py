"""Sources: made, changed, deleted, tried out, looked at now."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, prefers_chinese, problems
from kit.service import RuntimeDep
from services.ingest import source_health, store
from services.ingest.collecting import store as schedules
from services.ingest.source_schemas import (
    AdapterInfo,
    FetchOrdered,
    NewSource,
    Ranked,
    Source,
    SourceChange,
    SourceHealth,
    SourcePreview,
)
from services.ingest.sourcing import Sources

router = APIRouter(tags=["sources"])
_Reader = Annotated[Principal, require("sources.read")]
_Writer = Annotated[Principal, require("sources.write")]


def sources_of(request: Request) -> Sources:
    """Return the sources of the app that serves `request`."""
    sources: Sources = request.app.state.sources
    return sources


SourcesDep = Annotated[Sources, Depends(sources_of)]


@router.get("/api/v1/adapters", summary="List the ways of collecting", responses=problems())
async def list_adapters(sources: SourcesDep, _: _Reader) -> list[AdapterInfo]:
    """Return every adapter with the JSON Schema of its settings, for forms."""
    return sources.adapters()


@router.get("/api/v1/sources", summary="List sources", responses=problems(400))
async def list_sources(runtime: RuntimeDep, page: PageParams, _: _Reader) -> Page[Source]:
    """List the sources that users have made, oldest first. Well-known outlets are built in beside them."""
    async with runtime.database.reading() as session:
        rows = await store.source_page(session, page)
    return page_of(rows, page, key=lambda row: (row.id,), show=_source)


@router.post("/api/v1/sources", status_code=201, summary="Make a source", responses=problems(409))
async def create_source(
    new: NewSource, request: Request, response: Response, sources: SourcesDep, _: _Writer
) -> Source:
    """Make a source, so that its posts have its tier and channel; with an adapter it is collected from now on."""
    row = await sources.create(new)
    response.headers["Location"] = f"/api/v1/sources/{row.id}"
    response.headers["ETag"] = etag(1)
    return await _with_warnings(sources, row, request)


@router.post("/api/v1/sources/preview", summary="See what a source would bring", responses=problems(503))
async def preview_source(new: NewSource, request: Request, sources: SourcesDep, _: _Writer) -> SourcePreview:
    """Look at a source as it would be collected, for at most 45 seconds and 10 posts. Nothing is stored.

    A source that cannot be had answers 200 with a `problem`: the settings are right, the web is not.
    """
    return await sources.preview(new, chinese=_chinese(request))


@router.get("/api/v1/sources/{source_id}", summary="Read a source", responses=problems(404))
async def get_source(source_id: str, response: Response, runtime: RuntimeDep, _: _Reader) -> Source:
    """Return one source."""
    row = await _found(runtime, source_id)
    response.headers["ETag"] = etag(row.version)
    return _source(row)


@router.patch("/api/v1/sources/{source_id}", summary="Change a source", responses=problems(404, 409, 412))
async def change_source(
    source_id: str,
    change: SourceChange,
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    sources: SourcesDep,
    _: _Writer,
) -> Source:
    """Change a source. Posts that are already in keep what they were given."""
    row = await _found(runtime, source_id)
    check_if_match(request, row.version)
    changed = await sources.change(row, change)
    response.headers["ETag"] = etag(changed.version)
    return await _with_warnings(sources, changed, request)


@router.delete("/api/v1/sources/{source_id}", status_code=204, summary="Delete a source", responses=problems(404, 412))
async def delete_source(source_id: str, request: Request, runtime: RuntimeDep, sources: SourcesDep, _: _Writer) -> None:
    """Delete a source; its posts stay."""
    row = await _found(runtime, source_id)
    check_if_match(request, row.version)
    await sources.delete(source_id)


@router.post(
    "/api/v1/sources/{source_id}/fetch", status_code=202, summary="Look at a source now", responses=problems(404, 409)
)
async def fetch_source(
    source_id: str, response: Response, runtime: RuntimeDep, sources: SourcesDep, _: _Writer
) -> FetchOrdered:
    """Bring the source's next pass forward to now; how it went is told by its health."""
    await sources.fetch_now(await _found(runtime, source_id))
    health = f"/api/v1/sources/{source_id}/health"
    response.headers["Location"] = health
    return FetchOrdered(source_id=source_id, health=health)


@router.get("/api/v1/sources/{source_id}/health", summary="See how a source is", responses=problems(404))
async def get_source_health(source_id: str, request: Request, runtime: RuntimeDep, _: _Reader) -> SourceHealth:
    """Return success, latency, volume against the source's own habit, and its newest passes."""
    minutes = request.app.state.runtime.settings.surge_minutes
    found = await source_health.health(runtime, source_id, chinese=_chinese(request), surge_minutes=minutes)
    if found is None:
        raise _missing()
    return found


@router.get("/api/v1/sources/{source_id}/rankings", summary="See a hot list over time", responses=problems(404))
async def list_rankings(
    source_id: str, runtime: RuntimeDep, _: _Reader, hours: Annotated[int, Query(ge=1, le=720)] = 24
) -> list[Ranked]:
    """Return where entries stood on a hot list during the last hours, oldest first (at most 10,000 places)."""
    await _found(runtime, source_id)
    async with runtime.database.reading() as session:
        rows = await schedules.rankings(session, source_id, runtime.clock.now() - timedelta(hours=hours))
    return [Ranked.model_validate(row) for row in rows]


async def _found(runtime: RuntimeDep, source_id: str) -> Any:
    async with runtime.database.reading() as session:
        row = await store.source(session, source_id)
    if row is None:
        raise _missing()
    return row


def _chinese(request: Request) -> bool:
    return prefers_chinese(request.headers.get("accept-language"))


async def _with_warnings(sources: Sources, row: Any, request: Request) -> Source:
    warnings = await sources.warnings(row, chinese=_chinese(request))
    return _source(row).model_copy(update={"warnings": warnings})


def _source(row: Any) -> Source:
    return Source.model_validate(row, from_attributes=True)


def _missing() -> Problem:
    return Problem(404, "not-found", zh="没有这个信源", en="There is no such source")
