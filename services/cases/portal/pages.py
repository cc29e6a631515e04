"""The portal as pages for people: without scripts, for phones, screen readers and print.

Each page holds its style sheet; its policy allows this one by its hash and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from services.cases.portal import markup
from services.cases.portal.archive import Archive
from services.cases.portal.site import LIST, Site
from services.cases.portal.statements import PublicStatementOut
from services.cases.portal.times import day, minute, rfc3339
from services.cases.portal.wanted import Wanted, forms_of

#: characters shown around the first word found
_AROUND: Final = 60
_STATES: Final = {"published": "现行", "corrected": "已更正", "withdrawn": "已撤回"}


def _environment() -> Environment:
    loader = PackageLoader("services.cases.portal", "pages")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"day": day, "minute": minute, "instant": rfc3339}
    made.globals |= {"STATES": _STATES}
    return made


_ENVIRONMENT: Final = _environment()
_STYLE: Final = Markup(_ENVIRONMENT.loader.get_source(_ENVIRONMENT, "portal.css")[0])  # type: ignore[union-attr]
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


@dataclass(frozen=True, slots=True)
class ListPage:
    """What the list shows."""

    site: Site
    wanted: Wanted
    items: Sequence[PublicStatementOut]
    archive: Archive
    large: bool
    next_href: str | None
    previous_href: str | None


def policy(site: Site) -> str:
    """Return the Content-Security-Policy of a page: its own style, a form to itself, the logo where there is one."""
    logo = urlsplit(site.words.logo)
    images = f"{logo.scheme}://{logo.netloc}" if logo.netloc else "'none'"
    return (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src {images}; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def list_page(page: ListPage) -> tuple[bytes, str]:
    """Return the list, newest first, or what a search found, and the page's policy."""
    site, wanted = page.site, page.wanted
    title = f"“{wanted.value('q')}”的搜索结果" if wanted.words else "已发布信息"
    url = site.url(LIST, wanted.given)
    return _page(
        "list.html",
        site,
        page.large,
        page=page,
        wanted=wanted,
        heading=title,
        title=f"{title} - {site.title}" if wanted.given else site.title,
        canonical=url,
        here=wanted.given,
        meta=markup.column_meta(site, page.archive.themes),
        graph=markup.open_graph(site, site.title, url),
        data=markup.list_data(site, page.items),
        marked=lambda text: marked(text, wanted.words),
        excerpt=lambda text: excerpt(text, wanted.words),
    )


def statement_page(
    site: Site, one: PublicStatementOut, others: Mapping[str, PublicStatementOut], *, large: bool
) -> tuple[bytes, str]:
    """Return the page of one statement and its policy; `others` are those it is linked with, by id."""
    return _page(
        "statement.html",
        site,
        large,
        one=one,
        others=others,
        title=f"{one.marked_title} - {site.title}",
        canonical=one.url,
        here=(),
        path=f"{LIST}/{one.id}",
        meta=markup.article_meta(site, one),
        graph=markup.open_graph(site, one.title, one.url, one),
        data=markup.statement_data(site, one),
    )


def failure_page(site: Site, heading: str, told: str) -> tuple[bytes, str]:
    """Return the page of what is not there or cannot be read, with a way on, and its policy."""
    return _page(
        "failure.html",
        site,
        False,
        heading=heading,
        told=told,
        title=f"{heading} - {site.title}",
        canonical="",
        here=(),
        meta=[("robots", "noindex")],
        graph=[],
        data=Markup(""),
    )


def _page(name: str, site: Site, large: bool, **more: Any) -> tuple[bytes, str]:
    given = {"path": LIST, **more}
    looks = [("text", "large")] if large else []

    def link(path: str = LIST, *query: tuple[str, str]) -> str:
        return site.href(path, [*query, *looks])

    toggle = site.href(given["path"], [*given["here"], *([] if large else [("text", "large")])])
    body = _ENVIRONMENT.get_template(name).render(
        site=site,
        style=_STYLE,
        large=large,
        link=link,
        toggle=toggle,
        site_meta=markup.site_meta(site),
        LIST=LIST,
        **given,
    )
    return body.encode(), policy(site)


def marked(text: str, words: Sequence[str]) -> Markup:
    """Return a text with the words of a search marked."""
    if not words:
        return escape(text)
    forms = sorted({form for word in words for form in forms_of(word)}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, forms)), re.IGNORECASE)
    told, end = Markup(""), 0
    for match in pattern.finditer(text):
        told += escape(text[end : match.start()]) + Markup("<mark>") + escape(match[0]) + Markup("</mark>")
        end = match.end()
    return told + escape(text[end:])


def excerpt(text: str, words: Sequence[str]) -> Markup:
    """Return the part of a text around the first word found, marked; its beginning where none is in it."""
    plain = " ".join(text.split())
    low = plain.lower()
    found = [at for word in words for form in forms_of(word) if (at := low.find(form)) >= 0]
    start = max(0, min(found, default=0) - _AROUND // 2)
    part = plain[start : start + 2 * _AROUND]
    head, tail = "…" if start else "", "…" if start + 2 * _AROUND < len(plain) else ""
    return escape(head) + marked(part, words) + escape(tail)


def prefers_html(accept: str | None) -> bool:
    """Tell whether an Accept header ranks HTML above JSON, as a browser's does. No header means JSON."""
    best = {"html": 0.0, "json": 0.0}
    for part in (accept or "").split(","):
        media, *rest = (piece.strip() for piece in part.split(";"))
        weight = next((_weight(piece[2:]) for piece in rest if piece.startswith("q=")), 1.0)
        for name in best:
            if media.endswith(("/" + name, "+" + name)) or (name == "html" and media == "application/xhtml+xml"):
                best[name] = max(best[name], weight)
    return best["html"] > best["json"]


def _weight(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        return 0.0
