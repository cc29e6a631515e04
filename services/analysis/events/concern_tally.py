"""An event's concerns as a tally: posts by theme, by kind inside it and by what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contracts.findings import ConcernKind
from contracts.messages import ConcernAsk, EventConcern
from services.analysis.enrich.concerns.themes import OTHER, ask_name, theme_name

_KIND, _ASK = "=", "/"


def keys_of(concerns: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    """Return what a post's concerns, each (theme, kind, ask), are counted by, each once."""
    keys: dict[str, None] = {}
    for theme, kind, ask in concerns:
        keys |= {theme: None, f"{theme}{_KIND}{kind}": None}
        if ask:
            keys[f"{theme}{_ASK}{ask}"] = None
    return tuple(keys)


def themes_of(tally: Mapping[str, int]) -> list[EventConcern]:
    """Return a tally's themes, most posts first, what fits none last."""
    themes = [key for key in tally if _KIND not in key and _ASK not in key]
    found = [_theme(theme, tally) for theme in themes]
    return sorted(found, key=lambda one: (one.theme == OTHER, -one.posts, one.theme))


def _theme(theme: str, tally: Mapping[str, int]) -> EventConcern:
    by_kind = {kind: tally[key] for kind in ConcernKind if (key := f"{theme}{_KIND}{kind}") in tally}
    start = f"{theme}{_ASK}"
    asks = [(key.removeprefix(start), posts) for key, posts in tally.items() if key.startswith(start)]
    return EventConcern(
        theme=theme,
        name=theme_name(theme),
        kind=max(by_kind, key=lambda kind: by_kind[kind]),
        posts=tally[theme],
        by_kind=by_kind,
        asks=[
            ConcernAsk(ask=ask, name=ask_name(theme, ask), posts=posts)
            for ask, posts in sorted(asks, key=lambda one: (-one[1], one[0]))
        ],
    )
