"""A web site on the loopback, and the surroundings of a pass, both as real as an adapter can tell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from contracts.words import Channel, Tier
from services.ingest.adapters.protocol import OutOfTime, SourceSpec
from services.ingest.fetching.page import HTML, FetchFailed, FetchProblem, Page

#: 15 June 2026, 11:00 in Shanghai
NOW = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)


@dataclass
class Web:
    """A small site: pages by path with its query, and what was asked of it."""

    base: str = ""
    pages: dict[str, tuple[bytes, dict[str, str], int]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def put(
        self,
        path: str,
        body: str | bytes,
        content_type: str = "text/html; charset=utf-8",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Serve a page; returns its address. With an `etag` among the headers it answers conditional requests."""
        content = body.encode() if isinstance(body, str) else body
        self.pages[path] = (content, {"content-type": content_type, **(headers or {})}, status)
        return self.base + path

    @property
    def paths(self) -> list[str]:
        """Return the paths asked for, in order."""
        return [path for path, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    web: Web

    def do_GET(self) -> None:
        asked = {name.lower(): value for name, value in self.headers.items()}
        self.web.asked.append((self.path, asked))
        body, headers, status = self.web.pages.get(self.path, (b"not here", {"content-type": "text/plain"}, 404))
        if headers.get("etag") and asked.get("if-none-match") == headers["etag"]:
            body, status = b"", 304
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[Web]:
    site = Web()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"web": site}))
    site.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Around:
    """The surroundings of a pass, kept over several: posts become known, state is handed on."""

    source: SourceSpec
    state: Mapping[str, Any] = field(default_factory=dict)
    now: datetime = NOW
    limit: int = 100
    keywords: Sequence[str] = ()
    stored: set[str] = field(default_factory=set)
    #: pages that the pass has time for, and how many of them are half of it
    time_for: int = 10_000
    half: int = 10_000

    def half_spent(self) -> bool:
        """Tell whether half of the pass's time is over."""
        return self.half <= 0

    async def fetch(
        self,
        url: str,
        *,
        accept: str = HTML,
        validators: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Fetch over a real socket, with the fetcher's way of failing."""
        if self.time_for <= 0:
            raise OutOfTime
        self.time_for, self.half = self.time_for - 1, self.half - 1
        conditional = {"etag": "if-none-match", "last-modified": "if-modified-since"}
        wanted = {"accept": accept, **(headers or {})}
        wanted |= {conditional[name]: value for name, value in (validators or {}).items()}
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(url, headers=wanted)
        status = answer.status_code
        if status == 429:
            raise FetchFailed(FetchProblem.RATE_LIMITED, "服务器要求稍后再来", url=url, status=status, retry_after=60)
        if status == 999:
            raise FetchFailed(FetchProblem.ROBOTS, "robots.txt 不允许", url=url)
        if status != 200 and not (status == 304 and validators):
            raise FetchFailed(FetchProblem.HTTP_STATUS, f"服务器返回 {status}", url=url, status=status)
        return Page(url, url, status, dict(answer.headers), answer.content, self.now, 0.01)

    async def known(self, urls: Collection[str]) -> set[str]:
        """Return what was stored."""
        return self.stored & set(urls)

    async def run(self, adapter: Any, **config: Any) -> Any:
        """Let an adapter collect once, store what it brings and keep its state, as a collector does."""
        found = await adapter.collect(adapter.config.model_validate(config), self)
        self.state = found.state
        self.stored |= {draft.url for draft in found.drafts if draft.url}
        return found


@pytest.fixture
def around(web: Web) -> Callable[..., Around]:
    """Return a maker of surroundings for a source at a path of the site."""

    def make(path: str | None, **given: Any) -> Around:
        url = None if path is None else web.base + path
        return Around(SourceSpec("s1", "普洱论坛", url, Channel.FORUM, Tier.SOCIAL), **given)

    return make


@pytest.fixture
def article(web: Web) -> Callable[..., str]:
    """Return a maker of article pages."""

    def make(path: str, title: str, *, when: str = "2026-06-14 09:30", more: str = "") -> str:
        paragraphs = "".join(f"<p>{title}。{sentence}</p>" for sentence in _SENTENCES)
        return web.put(
            path,
            f"<html><head><meta charset=utf-8><title>{title}_云岭新闻网</title></head><body>"
            f"<div class=article><h1>{title}</h1><div class=info><span>{when}</span> 来源：云岭日报</div>"
            f"<div class=content>{paragraphs}{more}</div></div></body></html>",
        )

    return make


_SENTENCES = (
    "六月十四日上午，澜江县召开移民安置工作推进会，通报了新镇安置点房屋验收和补偿款发放的情况，并听取了村民代表的意见。",
    "县搬迁安置办负责人说，第二批补偿款将在本月底之前全部打入各户账户，名单在村务公开栏张贴七天，群众可以当面查询。",
    "有村民在会上提出，新修的入户道路排水不畅，雨后积水影响出行，希望尽快修整；有关部门当场答应一周内派人到现场查看。",
)
