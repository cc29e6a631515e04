"""What every answer says to browsers, and whom it lets ask."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.headers import Headers, exact_origins

PORTAL = "https://portal.example"


def scope(path: str, method: str = "GET", *, scheme: str = "http", **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "method": method, "scheme": scheme, "headers": pairs}


def dressed(headers: Headers, asked: dict[str, Any], *given: tuple[bytes, bytes]) -> dict[str, str]:
    pairs = headers.dress(asked, given)
    names = [key for key, _ in pairs if key != b"vary"]
    assert len(names) == len(set(names)), "no header stands twice"
    return {key.decode(): value.decode() for key, value in pairs}


def test_every_answer_is_inert_unless_it_says_otherwise() -> None:
    told = dressed(Headers(), scope("/api/v1/cases"), (b"server", b"upstream/1.0"))
    assert told["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert told["x-content-type-options"] == "nosniff"
    assert told["referrer-policy"] == "no-referrer"
    assert told["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in told
    assert not [name for name in told if name.startswith("access-control")]
    own = dressed(Headers(), scope("/docs"), (b"content-security-policy", b"script-src 'self'"))
    assert own["content-security-policy"] == "script-src 'self'"


def test_https_is_kept_to_where_it_is_spoken() -> None:
    assert "strict-transport-security" not in dressed(Headers(), scope("/"))
    assert dressed(Headers(), scope("/", scheme="https"))["strict-transport-security"] == "max-age=31536000"


def test_only_origins_that_are_named_may_call_and_be_told() -> None:
    headers = Headers(exact_origins(f"{PORTAL}, http://localhost:5173"))
    told = dressed(headers, scope("/api/v1/cases", origin=PORTAL))
    assert told["access-control-allow-origin"] == PORTAL
    assert told["access-control-allow-credentials"] == "true"
    for name in ("ETag", "Location", "RateLimit", "Retry-After", "X-Request-ID"):
        assert name in told["access-control-expose-headers"].split(", ")
    assert told["vary"] == "Origin"
    for origin in ("https://portal.example.evil", "http://portal.example", "https://evil", "null"):
        told = dressed(headers, scope("/api/v1/cases", origin=origin))
        assert not [name for name in told if name.startswith("access-control")], origin
        assert told["vary"] == "Origin", "a cache must not hand this answer to the other origin"


def test_public_pages_are_open_to_every_origin_without_its_login() -> None:
    for asked in (scope("/public/v1/statements", origin="https://any"), scope("/public/v1/statements")):
        told = dressed(Headers({PORTAL}), asked)
        assert told["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in told
        assert told["cross-origin-resource-policy"] == "cross-origin"
    keyed = dressed(Headers(), scope("/public/v1/acknowledgements/secret", origin="https://any"))
    assert "access-control-allow-origin" not in keyed, "a link that is a key is read by nobody else's page"


def test_preflights_are_answered_before_any_login() -> None:
    headers = Headers({PORTAL})
    asked = {"access_control_request_method": "PATCH"}
    told = dict(headers.preflight(scope("/api/v1/cases/1", "OPTIONS", origin=PORTAL, **asked)) or ())
    assert told[b"access-control-allow-origin"] == PORTAL.encode()
    assert b"PATCH" in told[b"access-control-allow-methods"]
    for name in (b"Authorization", b"Last-Event-ID", b"If-Match", b"Idempotency-Key"):
        assert name in told[b"access-control-allow-headers"]
    refused = headers.preflight(scope("/api/v1/cases/1", "OPTIONS", origin="https://evil", **asked))
    assert refused == [(b"vary", b"Origin")]
    public = dict(headers.preflight(scope("/public/v1/statements", "OPTIONS", origin="https://any", **asked)) or ())
    assert public[b"access-control-allow-methods"] == b"GET, HEAD"
    assert headers.preflight(scope("/api/v1/cases", "OPTIONS")) is None
    assert headers.preflight(scope("/api/v1/cases", "GET", origin=PORTAL, **asked)) is None


@pytest.mark.parametrize("text", ["*", "portal.example", "https://*.example", "https://portal.example/path", "ftp://x"])
def test_what_is_no_exact_origin_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ValueError, match="exact origin"):
        exact_origins(text)
    assert exact_origins("") == frozenset()
