"""`/public/v1/statements`: what was published, for everyone, as JSON Feed, RSS, Atom, and pages for people."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from kit.pages import PageParams, PageRequest
from kit.problems import FieldError, Problem, problems
from services.cases.api.parts import Parts, PartsDep
from services.cases.portal import feeds
from services.cases.portal.answers import answer
from services.cases.portal.pages import failure_page, prefers_html
from services.cases.portal.site import LIST
from services.cases.portal.statements import PublicStatementOut
from services.cases.portal.wanted import MOST_CHARACTERS, Unclear, Wanted
from services.cases.service.desk import missing
from services.cases.service.portal import Form, Rendered

router = APIRouter(tags=["portal"])

_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_NEGOTIATED: Final = {"Vary": "Accept"}
_NOT_CHANGED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Not changed since the entity tag, or since the time given"}
}


def _documented(*statuses: int, **contents: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    told: dict[int | str, dict[str, Any]] = {**_NOT_CHANGED}
    told |= {status: one for status, one in problems(*statuses).items() if status not in (401, 403)}
    told[200] = {"content": contents["content"], "description": "As the media type says"}
    return told


def _text(media_type: str) -> dict[str, Any]:
    return {media_type: {"schema": {"type": "string"}}}


def _written(
    q: Annotated[str | None, Query(description=f"words, each of which occurs; {MOST_CHARACTERS} characters")] = None,
    since: Annotated[str | None, Query(description="first day, such as 2026-03-01, in Shanghai")] = None,
    until: Annotated[str | None, Query(description="last day")] = None,
    period: Annotated[str | None, Query(description="a year or month, such as 2026 or 2026-03")] = None,
    theme: Annotated[str | None, Query(description="a word of 主题词, or a 公开目录")] = None,
    state: Annotated[str | None, Query(description="published, corrected or withdrawn")] = None,
) -> dict[str, str | None]:
    return {"q": q, "since": since, "until": until, "period": period, "theme": theme, "state": state}


Written = Annotated[dict[str, str | None], Depends(_written)]
Text = Annotated[str | None, Query(description="`large`: pages with large letters")]
StatementId = Annotated[str, Path(description="id of a published statement")]

_LIST: Final = _documented(400, content={feeds.JSON_FEED: {"schema": {"type": "object"}}, **_text("text/html")})
_FEEDS: Final[dict[Form, dict[int | str, dict[str, Any]]]] = {
    "json": _documented(400, content={feeds.JSON_FEED: {"schema": {"type": "object"}}}),
    "rss": _documented(400, content=_text(feeds.RSS)),
    "atom": _documented(400, content=_text(feeds.ATOM)),
}


@router.get(LIST, responses=_LIST, response_class=Response, summary="已发布信息（JSON Feed 或网页）")
async def list_public_statements(
    parts: PartsDep, page: PageParams, written: Written, request: Request, text: Text = None
) -> Response:
    """Return published statements, newest first, as a JSON Feed 1.1, or as a page where HTML is asked for.

    One that was withdrawn or corrected stays in the list and says so (`_state`).
    """
    html = prefers_html(request.headers.get("accept"))
    return await _list(parts, request, "html" if html else "chosen", page, written, large=text == "large")


@router.get(f"{LIST}.json", responses=_FEEDS["json"], response_class=Response, summary="已发布信息（JSON Feed）")
async def list_public_statements_as_json(
    parts: PartsDep, page: PageParams, written: Written, request: Request
) -> Response:
    """Return published statements as a JSON Feed 1.1, whatever the Accept header says."""
    return await _list(parts, request, "json", page, written)


@router.get(f"{LIST}.rss", responses=_FEEDS["rss"], response_class=Response, summary="已发布信息（RSS）")
async def list_public_statements_as_rss(
    parts: PartsDep, page: PageParams, written: Written, request: Request
) -> Response:
    """Return published statements as RSS 2.0."""
    return await _list(parts, request, "rss", page, written)


@router.get(f"{LIST}.atom", responses=_FEEDS["atom"], response_class=Response, summary="已发布信息（Atom）")
async def list_public_statements_as_atom(
    parts: PartsDep, page: PageParams, written: Written, request: Request
) -> Response:
    """Return published statements as an Atom feed (RFC 4287)."""
    return await _list(parts, request, "atom", page, written)


@router.get(
    f"{LIST}/{{statement_id}}",
    responses={
        **_documented(404, content=_text("text/html")),
        200: {"content": _text("text/html"), "description": "The statement, or its page where HTML is asked for"},
    },
    response_model=PublicStatementOut,
    summary="一份已发布信息",
)
async def get_public_statement(
    statement_id: StatementId, parts: PartsDep, request: Request, text: Text = None
) -> Response:
    """Return a published statement with its disclosure metadata and what has become of it."""
    html = prefers_html(request.headers.get("accept"))

    async def find() -> Rendered:
        if not _ID.fullmatch(statement_id):
            raise missing("statement", statement_id)
        return await parts.portal.one("html" if html else "json", statement_id, large=text == "large")

    return await _answer(parts, request, find, html=html, headers=_NEGOTIATED)


for _route in list(router.routes):  # a HEAD asks for what the GET would say; the document has one operation for both
    router.add_api_route(
        _route.path,  # type: ignore[attr-defined]
        _route.endpoint,  # type: ignore[attr-defined]
        methods=["HEAD"],
        include_in_schema=False,
        response_model=None,
    )


async def _list(
    parts: Parts,
    request: Request,
    form: Form,
    page: PageRequest,
    written: dict[str, str | None],
    *,
    large: bool = False,
) -> Response:
    async def find() -> Rendered:
        return await parts.portal.list(form, _wanted(written), page, large=large)

    headers = _NEGOTIATED if form in ("html", "chosen") else {}
    return await _answer(parts, request, find, html=form == "html", headers=headers)


def _wanted(written: dict[str, str | None]) -> Wanted:
    try:
        return Wanted.read(written)
    except Unclear as error:
        told = FieldError(pointer=f"query.{error.name}", detail=error.en, zh=error.zh)
        raise Problem(
            400,
            "bad-filter",
            zh=f"{error.name} 参数无法识别：{error.zh}",
            en=f"{error.name}: {error.en}",
            errors=[told],
        ) from None


async def _answer(
    parts: Parts, request: Request, find: Callable[[], Awaitable[Rendered]], *, html: bool, headers: dict[str, str]
) -> Response:
    try:
        found = await find()
    except Problem as problem:
        if not html or problem.status >= 500:
            raise
        return await _failure(parts, request, problem, headers)
    more = {**headers, **({"Content-Security-Policy": found.policy} if found.policy else {})}
    return answer(request, found.body, found.media_type, tag=found.tag, modified=found.modified, headers=more)


async def _failure(parts: Parts, request: Request, problem: Problem, headers: dict[str, str]) -> Response:
    """Answer a person whose page is not there or whose search cannot be read."""
    if problem.status == 404:
        told = "您访问的信息不存在，可能是网址有误，或该信息从未公开发布。已撤回、已更正的信息仍可在信息列表中查阅。"
        body, policy = failure_page(await parts.portal.site(), "没有找到这条信息", told)
    else:
        body, policy = failure_page(await parts.portal.site(), "查询条件有误", problem.zh)
    more = {**headers, "Content-Security-Policy": policy, "Cache-Control": "public, max-age=30"}
    content = b"" if request.method == "HEAD" else body
    return Response(content, problem.status, more, media_type="text/html")
