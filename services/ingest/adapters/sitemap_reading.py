"""What a sitemap lists, by sitemaps.org and Google's news extension: XML, plain text, gzip. No I/O."""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from services.ingest.adapters.addresses import web_address
from services.ingest.adapters.times import stated_time
from services.ingest.fetching.page import FetchFailed
from services.ingest.fetching.xml import checked_xml

#: sitemaps.org: a sitemap holds at most 50,000 addresses and 50 MB uncompressed
_MOST_LOCATIONS: Final = 50_000
_MOST_BYTES: Final = 52_428_800
_GZIP: Final = b"\x1f\x8b"


class NotASitemap(ValueError):
    """What came is no sitemap; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Location:
    """An address in a sitemap. `title` and `published_at` are the news extension's word."""

    url: str
    modified_at: datetime | None = None
    title: str = ""
    published_at: datetime | None = None
    outlet: str | None = None

    @property
    def at(self) -> datetime | None:
        """Return the time that says how new it is: publication, else last change."""
        return self.published_at or self.modified_at


@dataclass(frozen=True, slots=True)
class Sitemap:
    """A sitemap as read: `pages`, or, for an index, `sitemaps`."""

    pages: tuple[Location, ...] = ()
    sitemaps: tuple[Location, ...] = ()


def read_sitemap(body: bytes, content_type: str, url: str, now: datetime) -> Sitemap:
    """Return what a sitemap lists; a DTD, and a body over 50 MB, are refused. Raises :class:`NotASitemap`."""
    plain = _unpacked(body)
    head = plain[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if re.match(rb"https?://", head):
        lines = plain.decode("utf-8", "replace").lstrip("\ufeff").split()
        addresses = (web_address(line, url) for line in lines[:_MOST_LOCATIONS])
        return Sitemap(tuple(Location(address) for address in addresses if address))
    if not head.startswith(b"<"):
        raise NotASitemap("内容不是站点地图：既不是 XML，也不是网址列表")
    try:
        return _read_xml(checked_xml(plain, content_type), url, now)
    except FetchFailed as failure:
        raise NotASitemap(f"XML 文档头不安全，拒绝解析（{failure.detail}）") from None


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, _MOST_BYTES)
    except zlib.error as error:
        raise NotASitemap(f"gzip 解压失败：{error}") from None
    if unpacker.unconsumed_tail:
        raise NotASitemap("解压后超过 50 MB，超出站点地图规范的上限")
    return plain


def _read_xml(plain: bytes, url: str, now: datetime) -> Sitemap:
    pages: list[Location] = []
    sitemaps: list[Location] = []
    root = ""
    # recovering: an unescaped & in an address is common and loses that address alone
    parser = etree.iterparse(
        io.BytesIO(plain),
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        recover=True,
    )
    try:
        for event, element in parser:
            name = _local(element)
            if event == "start":
                root = root or _checked_root(name)
                continue
            if name in ("url", "sitemap"):
                location = _location(element, url, now)
                if location:
                    (pages if name == "url" else sitemaps).append(location)
                _let_go(element)
            if len(pages) + len(sitemaps) >= _MOST_LOCATIONS:
                break
    except etree.XMLSyntaxError as error:
        if not pages and not sitemaps:
            raise NotASitemap(f"XML 无法解析：{str(error)[:60]}") from None
    if root not in ("urlset", "sitemapindex"):
        raise NotASitemap("内容为空，不是站点地图")
    return Sitemap(tuple(pages), tuple(sitemaps))


def _checked_root(name: str) -> str:
    if name in ("rss", "feed", "RDF"):
        raise NotASitemap("这是订阅源，不是站点地图；请改用订阅源适配器 feed")
    if name not in ("urlset", "sitemapindex"):
        raise NotASitemap(f"内容不是站点地图：根元素是 <{name[:40]}>")
    return name


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _let_go(element: etree._Element) -> None:
    element.clear()
    while (before := element.getprevious()) is not None:
        parent = before.getparent()
        if parent is None:
            break
        parent.remove(before)


def _location(element: etree._Element, base: str, now: datetime) -> Location | None:
    values: dict[str, str] = {}
    for inner in element.iter():
        if isinstance(inner.tag, str) and inner.text and inner.text.strip():
            # image:loc and image:title lie deeper than the page's own, which come first
            values.setdefault(_qualified(inner), inner.text.strip())
    address = web_address(values.get("loc", ""), base)
    if address is None:
        return None
    return Location(
        address,
        stated_time(values.get("lastmod"), now),
        " ".join(values.get("news:title", "").split()),
        stated_time(values.get("news:publication_date"), now),
        values.get("news:name"),
    )


def _qualified(element: etree._Element) -> str:
    space, _, name = str(element.tag).rpartition("}")
    if "sitemap-news" in space:
        return f"news:{name}"
    return name if not space or "sitemaps.org" in space or "google.com/schemas/sitemap/" in space else f"other:{name}"
