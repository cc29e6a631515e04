"""What the soak's site publishes, as feeds, lists, JSON, sitemaps, hot lists and articles."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime
from functools import lru_cache

from bench.crawl_parts.prose import headline, prose
from bench.soak_parts.plan import PER_PAGE, Kind, Plan, Planned

_BEIJING = "%Y-%m-%dT%H:%M:%SZ"
_KINDS = {
    Kind.FEED: "application/rss+xml; charset=utf-8",
    Kind.FEED_PAGES: "application/rss+xml; charset=utf-8",
    Kind.LIST: "text/html; charset=utf-8",
    Kind.API: "application/json",
    Kind.SITEMAP: "application/xml",
    Kind.HOT: "application/json",
}


def kind_of(source: Planned) -> str:
    """Return the Content-Type of a source's entry."""
    return _KINDS[source.kind]


def title(source: Planned, number: int) -> str:
    """Return a post's title."""
    return headline(f"soak/{source.index}/{number}")


@lru_cache(maxsize=4096)
def text(source: Planned, number: int) -> str:
    """Return a post's text, paragraphs parted by line ends."""
    whole = prose(f"soak/{source.index}/{number}", 420)
    return "\n".join((whole[:150], whole[150:300], whole[300:]))


def moment(plan: Plan, seconds: float) -> str:
    """Return an instant of the service's clock, as ISO 8601 in UTC."""
    at = plan.epoch + seconds * plan.speed
    return datetime.fromtimestamp(at, UTC).strftime(_BEIJING)


def article(plan: Plan, source: Planned, number: int, *, empty: bool) -> bytes:
    """Return a post's page; `empty`: its frame without the text, as after a change of the site's markup."""
    paragraphs = "" if empty else "".join(f"<p>{line}</p>" for line in text(source, number).split("\n"))
    heading = html.escape(title(source, number))
    at = moment(plan, source.published(number)).replace("T", " ").rstrip("Z")
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{heading}</title></head><body>
<div class="nav"><a href="/">首页</a><a href="{source.entry}">要闻</a><a href="/about.html">关于我们</a></div>
<div class="article"><h1>{heading}</h1><div class="info">发布时间：{at}</div>
<div class="content">{paragraphs}</div></div>
<div class="footer"><a href="/contact.html">联系我们</a></div></body></html>""".encode()


def entry(plan: Plan, source: Planned, there: int, page: int, base: str) -> bytes:
    """Return what a source's entry shows while `there` posts are published, the newest first; `page` counts from 1."""
    newest = list(range(there))[::-1]
    if source.kind is Kind.SITEMAP:
        return _sitemap(plan, source, newest, base)
    if source.kind is Kind.HOT:
        return _hot(source, newest[:40], base)
    if source.kind in (Kind.FEED, Kind.FEED_PAGES):
        return _feed(plan, source, newest, base)
    span = newest[(page - 1) * PER_PAGE : page * PER_PAGE]
    if source.kind is Kind.API:
        return _api(plan, source, span, base)
    return _list(plan, source, span, page, more=len(newest) > page * PER_PAGE)


def _feed(plan: Plan, source: Planned, numbers: list[int], base: str) -> bytes:
    whole = source.kind is Kind.FEED
    items = "".join(
        f"<item><title>{title(source, number)}</title><link>{base}{source.article(number)}</link>"
        f"<guid>{base}{source.article(number)}</guid><pubDate>{_rfc822(plan, source.published(number))}</pubDate>"
        + (f"<description>{html.escape(text(source, number))}</description>" if whole else "")
        + "</item>"
        for number in numbers
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{source.name}</title>'
        f"<link>{base}/</link><description>{source.name}</description>{items}</channel></rss>"
    ).encode()


def _list(plan: Plan, source: Planned, numbers: list[int], page: int, *, more: bool) -> bytes:
    items = "".join(
        f'<li><a href="{source.article(number)}">{title(source, number)}</a>'
        f"<span>{moment(plan, source.published(number))[:10]}</span></li>"
        for number in numbers
    )
    following = f'<a class="next" href="/s{source.index}/list/index_{page + 1}.html">下一页</a>' if more else ""
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>要闻</title></head><body>
<div class="nav"><a href="/">首页</a><a href="/about.html">关于我们</a></div>
<ul class="news-list">{items}</ul><div class="pages">{following}</div></body></html>""".encode()


def _api(plan: Plan, source: Planned, numbers: list[int], base: str) -> bytes:
    entries = [
        {
            "url": base + source.article(number),
            "title": title(source, number),
            "content": text(source, number),
            "time": moment(plan, source.published(number)),
            "reads": 100 + number,
        }
        for number in numbers
    ]
    return json.dumps({"code": 0, "data": {"list": entries}}, ensure_ascii=False).encode()


def _sitemap(plan: Plan, source: Planned, numbers: list[int], base: str) -> bytes:
    urls = "".join(
        f"<url><loc>{base}{source.article(number)}</loc>"
        f"<lastmod>{moment(plan, source.published(number))}</lastmod></url>"
        for number in numbers
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    ).encode()


def _hot(source: Planned, numbers: list[int], base: str) -> bytes:
    items = [
        {
            "id": str(number),
            "title": title(source, number),
            "url": base + source.article(number),
            "extra": {"info": f"{1000 - rank}万热度"},
        }
        for rank, number in enumerate(numbers)
    ]
    return json.dumps({"status": "success", "id": f"s{source.index}", "items": items}, ensure_ascii=False).encode()


def _rfc822(plan: Plan, seconds: float) -> str:
    at = datetime.fromtimestamp(plan.epoch + seconds * plan.speed, UTC)
    return at.strftime("%a, %d %b %Y %H:%M:%S GMT")
