"""A public site is watched by the running system: its pages become posts, events and evidence; its silence is told."""

from __future__ import annotations

import gzip
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import MakeSystem
from tests.e2e.harness import System, eventually

PAGES = Path(__file__).parents[1] / "unit" / "ingest" / "extraction" / "pages"
#: saved pages as a portal's list shows them
ARTICLES = {
    "portal": PAGES / "portal.html",
    "gov": PAGES / "government.html",
    "gbk": PAGES / "gbk_era.html",
    "jsonld": PAGES / "jsonld.html",
}


class _Portal:
    """Serves the saved pages and a list of them on 127.0.0.1."""

    def __init__(self) -> None:
        self.log: Counter[str] = Counter()
        self.down = False
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                portal.log[self.path] += 1
                name = self.path.removeprefix("/2026/03/").removesuffix(".html")
                if portal.down:
                    self._send(503, b"")
                elif self.path == "/robots.txt":
                    self._send(200, b"User-agent: *\nAllow: /\n", "text/plain")
                elif self.path == "/news/":
                    items = "".join(f'<li><a href="/2026/03/{slug}.html">{_TITLES[slug]}</a></li>' for slug in ARTICLES)
                    self._send(200, f"<html><meta charset='utf-8'><ul class='news'>{items}</ul></html>".encode())
                elif name in ARTICLES:
                    self._send(200, ARTICLES[name].read_bytes())
                else:
                    self._send(404, b"")

            def _send(self, status: int, body: bytes, kind: str = "text/html") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


_TITLES = {
    "portal": "一条足够长的头条新闻标题放在列表里",
    "gov": "政府网站上的一条公告放在列表里",
    "gbk": "老网站上的一条消息放在列表里面",
    "jsonld": "带结构化数据的一条报道放在列表里",
}


@pytest.fixture
def portal() -> Iterator[_Portal]:
    found = _Portal()
    yield found
    found.close()


def test_a_portal_is_watched_from_its_list_to_posts_and_evidence(make_system: MakeSystem, portal: _Portal) -> None:
    system: System = make_system(HUIYING_ALLOWED_HOSTS="127.0.0.1", HUIYING_HOST_DELAY="0.1")
    system.start()
    client = system.login()
    new = {
        "name": "测试门户",
        "channel": "news",
        "tier": "municipal",
        "url": f"{portal.url}/news/",
        "adapter": "list_page",
        "cadence_minutes": 1,
    }
    shown = client.post("/api/v1/sources/preview", new)
    assert shown["problem"] is None
    assert len(shown["posts"]) == len(ARTICLES), shown["missed"]
    source = client.post("/api/v1/sources", new)
    client.post(f"/api/v1/sources/{source['id']}/fetch")

    def analysed() -> list[dict[str, Any]]:
        found = list(client.items("/api/v1/posts"))
        return found if len(found) == len(ARTICLES) else []

    posts = eventually(analysed, "every article as an analysed post", 180)
    assert {one["source_name"] for one in posts} == {"测试门户"}
    assert all(one["text"] and one["analysis"]["sentiment"]["label"] for one in posts)
    for one in posts:
        [kept] = client.get(f"/api/v1/posts/{one['id']}/evidence")["items"]
        assert kept["problem"] is None
        slug = kept["url"].rpartition("/")[2].removesuffix(".html")
        warc = client.http.get(kept["download"])
        assert warc.headers["content-type"] == "application/warc"
        assert ARTICLES[slug].read_bytes() in gzip.decompress(warc.content)

    # killed in the middle of its rounds, it goes on where it was and fetches nothing twice
    system.kill("ingest")
    client.post(f"/api/v1/sources/{source['id']}/fetch")
    before = portal.log["/news/"]
    eventually(lambda: portal.log["/news/"] > before, "the next look at the list", 180)
    assert all(portal.log[f"/2026/03/{slug}.html"] == 2 for slug in ARTICLES), "once for the preview, once to keep"
    seen = client.get(f"/api/v1/sources/{source['id']}/health")
    assert seen["posts_24h"] == len(ARTICLES)
    assert len(list(client.items("/api/v1/posts"))) == len(ARTICLES)
