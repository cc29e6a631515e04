"""What cases want watched, as it bears on collecting. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from contracts.words import WatchMode


class WatchLike(Protocol):
    """A watch as it is stored."""

    mode: str
    topics: list[Any]
    keywords: list[Any]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Surge:
    """What surge watches ask of one source: whether it is in surge at all, and what to search besides."""

    active: bool
    keywords: tuple[str, ...] = ()


def concerns(topics: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether a watch for the topics `wanted` concerns a source kept for `topics`; none are all, either way."""
    return not topics or not wanted or bool(set(topics) & set(wanted))


def surge_of(topics: Sequence[str], watches: Iterable[WatchLike], now: datetime) -> Surge:
    """Return what is asked of a source kept for `topics` (none: for all).

    A watch without topics concerns every source. A watch ends by its `until`, without anybody saying so.
    """
    keywords: dict[str, None] = {}
    active = False
    for watch in watches:
        if watch.mode != WatchMode.SURGE or (watch.until is not None and watch.until <= now):
            continue
        if not concerns(topics, watch.topics):
            continue
        active = True
        keywords.update(dict.fromkeys(map(str, watch.keywords)))
    return Surge(active, tuple(keywords))
