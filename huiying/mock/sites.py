"""A small web site on 127.0.0.1 that the mock's sources collect from and its webhooks call: nothing goes outside."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_ITEMS: Final = (
    ("普洱示例网：市里召开秋季农产品产销会", "来自十个县区的合作社带来咖啡、茶叶和水果，现场签约（示例）。"),
    ("普洱示例网：本周天气以多云为主", "气象部门提醒，早晚温差较大，注意添衣（示例）。"),
    ("普洱示例网：城区公交增开夜班车", "三条线路延长到晚上十点，站牌已经更新（示例）。"),
)


class Site:
    """Serves feeds, one of them broken, and takes in webhooks, some of which it refuses."""

    def __init__(self, port: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/feed.xml":
                    self._answer(200, _feed().encode(), "application/rss+xml")
                elif self.path == "/empty.xml":
                    self._answer(200, _feed(items=0).encode(), "application/rss+xml")
                elif self.path == "/robots.txt":
                    self._answer(200, b"User-agent: *\nAllow: /\n", "text/plain")
                else:
                    self._answer(404, b"", "text/plain")

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self._answer(204 if self.path.startswith("/sink") else 500, b"", "text/plain")

            def _answer(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                if status != 204:
                    self.send_header("Content-Type", f"{kind}; charset=utf-8")
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_port)
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _feed(items: int = len(_ITEMS)) -> str:
    """Write an RSS feed whose items are a day old at most."""
    now = datetime.now(UTC)
    entries = "".join(
        f"<item><title>{title}</title><link>https://news.example.com/puer/{number}.html</link>"
        f"<description>{text}</description>"
        f"<pubDate>{format_datetime(now - timedelta(hours=3 * number + 1))}</pubDate></item>"
        for number, (title, text) in enumerate(_ITEMS[:items])
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>普洱示例网</title>'
        f"<link>https://news.example.com</link><description>示例</description>{entries}</channel></rss>"
    )
