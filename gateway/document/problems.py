"""Which problem documents a call can answer with, each said once among the components."""

from __future__ import annotations

from typing import Any, Final

from gateway.routes import needs_login
from kit.problems import MEDIA_TYPE

#: Status: (component, type's last part, English, Chinese).
KINDS: Final[dict[int, tuple[str, str, str, str]]] = {
    400: (
        "Malformed",
        "malformed",
        "The request cannot be read: broken JSON, a foreign cursor",
        "请求无法读取",
    ),
    401: ("Unauthenticated", "unauthenticated", "No valid token or key", "未登录或凭据无效"),
    403: ("Forbidden", "forbidden", "The caller's roles do not allow it, or not on this", "没有权限"),
    404: ("NotFound", "not-found", "There is no such thing, or the caller may not see it", "未找到"),
    406: ("NotAcceptable", "not-acceptable", "None of the formats asked for can be had", "无法提供所要求的格式"),
    409: ("Conflict", "conflict", "A rule of the domain forbids it now; `type` says which", "业务规则不允许"),
    410: ("Gone", "gone", "It was there and is no more, or the link has expired", "已失效"),
    412: ("Stale", "stale", "`If-Match` names an older version", "内容已被他人修改"),
    413: ("TooLarge", "too-large", "The body is larger than allowed", "请求内容过大"),
    415: ("UnsupportedMediaType", "unsupported-media-type", "The body's media type is not taken", "不支持的内容类型"),
    422: ("InvalidFields", "invalid-fields", "Fields are not acceptable; `errors` names each", "字段校验未通过"),
    429: (
        "TooManyRequests",
        "too-many-requests",
        "Too many; `Retry-After` says when to come again",
        "请求过于频繁",
    ),
    502: ("BadGateway", "upstream-failed", "The service behind broke off", "上游服务无应答"),
    503: ("Unavailable", "unavailable", "It cannot be had now; `Retry-After` says when to come again", "服务暂不可用"),
    504: ("GatewayTimeout", "upstream-slow", "The service behind did not answer in time", "上游服务超时"),
}
_RETRY_AFTER: Final = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}, "example": "2"},
}
_LIMIT: Final = {
    "RateLimit": {
        "description": "What is left and when it is refilled (draft-ietf-httpapi-ratelimit-headers).",
        "schema": {"type": "string"},
        "example": '"user";r=0;t=12',
    },
}
_CHALLENGE: Final = {
    "WWW-Authenticate": {"description": "How to log in.", "schema": {"type": "string"}, "example": "Bearer"},
}
_MORE: Final = {401: _CHALLENGE, 429: {**_RETRY_AFTER, **_LIMIT}, 503: _RETRY_AFTER}
#: What the gateway may answer to any call, whoever serves it.
_AT_THE_DOOR: Final = frozenset({429, 503})
_BEHIND_THE_DOOR: Final = frozenset({502, 504})


def components(chinese: bool = False) -> dict[str, Any]:
    """Return the responses that calls refer to."""
    return {name: _response(status, chinese) for status, (name, *_) in KINDS.items()}


def complete(path: str, method: str, operation: dict[str, Any], proxied: bool) -> None:
    """Add the problems that the gateway answers to `operation`, and let all of them refer to the components."""
    closed = path.startswith("/api/")
    statuses = set(_AT_THE_DOOR) | (_BEHIND_THE_DOOR if proxied else set())
    if closed and needs_login(path):
        statuses |= {401}
    if "{" in path:  # a name with a slash in it leads nowhere, whatever the call makes of other names
        statuses |= {404}
    if "requestBody" in operation:
        statuses |= {400, 413}
    if method == "post" and closed:  # an Idempotency-Key that is in use, malformed, or another body's
        statuses |= {400, 409, 413, 422}
    answers = operation["responses"]
    for status in statuses:
        answers.setdefault(str(status), {})
    for status, answer in answers.items():
        kind = KINDS.get(int(status)) if status.isdigit() else None
        if kind and (set(answer.get("content", {})) <= {MEDIA_TYPE} or _fastapis_own(answer)):
            answers[status] = {"$ref": f"#/components/responses/{kind[0]}"}
    operation["responses"] = dict(sorted(answers.items()))


def _fastapis_own(answer: dict[str, Any]) -> bool:
    """Tell whether an answer is FastAPI's own 422, which no service of ours gives."""
    schema = answer["content"].get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith("/HTTPValidationError")


def _response(status: int, chinese: bool) -> dict[str, Any]:
    _, slug, en, zh = KINDS[status]
    example: dict[str, Any] = {
        "type": f"https://huiying.example/problems/{slug}",
        "title": zh if chinese else en.partition(";")[0].partition(":")[0],
        "status": status,
        "detail": zh if chinese else en,
        "instance": "/api/v1/cases",
        "request_id": "01970000-0000-7000-8000-000000000001",
    }
    if status == 422:
        example["errors"] = [{"pointer": "/title", "detail": "不得为空" if chinese else "must not be empty"}]
    answer: dict[str, Any] = {
        "description": zh if chinese else en,
        "headers": {
            "X-Request-ID": {"description": "Names this request in every log.", "schema": {"type": "string"}},
            **_MORE.get(status, {}),
        },
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
    }
    return answer
