"""Renders published statements as plain HTML pages, without scripts, readable on a phone and by a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from services.cases.numbering import ZONE
from services.cases.portal.statements import PublicStatementOut

#: What the pages may load: nothing but their own styles.
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
}


def _show_day(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d}"


def _show_minute(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}"


def _environment() -> Environment:
    loader = PackageLoader("services.cases.portal", "pages")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"day": _show_day, "minute": _show_minute}
    return made


_ENVIRONMENT: Final = _environment()


def statement_page(shown: PublicStatementOut) -> str:
    """Return the page of one statement with its disclosure metadata and what has become of it."""
    return _ENVIRONMENT.get_template("statement.html").render(one=shown)


def list_page(publisher: str, items: Sequence[PublicStatementOut], next_url: str | None) -> str:
    """Return the page that lists statements, newest first."""
    return _ENVIRONMENT.get_template("list.html").render(publisher=publisher, items=items, next_url=next_url)


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
