"""The site that is crawled: hosts on 127.0.0.0/8 with a list of two pages or more and the articles that it links.

    python -m bench.crawl_parts.site --folder EXTRACT --port 8000 --hosts 200 --pages 5000

Everything is made before the first answer; then it prints `ready` and serves until SIGTERM. At SIGUSR1 it prints as a
line of JSON what it was asked for since the last time, with the instants of the first and the last request.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import signal
from collections import Counter
from pathlib import Path
from typing import Final

from bench.crawl_parts.answering import Ask, answer, not_modified, serve
from bench.crawl_parts.prose import headline
from bench.crawl_parts.templates import Template, templates

#: entries of one list page
LISTED: Final = 15
_FIRST_DAY: Final = 1


def host(number: int) -> str:
    """Return the address of a host, counted from 0."""
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


def article_path(number: int) -> str:
    """Return where a host's article lies, counted from 0."""
    return f"/news/202611/t202611{_FIRST_DAY + number % 20:02d}_{1000 + number}.html"


def list_path(page: int) -> str:
    """Return where a page of a host's list lies, counted from 0."""
    return "/news/" if page == 0 else f"/news/index_{page}.html"


class Site:
    """All pages of all hosts. Articles are joined from their moulds when they are asked for."""

    def __init__(self, moulds: list[Template], hosts: int, pages: int) -> None:
        self.asked: Counter[str] = Counter()
        self._whole: dict[tuple[str, str], tuple[str, bytes]] = {}
        self._articles: dict[tuple[str, str], tuple[str, Template, tuple[bytes, ...]]] = {}
        self._first = self._last = 0.0
        for number in range(hosts):
            # what does not divide evenly goes to the first hosts
            self._make(number, moulds, pages // hosts + (number < pages % hosts))

    def _make(self, number: int, moulds: list[Template], articles: int) -> None:
        at = host(number)
        titles = [headline(f"title/{number}/{index}") for index in range(articles)]
        for index, title in enumerate(titles):
            mould = moulds[(number * articles + index) % len(moulds)]
            seed = f"page/{number}/{index}"
            self._articles[at, article_path(index)] = (_etag(seed), mould, mould.fill(seed, title))
        last = max(0, (articles - 1) // LISTED)
        for page in range(last + 1):
            span = range(page * LISTED, min(articles, (page + 1) * LISTED))
            body = _list(number, [(article_path(index), titles[index]) for index in span], page, last)
            etag = _etag(body)
            whole = answer(body.encode(), ETag=etag, Last_Modified="Mon, 02 Nov 2026 08:00:00 GMT")
            self._whole[at, list_path(page)] = (etag, whole)
        rules = "User-agent: *\nDisallow: /admin/\n" + ("Crawl-delay: 0\n" if number % 2 else "")
        self._whole[at, "/robots.txt"] = (_etag(rules), answer(rules.encode(), "text/plain"))

    def handle(self, ask: Ask) -> bytes:
        """Answer a request."""
        self._first = self._first or ask.at
        self._last = ask.at
        place = ask.host, ask.path
        if (article := self._articles.get(place)) is not None:
            etag, mould, filled = article
            if ask.headers.get("if-none-match") == etag:
                return self._counted("article 304", not_modified(etag))
            return self._counted("article", answer(mould.page(filled), ETag=etag))
        if (whole := self._whole.get(place)) is None:
            return self._counted("not found", answer(b"not here", "text/plain", status=404))
        kind = "robots" if ask.path == "/robots.txt" else "list"
        if ask.headers.get("if-none-match") == whole[0]:
            return self._counted(f"{kind} 304", not_modified(whole[0]))
        return self._counted(kind, whole[1])

    def tell(self) -> None:
        """Print what was asked for, and forget it."""
        print(json.dumps({**self.asked, "first": self._first, "last": self._last}), flush=True)
        self.asked.clear()
        self._first = self._last = 0.0

    def _counted(self, kind: str, whole: bytes) -> bytes:
        self.asked[kind] += 1
        return whole


def _list(number: int, entries: list[tuple[str, str]], page: int, last: int) -> str:
    lines = "\n".join(
        f'<li><a href="{path}" title="{title}">{title}</a><span>2026-11-{path[20:22]}</span></li>'
        for path, title in entries
    )
    turn = f'<a class="next" href="{list_path(page + 1)}">下一页</a>' if page < last else "<span>下一页</span>"
    return f"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>要闻 - 第{number + 1}门户网</title></head><body>
<div class="nav"><a href="/">首页</a> <a href="/news/">要闻</a> <a href="/about.html">关于</a></div>
<div class="main"><ul class="news-list">
{lines}
</ul><div class="pages">{turn} <a href="{list_path(last)}">尾页</a></div></div>
<div class="footer"><a href="/contact.html">联系我们</a> <a href="/sitemap.html">网站地图</a></div>
</body></html>"""


def _etag(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


async def _run(options: argparse.Namespace) -> None:
    site = Site(templates(options.folder), options.hosts, options.pages)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, site.tell)
    server = await serve(site.handle, options.port)
    print("ready", flush=True)
    await stop.wait()
    server.close()


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--hosts", type=int, required=True)
    parser.add_argument("--pages", type=int, required=True)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
