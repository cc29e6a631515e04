"""Answers that caches may keep: validators, conditions (RFC 9110, section 13), HEAD, and how long they are fresh."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from fastapi import Request, Response

from services.cases.portal.times import http_date

#: Fresh for half a minute, then shown once more while the next is fetched (RFC 5861); a correction is everywhere after
#: a minute or so without purging anything. While the site is away, caches may show what they have for an hour.
FRESH: Final = "public, max-age=30, stale-while-revalidate=60, stale-if-error=3600"
#: for what its address names by its version
FOREVER: Final = "public, max-age=31536000, immutable"
#: for everyone's pages: nothing in an answer depends on who asks
_OPEN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Link",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


def answer(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    tag: str,
    modified: datetime | None = None,
    cache: str = FRESH,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer a GET or HEAD with a body, or 304 where the caller has it already. `tag` is a strong validator."""
    more = {**_OPEN, "Cache-Control": cache, "ETag": tag, **(headers or {})}
    if modified is not None:
        more["Last-Modified"] = http_date(modified)
    if _has_it(request, tag, modified):
        return Response(status_code=304, headers=more)
    if request.method == "HEAD":
        return Response(headers={**more, "Content-Length": str(len(body)), "Content-Type": media_type})
    return Response(body, headers={**more, "Content-Type": media_type})


def _has_it(request: Request, tag: str, modified: datetime | None) -> bool:
    """Tell whether the caller's copy is the present one; tags are compared weakly, and go before dates."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in tags.split(",")]
    since = request.headers.get("if-modified-since")
    if since is None or modified is None:
        return False
    try:
        known = parsedate_to_datetime(since)
    except ValueError:
        return False
    return modified.replace(microsecond=0) <= (known if known.tzinfo else known.replace(tzinfo=UTC))
