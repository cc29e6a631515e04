"""Themes of concerns and the asks inside them, as their data file names them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from ahocorasick_rs import AhoCorasick, MatchKind

from services.analysis.enrich.folding import fold

#: the theme of what fits none
OTHER: Final = "other"
OTHER_NAME: Final = "其他"


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme with its Chinese name, and the names of its asks by key."""

    key: str
    name: str
    asks: dict[str, str]
    #: its words are used of any matter and count a third
    general: bool = False
    #: talk of one's own life is full of its words
    everyday: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The theme and ask of a text, and how many characters of it speak for the theme (0: none does)."""

    theme: str = OTHER
    ask: str = ""
    weight: int = 0
    words: tuple[str, ...] = ()


def _load() -> tuple[dict[str, Theme], dict[str, tuple[str, str]]]:
    held: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("themes.yaml").read_text(encoding="utf-8"))
    themes: dict[str, Theme] = {}
    words: dict[str, tuple[str, str]] = {}
    for key, given in held.items():
        themes[key] = Theme(
            key,
            given["name"],
            {ask: each["name"] for ask, each in given["asks"].items()},
            given.get("general", False),
            given.get("everyday", False),
        )
        for ask, each in given["asks"].items():
            for word in each["words"].split():
                words.setdefault(fold(word), (key, ask))
    return themes, words


THEMES, _WORDS = _load()
_PATTERNS: Final = tuple(_WORDS)
_AUTOMATON: Final = AhoCorasick(_PATTERNS, matchkind=MatchKind.LeftmostLongest)
_ORDER: Final = {key: number for number, key in enumerate(THEMES)}


def words_of(folded: str) -> tuple[str, ...]:
    """Return the words of any theme in a folded text, in order, repeats included."""
    return tuple(_PATTERNS[index] for index, _, _ in _AUTOMATON.find_matches_as_indexes(folded))


def read(folded: str) -> Reading:
    """Return the theme that most characters of a folded text speak for, and its strongest ask."""
    words = words_of(folded)
    if not words:
        return Reading()
    by_theme = _weigh((_WORDS[word][0], len(word)) for word in dict.fromkeys(words))
    by_theme = {key: weight // 3 if THEMES[key].general else weight for key, weight in by_theme.items()}
    theme = min(by_theme, key=lambda key: (-by_theme[key], THEMES[key].general, _ORDER[key]))
    inside = [word for word in dict.fromkeys(words) if _WORDS[word][0] == theme]
    by_ask = _weigh((_WORDS[word][1], len(word)) for word in inside)
    asks = list(THEMES[theme].asks)
    ask = min(by_ask, key=lambda key: (-by_ask[key], asks.index(key)))
    return Reading(theme, ask, by_theme[theme], tuple(inside))


def is_weighty(key: str) -> bool:
    """Tell whether a theme is one that people seldom bring up in talk of their own life."""
    return key in THEMES and not THEMES[key].everyday


def theme_name(key: str) -> str:
    """Return a theme's Chinese name; 其他 for `other` and for a theme that is no more."""
    return THEMES[key].name if key in THEMES else OTHER_NAME


def ask_name(theme: str, ask: str) -> str:
    """Return an ask's Chinese name; 其他 for one that is no more."""
    return THEMES[theme].asks.get(ask, OTHER_NAME) if theme in THEMES else OTHER_NAME


def _weigh(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for key, weight in pairs:
        sums[key] = sums.get(key, 0) + weight
    return sums
