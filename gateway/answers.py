"""Answers that the door itself gives, as plain ASGI."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from starlette.types import Scope, Send

from kit import problems

Headers = Iterable[tuple[bytes, bytes]]


def header(scope: Scope, name: bytes) -> str | None:
    """Return the first value of a request header (`name` in lower case)."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None


def address_of(scope: Scope) -> str:
    """Return the address that a request comes from; empty where the server does not say."""
    client = scope.get("client")
    return client[0] if client else ""


async def respond(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send a whole answer."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


async def problem(
    scope: Scope,
    send: Send,
    status: int,
    slug: str,
    *,
    zh: str,
    en: str,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send a problem document in the caller's language."""
    chinese = problems.prefers_chinese(header(scope, b"accept-language"))
    document = problems.document(status, slug, chinese=chinese, zh=zh, en=en, instance=scope["path"])
    body = json.dumps(document, ensure_ascii=False).encode()
    fields = {
        "content-type": problems.MEDIA_TYPE,
        "content-length": str(len(body)),
        "content-language": "zh-CN" if chinese else "en",
        "vary": "Accept-Language",
        **(headers or {}),
    }
    await respond(send, status, [(key.lower().encode(), value.encode()) for key, value in fields.items()], body)
