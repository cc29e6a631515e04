"""What an article page says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from services.ingest.extraction.body import Body, find_body
from services.ingest.extraction.bylines import (
    AUTHOR_NAME,
    OUTLET_NAME,
    declared_outlet,
    find_author,
    find_outlet,
    named,
)
from services.ingest.extraction.counters import declared_counts, labelled_counts, marked_counts
from services.ingest.extraction.document import Element, Line, lines, parse
from services.ingest.extraction.links import is_index
from services.ingest.extraction.published import find_published, whole_page_day
from services.ingest.extraction.structured import Declared, declared, said
from services.ingest.extraction.title import find_title, fold

#: lines above the body that may be its byline, and below it
_ABOVE: Final = 14
_BELOW: Final = 10
_BYLINE: Final = re.compile(
    r"^.{0,40}(?:来源|来自|作者|记者|责任编辑|编辑|发布时间|发布日期|时间|日期|浏览|阅读|点击|字号|字体)\s*[:：]|^.{0,12}(?:字号|字体大小)"
    r"|^\W*\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d|^.{0,60}\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}日?\s*\d{1,2}:\d\d"
)
#: lines at the body's beginning that may be its title and byline
_HEAD: Final = 6
#: characters of a text by which it is told whether it is one
_SAMPLE: Final = 4_000
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]")
_SENTENCE: Final = re.compile(r"[。！？]")


@dataclass(frozen=True, slots=True)
class Article:
    """What an article page says. `published_at` has a zone (Shanghai where the page names none)."""

    title: str
    text: str
    author: str | None = None
    outlet: str | None = None
    published_at: datetime | None = None
    counters: Mapping[str, int] = field(default_factory=dict)


def read_article(html: str, url: str, now: datetime) -> Article:
    """Return what the page says; text is empty where it shows no article. `now` has a zone. Never raises on odd input.

    Counters are `reads`, `comments`, `reposts`, `likes`; those that the page shows.
    """
    root = parse(html)
    if root is None:
        return Article("", "")
    article = article_of(root, url, now)
    if article.text and article.published_at is None:
        return replace(article, published_at=whole_page_day(html, now))
    return article


def article_of(root: Element, url: str, now: datetime) -> Article:
    """Return what a parsed page says."""
    facts = declared(root)
    page = lines(root)
    body = find_body(root, page)
    if body is not None and is_index(body.element, url):
        body = None
    span = (body.begins, body.ends) if body else None
    title = find_title(root, facts, page, body.begins if body else None)
    published = find_published(root, facts, page, span, url, now)
    if body is None:
        return _without_body(root, title, facts, published)
    bylines = _bylines(page, body)
    first = page[body.begins].block
    outlet = find_outlet(facts, bylines, named(root, OUTLET_NAME, first))
    site = _site(root, title)
    author = find_author(facts, bylines, outlet, site, named(root, AUTHOR_NAME, first))
    text = _text(body, title)
    if not _readable(text):
        return _without_body(root, title, facts, published)
    return Article(
        title=title,
        text=text,
        author=author,
        outlet=outlet or declared_outlet(facts, site),
        published_at=published,
        counters=_counters(root, facts, bylines),
    )


def _without_body(root: Element, title: str, facts: Declared, published: datetime | None) -> Article:
    """Return what a page says whose text is only declared: it is drawn by a script."""
    text = said(facts.article, "articleBody", "text")
    site = _site(root, title)
    author = find_author(facts, (), None, site, "")
    return Article(title, text, author, declared_outlet(facts, site), published, declared_counts(facts.article))


def _site(root: Element, title: str) -> str:
    """Return what a <title> holds besides the title: the names of site and channel."""
    tag = next((element.text or "" for element in root.iter("title")), "")
    return tag.replace(title, " ") if title else ""


def _bylines(page: Sequence[Line], body: Body) -> list[str]:
    """Return the lines that may name author, source and counts: around the body's beginning, then around its end."""
    inside = [line.spaced for line in page[body.begins : body.begins + 3] if line.length <= 160]
    above = [line.spaced for line in page[max(0, body.begins - _ABOVE) : body.begins]][::-1]
    end = [line.spaced for line in page[max(body.begins + 3, body.ends - 3) : body.ends + 1 + _BELOW]]
    return [*above, *inside, *end]


def _text(body: Body, title: str) -> str:
    """Return the body without the title and the byline where it begins with them."""
    kept = list(body.lines)
    wanted = fold(title)
    for line in body.lines[: min(_HEAD, len(body.lines) - 1)]:
        first = fold(line.text)
        repeats = (
            bool(wanted)
            and first != ""
            and (first == wanted or (first.endswith(wanted) and len(first) < len(wanted) + 4))
        )
        byline = (
            line.length <= 120 and not _SENTENCE.search(line.text) and line.clauses < 2 and _BYLINE.search(line.text)
        )
        if not repeats and not byline:
            break
        kept.pop(0)
    return "\n".join(line.text for line in kept)


def _readable(text: str) -> bool:
    """Tell whether a text is made of words: not of figures, and not of the bytes of something that is no text."""
    sample = text[:_SAMPLE]
    letters = sum(1 for sign in sample if sign.isalpha())
    return 2 * letters > len(sample) and 50 * len(_NO_TEXT.findall(sample)) < len(sample)


def _counters(root: Element, facts: Declared, bylines: Sequence[str]) -> dict[str, int]:
    labelled, marked = labelled_counts(bylines), marked_counts(root)
    # where a word stands beside another word's number, the markup knows whose it is
    told_apart = {name: count for name, count in labelled.items() if count not in marked.values() or name in marked}
    return {**marked, **declared_counts(facts.article), **told_apart}
