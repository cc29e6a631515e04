"""`/public/v1/statements`: what was published, for everyone. JSON Feed 1.1, single statements, and HTML by Accept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession

from kit.etags import etag
from kit.pages import PageParams, encode_cursor
from kit.problems import problems
from services.cases.api.parts import Id, PartsDep, after_time_and_id
from services.cases.models import StatementRow
from services.cases.portal.pages import HEADERS, list_page, prefers_html, statement_page
from services.cases.portal.statements import PublicStatementOut
from services.cases.service.desk import missing
from services.cases.store import speech

router = APIRouter(prefix="/public/v1/statements", tags=["portal"])

_FEED: Final = "application/feed+json"
_CACHE: Final = {"Cache-Control": "public, max-age=30", "Access-Control-Allow-Origin": "*", "Vary": "Accept"}
_HTML: Final[dict[str, Any]] = {"text/html": {"schema": {"type": "string"}}}


@router.get(
    "",
    responses={
        **{status: told for status, told in problems(400).items() if status not in (401, 403)},
        200: {"content": {_FEED: {"schema": {"type": "object"}}, **_HTML}, "description": "JSON Feed 1.1, or a page"},
        304: {"description": "Not changed since the entity tag"},
    },
    response_class=JSONResponse,
    summary="已发布信息（JSON Feed）",
)
async def list_public_statements(parts: PartsDep, page: PageParams, request: Request) -> Response:
    """Return published statements, newest first, as a JSON Feed 1.1, or as a page where HTML is asked for.

    One that was withdrawn or corrected stays in the list and says so (`_state`).
    """
    async with parts.desk.database.reading() as session:
        rows = await speech.public_page(session, page.limit, after_time_and_id(page))
        plan = await parts.desk.plans.in_force(session)
        items = await _shown(session, rows[: page.limit], parts.public_url)
    here = f"{parts.public_url}/public/v1/statements"
    publisher = plan.disclosure.publisher
    next_url = None
    if len(rows) > page.limit:
        last = items[-1]
        next_url = f"{here}?limit={page.limit}&cursor={encode_cursor(last.published_at, last.id)}"
    html = prefers_html(request.headers.get("accept"))
    if html:
        return _tagged(request, list_page(publisher, items, next_url), html=True)
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{publisher}信息发布",
        "feed_url": here,
        "language": "zh-CN",
        "authors": [{"name": publisher}],
        "items": [one.feed_item() for one in items],
    }
    if next_url is not None:
        feed["next_url"] = next_url
    return _tagged(request, JSONResponse(feed).body, media_type=_FEED)


@router.get(
    "/{statement_id}",
    responses={
        **{status: told for status, told in problems(404).items() if status not in (401, 403)},
        200: {"content": _HTML, "description": "The statement, or its page where HTML is asked for"},
        304: {"description": "Not changed since the entity tag"},
    },
    response_model=PublicStatementOut,
    summary="一份已发布信息",
)
async def get_public_statement(statement_id: Id, parts: PartsDep, request: Request) -> Response:
    """Return a published statement with its disclosure metadata and what has become of it."""
    async with parts.desk.database.reading() as session:
        row = await speech.public_one(session, statement_id)
        if row is None:
            raise missing("statement", statement_id)
        (shown,) = await _shown(session, [row], parts.public_url)
    if prefers_html(request.headers.get("accept")):
        return _tagged(request, statement_page(shown), html=True)
    return _tagged(request, shown.model_dump_json(), media_type="application/json")


async def _shown(session: AsyncSession, rows: Sequence[StatementRow], base: str) -> list[PublicStatementOut]:
    linked = {id_ for row in rows for id_ in (row.corrects, row.corrected_by) if id_}
    titles = await speech.titles(session, sorted(linked))
    return [PublicStatementOut.of(row, base, titles) for row in rows]


def _tagged(request: Request, body: str | bytes | memoryview, *, media_type: str = "", html: bool = False) -> Response:
    """Answer with a body and its entity tag, or 304 where the caller has it already."""
    content = body.encode() if isinstance(body, str) else bytes(body)
    tag = etag(hashlib.sha256(content).hexdigest()[:16])
    headers = {**_CACHE, "ETag": tag, **(HEADERS if html else {})}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(content, headers=headers) if html else Response(content, media_type=media_type, headers=headers)
