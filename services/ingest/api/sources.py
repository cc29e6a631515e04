"""Sources, coverage and watches."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import IntegrityError

from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.ids import new_id
from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, problems
from kit.service import RuntimeDep
from services.ingest import store
from services.ingest.api.posts import IngestDep
from services.ingest.schemas import Coverage, Covered, NewSource, Source, SourceChange, Watch

router = APIRouter(tags=["sources"])
_Reader = Annotated[Principal, require("sources.read")]
_Writer = Annotated[Principal, require("sources.write")]


@router.get("/api/v1/sources", summary="List sources", responses=problems(400))
async def list_sources(runtime: RuntimeDep, page: PageParams, _: _Reader) -> Page[Source]:
    """List the sources that users have made, oldest first. Well-known outlets are built in beside them."""
    async with runtime.database.reading() as session:
        rows = await store.source_page(session, page)
    return page_of(rows, page, key=lambda row: (row.id,), show=_source)


@router.post("/api/v1/sources", status_code=201, summary="Make a source", responses=problems(409))
async def create_source(
    new: NewSource, response: Response, runtime: RuntimeDep, ingest: IngestDep, _: _Writer
) -> Source:
    """Make a source, so that its posts have its tier and channel."""
    values: dict[str, Any] = {
        "id": new_id(),
        **new.model_dump(mode="json"),
        "enabled": True,
        "version": 1,
        "created_at": runtime.clock.now(),
    }
    try:
        async with runtime.database.writing() as session:
            await store.add_source(session, values)
    except IntegrityError:
        raise _taken(new.name) from None
    await ingest.load_sources()
    response.headers["Location"] = f"/api/v1/sources/{values['id']}"
    response.headers["ETag"] = etag(1)
    return Source.model_validate(values)


@router.get("/api/v1/sources/{source_id}", summary="Read a source", responses=problems(404))
async def get_source(source_id: str, response: Response, runtime: RuntimeDep, _: _Reader) -> Source:
    """Return one source."""
    async with runtime.database.reading() as session:
        row = await store.source(session, source_id)
    if row is None:
        raise _missing()
    response.headers["ETag"] = etag(row.version)
    return _source(row)


@router.patch("/api/v1/sources/{source_id}", summary="Change a source", responses=problems(404, 409, 412))
async def change_source(
    source_id: str,
    change: SourceChange,
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    ingest: IngestDep,
    _: _Writer,
) -> Source:
    """Change a source. Posts that are already in keep what they were given."""
    values = change.model_dump(mode="json", exclude_unset=True)
    values = {name: value for name, value in values.items() if value is not None or name == "url"}
    try:
        async with runtime.database.writing() as session:
            row = await store.source(session, source_id)
            if row is None:
                raise _missing()
            check_if_match(request, row.version)
            if not await store.change_source(session, source_id, row.version, values):
                raise Problem(412, "stale", zh="内容已被他人修改", en="The source has changed since you read it")
            row = await store.source(session, source_id)
    except IntegrityError:
        raise _taken(str(values.get("name"))) from None
    assert row is not None
    await ingest.load_sources()
    response.headers["ETag"] = etag(row.version)
    return _source(row)


@router.delete("/api/v1/sources/{source_id}", status_code=204, summary="Delete a source", responses=problems(404, 412))
async def delete_source(source_id: str, request: Request, runtime: RuntimeDep, ingest: IngestDep, _: _Writer) -> None:
    """Delete a source; its posts stay."""
    async with runtime.database.writing() as session:
        row = await store.source(session, source_id)
        if row is None:
            raise _missing()
        check_if_match(request, row.version)
        await store.delete_source(session, source_id)
    await ingest.load_sources()


@router.get("/api/v1/coverage", summary="See what is covered", responses=problems())
async def get_coverage(runtime: RuntimeDep, _: _Reader) -> Coverage:
    """Return what came in during the last 24 hours by channel and source, and which sources were silent."""
    since = runtime.clock.now() - timedelta(hours=24)
    async with runtime.database.reading() as session:
        rows = await store.coverage(session, since)
        known = [row.name for row in await store.sources(session)]
    items = [Covered.model_validate(row, from_attributes=True) for row in rows]
    heard = {item.source for item in items}
    return Coverage(since=since, items=items, silent_sources=[name for name in known if name not in heard])


@router.get("/api/v1/watches", summary="List what cases want watched", responses=problems())
async def list_watches(runtime: RuntimeDep, _: _Reader) -> list[Watch]:
    """Return what cases want watched, the newest first."""
    async with runtime.database.reading() as session:
        return [Watch.model_validate(row, from_attributes=True) for row in await store.watches(session)]


def _source(row: Any) -> Source:
    return Source.model_validate(row, from_attributes=True)


def _missing() -> Problem:
    return Problem(404, "not-found", zh="没有这个信源", en="There is no such source")


def _taken(name: str) -> Problem:
    return Problem(409, "name-taken", zh=f"信源名称已被使用：{name}", en=f"The name is taken: {name}")
