"""What a feed lists: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0 by feedparser, JSON Feed by hand. No I/O."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import feedparser

from services.ingest.adapters.addresses import web_address
from services.ingest.adapters.markup import plain_text
from services.ingest.adapters.times import stated_time, unskewed
from services.ingest.fetching.decoding import decode
from services.ingest.fetching.page import FetchFailed
from services.ingest.fetching.xml import checked_xml

#: XML 1.0 allows no other control characters; one of them makes a strict parser give up
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_FEED_ROOT: Final = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_OFFERED: Final = re.compile(r"<link\b[^>]*application/(?:rss\+xml|atom\+xml|feed\+json)[^>]*>", re.IGNORECASE)
_HREF: Final = re.compile(r"""href\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)


class NotAFeed(ValueError):
    """What came is no feed, or one that is not read; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed. `text` is plain text: the content in full where the feed carries it, else its summary."""

    id: str
    url: str | None
    title: str
    text: str
    published_at: datetime | None
    author: str | None = None
    #: the outlet that the entry names as its origin (RSS `source`, Atom `source/title`)
    outlet: str | None = None
    counters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as read: its format (`rss20`, `atom10`, `json11` …), its title, its entries in their order."""

    version: str
    title: str
    entries: tuple[Entry, ...]


def read_feed(body: bytes, content_type: str, url: str, now: datetime) -> Feed:
    """Return what a feed says; relative addresses are taken from `url`. Raises :class:`NotAFeed`."""
    text = decode(body, content_type).lstrip("\ufeff \t\r\n")
    feed = _read_json(text, url, now) if text.startswith("{") else _read_xml(body, content_type, text, url, now)
    times = unskewed([entry.published_at for entry in feed.entries], now)
    entries = tuple(replace(entry, published_at=at) for entry, at in zip(feed.entries, times, strict=True))
    return replace(feed, entries=entries)


def _read_xml(body: bytes, content_type: str, text: str, url: str, now: datetime) -> Feed:
    if not text:
        raise NotAFeed("内容为空，不是订阅源")
    if not _FEED_ROOT.search(text[:20_000]):
        raise NotAFeed(_what_instead(text, url))
    try:
        checked = checked_xml(body, content_type)
    except FetchFailed as failure:
        raise NotAFeed(f"XML 文档头不安全，拒绝解析（{failure.detail}）") from None
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    # markup becomes plain text here, so that feedparser need not make it safe for a browser, which is slow
    parsed = feedparser.parse(
        io.BytesIO(_CONTROLS.sub(b"", checked)),
        response_headers=headers,
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.version and not parsed.entries:
        raise NotAFeed(f"不是可识别的 RSS 或 Atom：{str(parsed.get('bozo_exception') or '没有任何条目')[:60]}")
    entries = tuple(_entry(item, url, now) for item in parsed.entries)
    if parsed.version.startswith("atom"):
        # an Atom entry without an author has its feed's (RFC 4287, 4.2.1)
        author = _author(parsed.feed)
        entries = tuple(replace(entry, author=entry.author or author) for entry in entries)
    return Feed(parsed.version or "unknown", plain_text(parsed.feed.get("title", "")), entries)


def _entry(item: Any, base: str, now: datetime) -> Entry:
    contents = [plain_text(part.get("value", "")) for part in item.get("content", ())]
    bodies = [*contents, plain_text(item.get("summary", ""))]
    stated = (item[name] for name in ("published", "created", "updated") if name in item)
    times = (stated_time(value, now) for value in stated if value)
    source = item.get("source") or {}
    return Entry(
        id=str(item.get("id") or ""),
        url=web_address(item.get("link"), base) or _permalink(item.get("id"), base),
        title=" ".join(plain_text(item.get("title", "")).split()),
        text=max(bodies, key=len),
        published_at=next((at for at in times if at), None),
        author=_author(item),
        outlet=plain_text(source.get("title", "")) or None,
        counters=_counters(item, base),
    )


def _author(item: Any) -> str | None:
    detail = item.get("author_detail") or {}
    name = detail.get("name") or item.get("author") or ""
    # RSS 2.0 writes "mail@example.org (name)"
    if found := re.search(r"@[^()]*\(([^()]+)\)", name):
        name = found[1]
    return " ".join(plain_text(name).split())[:200] or None


def _counters(item: Any, base: str) -> dict[str, int]:
    """Return the public totals that an entry states.

    RSS: `slash:comments`; threading extension (RFC 4685): `thr:total`; RSSHub's own: `comments`, `upvotes`.
    """
    found: dict[str, int] = {}
    for name, keys in (("comments", ("slash_comments", "thr_total", "comments")), ("likes", ("upvotes",))):
        for key in keys:
            value = str(item.get(key) or "").strip()
            tail = value.rpartition("/")[2]
            # feedparser takes `comments` for an address, and makes "7" one
            figure = tail if key == "comments" and value == web_address(tail, base) else value
            if figure.isdecimal() and len(figure) <= 12:
                found[name] = int(figure)
                break
    return found


def _permalink(value: Any, base: str) -> str | None:
    """Return an id that is an address itself; `tag:` and `urn:` are none."""
    return web_address(value, base) if str(value or "").startswith(("http://", "https://")) else None


def _what_instead(text: str, url: str) -> str:
    if "<html" not in text[:5000].lower() and "<!doctype html" not in text[:5000].lower():
        return "内容不是 RSS、Atom 或 JSON Feed"
    offered = [found[1] for tag in _OFFERED.findall(text[:200_000]) if (found := _HREF.search(tag))]
    addresses = [address for href in offered if (address := web_address(href, url))]
    if addresses:
        return f"这是网页，不是订阅源；页面声明的订阅源：{'、'.join(addresses[:3])}"
    return "这是网页，不是订阅源，页面也没有声明订阅源；可改用列表页适配器 list_page"


def _read_json(text: str, url: str, now: datetime) -> Feed:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAFeed(f"不是有效的 JSON：{str(error)[:60]}") from None
    version = re.fullmatch(r"https?://jsonfeed\.org/version/(\d)(?:\.(\d))?", str(document.get("version", "")))
    items = document.get("items")
    if version is None or not isinstance(items, list):
        raise NotAFeed("是 JSON，但不是 JSON Feed（缺少 version 或 items）；可改用 JSON 接口适配器 json_api")
    base = web_address(document.get("home_page_url"), url) or url
    entries = tuple(_json_entry(item, document, base, now) for item in items if isinstance(item, dict))
    return Feed(f"json{version[1]}{version[2] or '0'}", _text(document.get("title")), entries)


def _json_entry(item: Mapping[str, Any], document: Mapping[str, Any], base: str, now: datetime) -> Entry:
    # content_text is plain as it stands: "<" in it is no markup
    bodies = [_text(item.get("content_text")), plain_text(_text(item.get("content_html")))]
    times = (stated_time(item.get(name), now) for name in ("date_published", "date_modified"))
    return Entry(
        id=_text(item.get("id")),
        url=web_address(item.get("url"), base) or _permalink(item.get("id"), base),
        title=" ".join(_text(item.get("title")).split()),
        text=max(bodies, key=len) or plain_text(_text(item.get("summary"))),
        published_at=next((at for at in times if at), None),
        author=_json_author(item) or _json_author(document),
    )


def _json_author(holder: Mapping[str, Any]) -> str | None:
    # `author` is version 1.0's, `authors` 1.1's
    authors = holder.get("authors") if isinstance(holder.get("authors"), list) else [holder.get("author")]
    names = [_text(one.get("name")) for one in authors or () if isinstance(one, dict)]
    return next((name for name in names if name), None)


def _text(value: Any) -> str:
    if isinstance(value, str):
        # halves of surrogate pairs, which JSON can hold and UTF-8 cannot
        return value.encode("utf-8", "ignore").decode().strip()
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
