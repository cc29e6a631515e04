"""Pages to keep, and an archive with a clock that is moved by hand."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kit.clock import ManualClock
from services.ingest.evidence import Archive
from services.ingest.fetching.page import Page

START = datetime(2026, 3, 2, 8, 18, tzinfo=UTC)
HEADERS = {"content-type": "text/html; charset=utf-8", "etag": '"a1"', "date": "Mon, 02 Mar 2026 08:18:00 GMT"}
BODY = "<html><body><h1>搬迁安置答复</h1><p>联系人手机13800138000</p></body></html>".encode()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def archive(tmp_path: Path, clock: ManualClock) -> Iterator[Archive]:
    with Archive(tmp_path / "evidence", replica="a", clock=clock) as one:
        yield one


@pytest.fixture
def page(clock: ManualClock) -> Callable[..., Page]:
    def make(
        body: bytes = BODY,
        url: str = "https://example.gov.cn/news/1.html",
        requested: str = "",
        redirects: tuple[str, ...] = (),
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Page:
        return Page(requested or url, url, status, headers or HEADERS, body, clock.now(), 0.2, redirects)

    return make


def noise(size: int, seed: int = 7) -> bytes:
    """Return bytes that do not compress, always the same."""
    return random.Random(seed).randbytes(size)
