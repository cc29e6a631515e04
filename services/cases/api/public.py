"""`/public/v1/statements`: what was published, for everyone. JSON Feed 1.1 and single statements."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from kit.etags import etag
from kit.pages import PageParams, encode_cursor
from kit.problems import problems
from services.cases import store
from services.cases.api.parts import Id, PartsDep, after_time_and_id
from services.cases.models import StatementRow
from services.cases.schemas.statements import PublicStatementOut
from services.cases.service.desk import missing

router = APIRouter(prefix="/public/v1/statements", tags=["portal"])

_FEED: Final = "application/feed+json"
_CACHE: Final = {"Cache-Control": "public, max-age=30", "Access-Control-Allow-Origin": "*"}


@router.get(
    "",
    responses={
        **{status: told for status, told in problems(400).items() if status not in (401, 403)},
        200: {"content": {_FEED: {"schema": {"type": "object"}}}, "description": "JSON Feed 1.1"},
        304: {"description": "Not changed since the entity tag"},
    },
    response_class=JSONResponse,
    summary="已发布信息（JSON Feed）",
)
async def list_public_statements(parts: PartsDep, page: PageParams, request: Request) -> Response:
    """Return published statements, newest first, as a JSON Feed 1.1."""
    async with parts.desk.database.reading() as session:
        rows = await store.published(session, page.limit, after_time_and_id(page))
        plan = await parts.desk.plans.in_force(session)
    kept = rows[: page.limit]
    here = f"{parts.public_url}/public/v1/statements"
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{plan.disclosure.publisher}信息发布",
        "feed_url": here,
        "language": "zh-CN",
        "authors": [{"name": plan.disclosure.publisher}],
        "items": [_item(row, parts.public_url) for row in kept],
    }
    if len(rows) > page.limit:
        cursor = encode_cursor(kept[-1].published_at, kept[-1].id)
        feed["next_url"] = f"{here}?limit={page.limit}&cursor={cursor}"
    seen = "".join(f"{row.id}.{row.version};" for row in kept)
    tag = etag(hashlib.sha256(seen.encode()).hexdigest()[:16])
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={**_CACHE, "ETag": tag})
    return JSONResponse(feed, media_type=_FEED, headers={**_CACHE, "ETag": tag})


@router.get(
    "/{statement_id}",
    responses={status: told for status, told in problems(404).items() if status not in (401, 403)},
    summary="一份已发布信息",
)
async def get_public_statement(statement_id: Id, parts: PartsDep, response: Response) -> PublicStatementOut:
    """Return a published statement with its disclosure metadata. One that was withdrawn is gone (404)."""
    async with parts.desk.database.reading() as session:
        row = await store.published_one(session, statement_id)
    if row is None:
        raise missing("statement", statement_id)
    response.headers.update({**_CACHE, "ETag": etag(row.version)})
    return PublicStatementOut.of(row, parts.public_url)


def _item(row: StatementRow, base: str) -> dict[str, Any]:
    shown = PublicStatementOut.of(row, base)
    return {
        "id": shown.id,
        "url": shown.url,
        "title": shown.title,
        "content_text": shown.text,
        "date_published": shown.published_at.isoformat(),
        "_disclosure": shown.disclosure.model_dump(),
    }
