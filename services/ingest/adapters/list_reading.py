"""What a list page lists, by the selectors of its source or by itself, and where its next page is. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborNode

from services.ingest.adapters.addresses import web_address
from services.ingest.adapters.article_pages import Listed
from services.ingest.adapters.markup import one_line, parsed
from services.ingest.adapters.protocol import Miss
from services.ingest.adapters.selectors import stated
from services.ingest.adapters.times import stated_time
from services.ingest.extraction.links import article_links, next_page
from services.ingest.fetching.page import Page


class NothingListed(ValueError):
    """A list page lists nothing; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class ListSelectors:
    """Where a list page keeps its parts. Without `items` the links to articles are found by themselves."""

    items: str | None = None
    link: str | None = None
    title: str | None = None
    time: str | None = None
    next: str | None = None


def read_list(page: Page, selectors: ListSelectors, now: datetime) -> tuple[list[Listed], list[Miss]]:
    """Return the articles that a page lists, in its order, each address once. Raises :class:`NothingListed`."""
    if selectors.items is None:
        links = article_links(page.text, page.url)
        if not links:
            raise NothingListed("没有在页面上找到文章链接；请填写条目选择器 items")
        dates = (stated_time(link.dated, now) if link.dated else None for link in links)
        return [Listed(link.url, link.title, dated=at) for link, at in zip(links, dates, strict=True)], []
    nodes = parsed(page.text).css(selectors.items)
    if not nodes:
        raise NothingListed(f"选择器没有匹配任何条目：items {selectors.items}")
    found: dict[str, Listed] = {}
    misses: list[Miss] = []
    for index, node in enumerate(nodes):
        listed = _listed(node, page.url, selectors, now)
        if listed is None:
            misses.append(Miss(page.url, f"列表第 {index + 1} 条没有链接", f"item {index + 1} of the list has no link"))
        elif listed.url:
            found.setdefault(listed.url, listed)
    if not found:
        wanted = f"link {selectors.link}" if selectors.link else "a[href]"
        raise NothingListed(f"选择器匹配了 {len(nodes)} 个条目，但其中没有链接（{wanted}）")
    return list(found.values()), misses


def following_page(page: Page, selectors: ListSelectors) -> str | None:
    """Return the address of the list's next page, None on its last."""
    if selectors.next is None:
        return next_page(page.text, page.url)
    node = parsed(page.text).css_first(selectors.next)
    if node is None:
        return None
    anchor = node if node.tag == "a" else node.css_first("a[href]")
    return _href(anchor, page.url)


def _listed(node: LexborNode, base: str, selectors: ListSelectors, now: datetime) -> Listed | None:
    anchor: LexborNode | None = node
    if selectors.link is not None:
        anchor = node.css_first(selectors.link)
    elif node.tag != "a":
        anchor = node.css_first("a[href]")
    url = _href(anchor, base)
    if anchor is None or url is None:
        return None
    named = node.css_first(selectors.title) if selectors.title else None
    timed = node.css_first(selectors.time) if selectors.time else None
    return Listed(
        url,
        one_line(named) if named is not None else _title(anchor),
        dated=stated_time(stated(timed), now) if timed is not None else None,
    )


def _title(anchor: LexborNode) -> str:
    # a title that is cut short on the list is whole in the link's attribute
    shown, whole = one_line(anchor), (anchor.attributes.get("title") or "").strip()
    return whole if len(whole) > len(shown) else shown


def _href(anchor: LexborNode | None, base: str) -> str | None:
    href = (anchor.attributes.get("href") or "").strip() if anchor is not None else ""
    if not href or href.startswith("#"):
        return None
    address = web_address(href, base)
    return address.partition("#")[0] if address else None
