"""What a page declares about itself for machines: meta tags, JSON-LD, microdata. Declared is not yet believed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.ingest.extraction.document import Element, shown, squeeze

#: levels of nesting and number of nodes that are followed in JSON-LD
_DEPTH: Final = 12
_NODES: Final = 2_000
#: characters of one JSON-LD script that are read
_SCRIPT: Final = 500_000
_ARTICLES: Final = re.compile(r"article|posting|report|webpage|creativework|blog", re.I)
_RAW_CONTROL: Final = re.compile(r"[\x00-\x1f]+")
_TRAILING_COMMA: Final = re.compile(r",\s*([}\]])")

TITLE_NAMES: Final = ("articletitle", "og:title", "twitter:title", "dc.title", "title", "headline")
TIME_NAMES: Final = (
    "article:published_time", "og:article:published_time", "datepublished", "pubdate", "publishdate", "publish_date",
    "publish-date", "publishtime", "published_time", "apub:time", "og:published_time", "bytedance:published_time",
    "article:create_at", "weibo: article:create_at", "dc.date.issued", "dc.date", "dcterms.created", "og:release_date",
    "firstpublishedtime", "release_date", "createtime", "date", "others",
)  # fmt: skip
#: times of a change: better than none, and said by pages that name no other
CHANGE_NAMES: Final = ("dateupdate", "datemodified", "article:modified_time", "og:updated_time", "lastmodified")
AUTHOR_NAMES: Final = ("og:article:author", "article:author", "author", "dc.creator", "byl")
SOURCE_NAMES: Final = ("contentsource", "source", "article:source", "mediaid", "newssource", "copyrightholder")


@dataclass(frozen=True, slots=True)
class Declared:
    """What the page declares: meta names in lower case, JSON-LD nodes in the page's order, microdata by property."""

    meta: Mapping[str, str] = field(default_factory=dict)
    nodes: Sequence[Mapping[str, Any]] = ()
    properties: Mapping[str, str] = field(default_factory=dict)

    def first(self, names: Sequence[str]) -> str:
        """Return the first meta tag of these names that says something, or ''."""
        return next((self.meta[name] for name in names if self.meta.get(name)), "")

    @property
    def article(self) -> Mapping[str, Any]:
        """Return the JSON-LD node that describes the article, or an empty one."""
        for node in self.nodes:
            if kind_of(node) and _ARTICLES.search(kind_of(node)) and said(node, "headline", "datePublished", "title"):
                return node
        # Baidu's form (cambrian.jsonld) has no type
        return next((node for node in self.nodes if node.get("pubDate") and node.get("title")), {})


def declared(root: Element) -> Declared:
    """Read what the page declares about itself."""
    meta: dict[str, str] = {}
    nodes: list[Mapping[str, Any]] = []
    properties: dict[str, str] = {}
    for element in root.iter("meta", "script"):
        if element.tag == "script":
            if "ld+json" in (element.get("type") or "").lower():
                nodes.extend(_nodes(element.text or ""))
            continue
        name = (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
        content = squeeze(element.get("content") or "")
        if name and content:
            meta.setdefault(name, content)
    for element in root.xpath("//*[@itemprop]"):
        name = (element.get("itemprop") or "").strip().lower()
        if name in _PROPERTIES and name not in properties:
            value = element.get("content") or element.get("datetime") or shown(element)
            if squeeze(value):
                properties[name] = squeeze(value)
    return Declared(meta, nodes, properties)


_PROPERTIES: Final = frozenset(("headline", "datepublished", "datecreated", "author", "publisher", "name"))


def kind_of(node: Mapping[str, Any]) -> str:
    """Return a node's type; several in one string."""
    kind = node.get("@type") or ""
    return " ".join(str(one) for one in kind) if isinstance(kind, list) else str(kind)


def said(node: Mapping[str, Any], *names: str) -> str:
    """Return the first of these properties that is a word, a named thing, or a list that begins with one; else ''."""
    for name in names:
        value = _word(node.get(name))
        if value:
            return value
    return ""


def _word(value: Any) -> str:
    if isinstance(value, list):
        return next((word for word in map(_word, value[:5]) if word), "")
    if isinstance(value, dict):
        return _word(value.get("name") or value.get("@value"))
    return squeeze(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _nodes(script: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a JSON-LD script, outer before inner; a script that is not JSON has none."""
    text = _TRAILING_COMMA.sub(r"\1", _RAW_CONTROL.sub(" ", script[:_SCRIPT])).strip().rstrip(";")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return
    waiting: list[tuple[Any, int]] = [(found, 0)]
    seen = 0
    while waiting and seen < _NODES:
        value, depth = waiting.pop(0)
        seen += 1
        if isinstance(value, dict):
            yield value
            inner: list[Any] = list(value.values())
        else:
            inner = value if isinstance(value, list) else []
        if depth < _DEPTH:
            waiting.extend((one, depth + 1) for one in inner if isinstance(one, dict | list))
