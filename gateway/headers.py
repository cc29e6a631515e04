"""Headers of every answer: what browsers may do with it, and which pages of other origins may ask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.types import Scope

from gateway.answers import header
from kit.keyed_paths import is_keyed

Pairs = list[tuple[bytes, bytes]]

_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    # what is no page of ours (JSON, files) runs nothing, whoever opens it
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
)
#: a year, for this host alone: sub-domains are other bodies' affair
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
_METHODS: Final = b"GET, HEAD, POST, PUT, PATCH, DELETE"
#: what callers send that is no plain form
_ALLOWED: Final = (
    b"Authorization, X-API-Key, Content-Type, Accept, Accept-Language, Idempotency-Key, If-Match, If-None-Match, "
    b"Last-Event-ID, X-Request-ID, X-CSRF-Token"
)
_EXPOSED: Final = (
    b"ETag, Location, Link, Retry-After, RateLimit, RateLimit-Policy, X-Request-ID, Content-Disposition, "
    b"Idempotent-Replayed"
)
_PUBLIC_ALLOWED: Final = b"Accept, Accept-Language, Content-Type, If-None-Match"
#: seconds that a browser may remember a preflight's answer
_REMEMBERED: Final = b"600"


def exact_origins(text: str) -> frozenset[str]:
    """Return the origins of a comma-separated list; ValueError where one is none.

    An origin is scheme, host and, where it is not the scheme's own, port: ``https://portal.example``. A wildcard is
    refused: whoever may act for a user with their login must be named.
    """
    found = frozenset(one.strip() for one in text.split(",") if one.strip())
    for one in found:
        scheme, separator, host = one.partition("://")
        if scheme not in ("http", "https") or not separator or not host or set(host) & set("/*?#@ "):
            raise ValueError(f"not an exact origin such as https://portal.example: {one!r}")
    return found


class Headers:
    """What is added to answers. `origins` may call `/api/` from a browser; `/public/` is open to pages of any."""

    def __init__(self, origins: Iterable[str] = ()) -> None:
        self._origins = frozenset(origins)

    def preflight(self, scope: Scope) -> Pairs | None:
        """Return the headers of the answer to a preflight request (204), None where the request is none.

        A preflight carries no login, so that it is answered before anybody is asked for one. An origin that may not
        call is told nothing, and its browser refuses.
        """
        if scope["method"] != "OPTIONS":
            return None
        origin = header(scope, b"origin")
        if origin is None or header(scope, b"access-control-request-method") is None:
            return None
        if _for_every_origin(scope["path"]):
            return [
                (b"access-control-allow-origin", b"*"),
                (b"access-control-allow-methods", b"GET, HEAD"),
                (b"access-control-allow-headers", _PUBLIC_ALLOWED),
                (b"access-control-max-age", _REMEMBERED),
            ]
        if not self._may(scope["path"], origin):
            return [(b"vary", b"Origin")]
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _ALLOWED),
            (b"access-control-max-age", _REMEMBERED),
            (b"vary", b"Origin"),
        ]

    def dress(self, scope: Scope, headers: Iterable[tuple[bytes, bytes]]) -> Pairs:
        """Return an answer's headers with those that are missing. What the answer says itself stays."""
        dressed = [(key, value) for key, value in headers if key.lower() not in (b"server", b"x-powered-by")]
        present = {key.lower() for key, _ in dressed}
        dressed += [pair for pair in _ALWAYS if pair[0] not in present]
        if scope.get("scheme") == "https" and _HSTS[0] not in present:
            dressed.append(_HSTS)
        if _for_every_origin(scope["path"]):
            if b"cross-origin-resource-policy" not in present:
                dressed.append((b"cross-origin-resource-policy", b"cross-origin"))
            if b"access-control-allow-origin" not in present:
                dressed.append((b"access-control-allow-origin", b"*"))
                dressed.append((b"access-control-expose-headers", _EXPOSED))
            return dressed
        if b"cross-origin-resource-policy" not in present:
            dressed.append((b"cross-origin-resource-policy", b"same-origin"))
        if self._origins:
            origin = header(scope, b"origin")
            dressed.append((b"vary", b"Origin"))
            if origin is not None and self._may(scope["path"], origin):
                dressed.append((b"access-control-allow-origin", origin.encode("latin-1")))
                dressed.append((b"access-control-allow-credentials", b"true"))
                dressed.append((b"access-control-expose-headers", _EXPOSED))
        return dressed

    def _may(self, path: str, origin: str) -> bool:
        return path.startswith("/api/") and origin in self._origins


def _for_every_origin(path: str) -> bool:
    """Tell whether pages of any origin may read `path`: the portal's, but not the links that are keys themselves."""
    return path.startswith("/public/") and not is_keyed(path)
