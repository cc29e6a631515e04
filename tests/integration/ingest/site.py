"""A small public site on 127.0.0.1 that tests publish on, break, and ask what was fetched."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

_ARTICLE = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{title}_测试县新闻网</title></head>
<body><nav><a href="/">首页</a><a href="/list">要闻</a></nav><article><h1>{title}</h1>
<div class="info">发布时间：{at} 来源：测试县融媒体中心 浏览次数：{reads}</div>
<div class="content">{paragraphs}</div></article><footer>版权所有 测试县新闻网</footer></body></html>"""


@dataclass
class Site:
    """What stands on the site; `log` counts the requests for each path."""

    base: str = ""
    articles: dict[str, tuple[str, str]] = field(default_factory=dict)
    status: int = 200
    log: Counter[str] = field(default_factory=Counter)
    hold: asyncio.Event | None = None
    bare: bool = False
    #: answers by path, as they are
    raw: dict[str, bytes] = field(default_factory=dict)

    def publish(self, slug: str, title: str, *sentences: str) -> str:
        """Put an article on the site; returns its address."""
        self.articles[slug] = (title, "".join(f"<p>{sentence}</p>" for sentence in sentences))
        return f"{self.base}/news/{slug}.html"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.log[request.path] += 1
        if request.path == "/robots.txt":
            return web.Response(text="User-agent: *\nDisallow: /geheim/\n")
        if self.hold is not None:
            await self.hold.wait()
        if self.status != 200:
            return web.Response(status=self.status)
        if request.path in self.raw:
            return web.Response(body=self.raw[request.path], content_type="application/json")
        if request.path == "/rss.xml":
            items = "".join(
                f"<item><title>{title}</title><link>{self.base}/news/{slug}.html</link>"
                "<pubDate>Mon, 02 Mar 2026 07:50:00 +0800</pubDate>"
                f"<description><![CDATA[{body}]]></description></item>"
                for slug, (title, body) in self.articles.items()
            )
            channel = f"<channel><title>测试</title>{items}</channel>"
            text = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0">{channel}</rss>'
            return web.Response(text=text, content_type="application/rss+xml")
        if request.path == "/list":
            links = "".join(
                f'<li><a href="/news/{slug}.html">{title}</a><span>2026-03-02</span></li>'
                for slug, (title, _) in self.articles.items()
            )
            return web.Response(
                text=f"<html><body><ul class='list'>{links}</ul></body></html>", content_type="text/html"
            )
        slug = request.path.removeprefix("/news/").removesuffix(".html")
        if slug not in self.articles:
            return web.Response(status=404)
        title, body = self.articles[slug]
        if self.bare:
            return web.Response(text="<html><body></body></html>", content_type="text/html")
        page = _ARTICLE.format(title=title, at="2026-03-02 07:50", reads="1.2万", paragraphs=body)
        return web.Response(text=page, content_type="text/html")


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    """Serve a site for as long as the block lasts."""
    site = Site()
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]] = site.answer
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    port = runner.addresses[0][1]
    site.base = f"http://127.0.0.1:{port}"
    try:
        yield site
    finally:
        if site.hold is not None:
            site.hold.set()
        await runner.cleanup()
