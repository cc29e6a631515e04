"""Errors as RFC 9457 problem details, in Chinese or English by Accept-Language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from kit.field_words import in_chinese, plain
from kit.logging import request_id

MEDIA_TYPE: Final = "application/problem+json"
_TYPE_BASE: Final = "https://huiying.example/problems/"

_TITLES: Final[dict[int, tuple[str, str]]] = {
    400: ("请求格式有误", "Malformed request"),
    401: ("需要登录", "Authentication required"),
    403: ("没有权限", "Forbidden"),
    404: ("未找到", "Not found"),
    405: ("不支持的方法", "Method not allowed"),
    406: ("无法提供所要求的格式", "Not acceptable"),
    408: ("请求发送过慢", "Request timeout"),
    409: ("与现状冲突", "Conflict"),
    410: ("已失效", "Gone"),
    412: ("内容已被他人修改", "Precondition failed"),
    413: ("内容过大", "Content too large"),
    415: ("不支持的内容类型", "Unsupported media type"),
    422: ("字段校验未通过", "Invalid fields"),
    429: ("请求过于频繁", "Too many requests"),
    431: ("请求头过大", "Header fields too large"),
    500: ("系统内部错误", "Internal error"),
    502: ("上游服务无应答", "Bad gateway"),
    503: ("服务暂不可用", "Service unavailable"),
    504: ("上游服务超时", "Gateway timeout"),
}


class FieldError(BaseModel):
    """One bad field: a JSON Pointer into the body (or `query.name`, `path.name`) and what is wrong with it."""

    pointer: str
    detail: str
    #: the detail in Chinese, where it differs
    zh: str | None = Field(None, exclude=True, repr=False)


class ProblemDetails(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=[_TYPE_BASE + "case.transition"])
    title: str
    status: int
    detail: str = ""
    instance: str | None = None
    request_id: str | None = None
    errors: list[FieldError] | None = None


class Problem(Exception):
    """An error that the caller is told of.

    `slug` is the stable last part of `type`. `zh` and `en` are the detail in either language. `extensions` become
    members of the problem document. A 503 or 429 should carry `headers={"Retry-After": seconds}`.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        *,
        zh: str,
        en: str,
        errors: Sequence[FieldError] | None = None,
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(en)
        self.status, self.slug, self.zh, self.en = status, slug, zh, en
        self.errors, self.headers, self.extensions = errors, dict(headers or {}), extensions


def prefers_chinese(accept_language: str | None) -> bool:
    """Tell whether an Accept-Language header ranks Chinese above English. No header means English."""
    best: dict[str, float] = {}
    for part in (accept_language or "").split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        key = tag.strip().lower().split("-")[0]
        best[key] = max(best.get(key, 0.0), weight)
    return best.get("zh", 0.0) > 0 and best.get("zh", 0.0) >= best.get("en", 0.0)


def document(
    status: int,
    slug: str,
    *,
    chinese: bool,
    zh: str = "",
    en: str = "",
    instance: str | None = None,
    errors: Sequence[FieldError] | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a problem document as a JSON-ready mapping."""
    titles = _TITLES.get(status, ("错误", "Error"))
    body: dict[str, Any] = {
        "type": _TYPE_BASE + slug,
        "title": titles[0] if chinese else titles[1],
        "status": status,
        "detail": zh if chinese else en,
        "instance": instance,
        "request_id": request_id(),
        "errors": [_told(error, chinese) for error in errors] if errors else None,
        **(extensions or {}),
    }
    return {key: value for key, value in body.items() if value is not None}


def _told(error: FieldError, chinese: bool) -> dict[str, str]:
    return {"pointer": error.pointer, "detail": error.zh if chinese and error.zh else error.detail}


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem document."""

    def respond(
        request: Request, status: int, slug: str, headers: Mapping[str, str] | None = None, **details: Any
    ) -> JSONResponse:
        chinese = prefers_chinese(request.headers.get("accept-language"))
        body = document(status, slug, chinese=chinese, instance=request.url.path, **details)
        return JSONResponse(
            body,
            status,
            media_type=MEDIA_TYPE,
            headers={
                **(headers or {}),
                "Content-Language": "zh-CN" if chinese else "en",
                "Vary": "Accept-Language",
            },
        )

    async def on_problem(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return respond(
            request,
            error.status,
            error.slug,
            error.headers,
            zh=error.zh,
            en=error.en,
            errors=error.errors,
            extensions=error.extensions,
        )

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        slug = {404: "not-found", 405: "method-not-allowed", 400: "malformed"}.get(error.status_code, "http")
        zh, en = _TITLES.get(error.status_code, ("错误", "Error"))
        return respond(request, error.status_code, slug, error.headers, zh=zh, en=error.detail or en)

    async def on_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        found = error.errors()
        if any(item["type"] == "json_invalid" for item in found):
            reason, at = str(found[0].get("ctx", {}).get("error", "")), found[0]["loc"][-1]
            return respond(
                request,
                400,
                "malformed",
                zh=f"请求体不是有效的 JSON：第 {at} 个字符处有误",
                en=f"The body is not JSON: {reason} at character {at}",
            )
        errors = [FieldError(pointer=_pointer(item["loc"]), detail=plain(item), zh=in_chinese(item)) for item in found]
        first = errors[0]
        return respond(
            request,
            422,
            "invalid-fields",
            zh=f"有 {len(errors)} 个字段不符合要求：{first.pointer} {first.zh}",
            en=f"{len(errors)} field(s) are not acceptable: {first.pointer}: {first.detail}",
            errors=errors,
        )

    async def on_crash(request: Request, _error: Exception) -> JSONResponse:
        return respond(request, 500, "internal", zh="系统内部错误，请凭请求编号联系管理员", en="Something broke here")

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(Exception, on_crash)


def _pointer(location: Sequence[int | str]) -> str:
    where, *rest = location
    if where == "body":
        return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in rest)
    return ".".join(str(part) for part in location)


_ALL: Final[dict[int, dict[str, Any]]] = {
    status: {
        "description": en,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, (_, en) in _TITLES.items()
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return a route's ``responses=`` for the statuses it can answer, beside 401, 403 and 422 which all can."""
    return {status: _ALL[status] for status in sorted({401, 403, 422, *statuses})}


#: The responses of a plain route.
PROBLEMS: Final = problems()
