"""What an article page says. Written out by the extraction room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


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
    """Return what the page says; text is empty where it shows no article."""
    raise NotImplementedError
