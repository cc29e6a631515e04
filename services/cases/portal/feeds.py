"""Published statements as JSON Feed 1.1, RSS 2.0 and Atom (RFC 4287), in pages after RFC 5005.

Ids are `urn:uuid:…` (JSON Feed: the bare id, as ever): they stay the same when the site gets another name.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lxml import etree

from services.cases.portal.site import Site
from services.cases.portal.statements import PublicStatementOut
from services.cases.portal.times import rfc822, rfc3339

JSON_FEED: Final = "application/feed+json"
RSS: Final = "application/rss+xml"
ATOM: Final = "application/atom+xml"

_ATOM: Final = "http://www.w3.org/2005/Atom"
_DC: Final = "http://purl.org/dc/elements/1.1/"
#: what XML 1.0 cannot hold (section 2.2)
_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: minutes for which a reader may keep the feed (RSS); the Cache-Control header is finer
_KEEP_MINUTES: Final = 5


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One page of the list. `modified`: when anything of the whole list changed last."""

    site: Site
    items: Sequence[PublicStatementOut]
    modified: datetime
    own_url: str
    first_url: str
    html_url: str
    next_url: str | None = None
    previous_url: str | None = None

    def links(self) -> list[tuple[str, str]]:
        """Return the page's neighbours as RFC 5005 names them."""
        found = [("first", self.first_url), ("previous", self.previous_url), ("next", self.next_url)]
        return [(relation, url) for relation, url in found if url]


def json_feed(page: FeedPage) -> bytes:
    """Return a JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    site = page.site
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.title,
        "home_page_url": page.html_url,
        "feed_url": page.own_url,
        "language": "zh-CN",
        "authors": [{"name": site.publisher}],
        "items": [_json_item(one) for one in page.items],
    }
    if site.words.logo:
        feed["icon"] = site.words.logo
    if page.next_url is not None:
        feed["next_url"] = page.next_url
    if page.previous_url is not None:
        feed["_previous_url"] = page.previous_url
    return json.dumps(feed, ensure_ascii=False, separators=(",", ":")).encode()


def _json_item(one: PublicStatementOut) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": one.id,
        "url": one.url,
        "title": one.marked_title,
        "content_text": one.text,
        "content_html": content(one),
        "date_published": one.published_at.isoformat(),
        "_disclosure": one.disclosure.model_dump(),
        "_state": one.state,
        "_kind": one.kind,
    }
    if one.themes:
        item["tags"] = one.themes
    if one.publisher:
        item["authors"] = [{"name": one.publisher}]
    if said := one.notices():
        item["summary"] = "".join(said)
    if one.modified_at != one.published_at:
        item["date_modified"] = one.modified_at.isoformat()
    if one.withdrawn_at is not None:
        item["_withdrawn"] = {"at": one.withdrawn_at.isoformat(), "reason": one.withdrawn_reason}
    if one.corrects is not None:
        item["_corrects"] = {**one.corrects.model_dump(), "reason": one.correction_reason}
    if one.corrected_by is not None:
        item["_corrected_by"] = {**one.corrected_by.model_dump(), "reason": one.corrected_reason}
    return item


def rss(page: FeedPage) -> bytes:
    """Return RSS 2.0 as the RSS Advisory Board's best practices profile wants it."""
    site = page.site
    root = etree.Element("rss", version="2.0", nsmap={"atom": _ATOM, "dc": _DC})
    channel = etree.SubElement(root, "channel")
    _put(channel, "title", site.title)
    _put(channel, "link", page.html_url)
    _put(channel, "description", f"{site.publisher}发布、更正和撤回的信息")
    _put(channel, "language", "zh-cn")
    _put(channel, "lastBuildDate", rfc822(page.modified))
    _put(channel, "docs", "https://www.rssboard.org/rss-specification")
    _put(channel, "generator", "Huiying")
    _put(channel, "ttl", str(_KEEP_MINUTES))
    etree.SubElement(channel, f"{{{_ATOM}}}link", href=page.own_url, rel="self", type=RSS)
    for relation, url in page.links():
        etree.SubElement(channel, f"{{{_ATOM}}}link", href=url, rel=relation, type=RSS)
    for one in page.items:
        item = etree.SubElement(channel, "item")
        _put(item, "title", one.marked_title)
        _put(item, "link", one.url)
        _put(item, "description", content(one))
        _put(item, f"{{{_DC}}}creator", one.publisher or site.publisher)
        for theme in one.themes:
            _put(item, "category", theme)
        _put(item, "guid", f"urn:uuid:{one.id}").set("isPermaLink", "false")
        _put(item, "pubDate", rfc822(one.published_at))
        _put(item, f"{{{_ATOM}}}updated", rfc3339(one.modified_at))
    return _written(root)


def atom(page: FeedPage) -> bytes:
    """Return an Atom feed (RFC 4287)."""
    site = page.site
    root = etree.Element(_a("feed"), nsmap={None: _ATOM})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", "zh-CN")
    _put(root, _a("id"), page.first_url)
    _put(root, _a("title"), site.title)
    _put(root, _a("updated"), rfc3339(page.modified))
    _put(etree.SubElement(root, _a("author")), _a("name"), site.publisher)
    if site.words.logo:
        _put(root, _a("logo"), site.words.logo)
    _put(root, _a("generator"), "Huiying")
    etree.SubElement(root, _a("link"), href=page.own_url, rel="self", type=ATOM)
    etree.SubElement(root, _a("link"), href=page.html_url, rel="alternate", type="text/html")
    for relation, url in page.links():
        etree.SubElement(root, _a("link"), href=url, rel=relation, type=ATOM)
    for one in page.items:
        entry = etree.SubElement(root, _a("entry"))
        _put(entry, _a("id"), f"urn:uuid:{one.id}")
        _put(entry, _a("title"), one.marked_title)
        _put(entry, _a("published"), rfc3339(one.published_at))
        _put(entry, _a("updated"), rfc3339(one.modified_at))
        _put(etree.SubElement(entry, _a("author")), _a("name"), one.publisher or site.publisher)
        etree.SubElement(entry, _a("link"), href=one.url, rel="alternate", type="text/html")
        for linked in (one.corrects, one.corrected_by):
            if linked is not None:
                etree.SubElement(entry, _a("link"), href=linked.url, rel="related", title=_legal(linked.title))
        for theme in one.themes:
            etree.SubElement(entry, _a("category"), term=_legal(theme))
        if said := one.notices():
            _put(entry, _a("summary"), "".join(said))
        _put(entry, _a("content"), content(one)).set("type", "html")
    return _written(root)


def content(one: PublicStatementOut) -> str:
    """Return a statement's text as HTML, behind what must be said before it."""
    said = [f"<p><strong>{html.escape(notice)}</strong></p>" for notice in one.notices()]
    told = [f"<p>{html.escape(line.strip())}</p>" for line in one.text.splitlines() if line.strip()]
    return "".join([*said, *told])


def _a(name: str) -> str:
    return f"{{{_ATOM}}}{name}"


def _put(parent: etree._Element, name: str, text: str) -> etree._Element:
    made = etree.SubElement(parent, name)
    made.text = _legal(text)
    return made


def _legal(text: str) -> str:
    return _ILLEGAL.sub("", text)


def _written(root: etree._Element) -> bytes:
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return written
