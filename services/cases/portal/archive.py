"""How many statements each month has, and of which themes: what a visitor may leaf through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from services.cases.numbering import ZONE
from services.cases.portal.wanted import themes_of

#: themes that are offered; others are found by search
_MOST_THEMES: Final = 30


@dataclass(frozen=True, slots=True)
class Year:
    """A year, how many statements it has, and its months (2026-03) with theirs, the newest first."""

    year: str
    count: int
    months: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """All years, the newest first, and the themes, the most frequent first."""

    years: tuple[Year, ...]
    themes: tuple[str, ...]

    @classmethod
    def of(cls, published: Iterable[tuple[datetime, Mapping[str, Any]]]) -> Archive:
        """Count what was published when, and under which 主题词."""
        months: Counter[str] = Counter()
        themes: Counter[str] = Counter()
        for at, told in published:
            months[f"{at.astimezone(ZONE):%Y-%m}"] += 1
            themes.update(themes_of(str(told.get("subject_words") or "")))
        newest = sorted(months.items(), reverse=True)
        years = [(year, tuple(found)) for year, found in groupby(newest, key=lambda one: one[0][:4])]
        return cls(
            years=tuple(Year(year, sum(count for _, count in found), found) for year, found in years),
            themes=tuple(theme for theme, _ in themes.most_common(_MOST_THEMES)),
        )
