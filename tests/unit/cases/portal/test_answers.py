"""Conditions are judged as RFC 9110 says, and what is sent is safe for shared caches."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi import Request

from services.cases.portal.answers import answer

AT = datetime(2026, 3, 1, 1, 30, 0, 500_000, tzinfo=UTC)


def asked(method: str = "GET", **headers: str) -> Request:
    """Return a request with headers."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "path": "/", "headers": raw})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"if_none_match": '"a"'}, 304),
        ({"if_none_match": 'W/"a"'}, 304),  # a proxy that compresses makes it weak
        ({"if_none_match": '"b", W/"a"'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": '"b"'}, 200),
        ({"if_none_match": "a"}, 200),
        ({"if_modified_since": "Sun, 01 Mar 2026 01:30:00 GMT"}, 304),
        ({"if_modified_since": "Sun, 01 Mar 2026 01:29:59 GMT"}, 200),
        ({"if_modified_since": "yesterday"}, 200),
        ({"if_none_match": '"b"', "if_modified_since": "Sun, 01 Mar 2026 01:30:00 GMT"}, 200),  # the tag goes first
    ],
)
def test_a_condition(headers: dict[str, str], status: int) -> None:
    told = answer(asked(**headers), b"body", "text/plain", tag='"a"', modified=AT)
    assert told.status_code == status
    assert (told.headers["etag"], told.headers["last-modified"]) == ('"a"', "Sun, 01 Mar 2026 01:30:00 GMT")
    assert "stale-while-revalidate" in told.headers["cache-control"]
    assert "set-cookie" not in told.headers
    assert told.body == (b"body" if status == 200 else b"")


def test_a_head_has_the_headers_and_no_body() -> None:
    told = answer(asked("HEAD"), b"body", "text/plain", tag='"a"')
    assert (told.body, told.headers["content-length"], told.headers["content-type"]) == (b"", "4", "text/plain")
