"""What posts are wanted: the filters of a list, and whether a post passes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.words import Channel
from services.analysis.enrich.folding import fold
from services.analysis.enrich.query import And, Node, Not, Or, Place, Reading, Title, holds
from services.analysis.search import asking
from services.analysis.search.asking import Ask, Asked
from services.analysis.search.tokens import Label


@dataclass(frozen=True, slots=True)
class PostFilter:
    """What posts are wanted; None or empty fields do not filter. `q` is a query that can be read."""

    q: str | None = None
    topic: str | None = None
    sentiment: str | None = None
    incident_type: str | None = None
    place: str | None = None
    channel: str | None = None
    source: str | None = None
    event: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter, read: what the index is asked, and what is looked at again in what it finds."""

    filter: PostFilter
    asked: Asked | None
    labels: frozenset[tuple[Label, str]]

    @property
    def indexed(self) -> bool:
        """Tell whether there is anything for the index to answer."""
        return self.asked is not None or bool(self.labels)

    @property
    def ask(self) -> Ask:
        """Return what the index is asked."""
        words = [] if self.asked is None else [self.asked.ask]
        return asking.all_of([*words, *asking.labelled(self.labels)])

    def reads_words(self, *, indexed: bool) -> bool:
        """Tell whether title and text must be read again of what was found, in the index or otherwise."""
        return self.asked is not None and not (indexed and self.asked.exact)

    def reads_labels(self, *, indexed: bool) -> bool:
        """Tell whether the labels must be looked at again of what was found."""
        if not indexed:
            return True
        return self.asked is not None and not self.asked.exact and _names_places(self.asked.node)

    def passes(self, row: Mapping[Any, Any], labels: frozenset[tuple[Label, str]], *, indexed: bool) -> bool:
        """Tell whether a stored post that was found is wanted; `labels` are those that must be looked at, or none."""
        wanted = self.filter
        if wanted.event is not None and row["event_id"] != wanted.event:
            return False
        if wanted.since is not None and row["published_at"] < wanted.since:
            return False
        if wanted.until is not None and row["published_at"] >= wanted.until:
            return False
        if not indexed and not self.labels <= labels:
            return False
        if self.asked is None or not self.reads_words(indexed=indexed):
            return True
        return holds(self.asked.node, reading(row, labels))


def read(wanted: PostFilter) -> Wanted:
    """Read a filter; raises QueryError where its `q` cannot be."""
    labels = {
        Label.TOPIC: wanted.topic,
        Label.PLACE: wanted.place,
        Label.SENTIMENT: wanted.sentiment,
        Label.INCIDENT: wanted.incident_type,
        Label.CHANNEL: wanted.channel,
        Label.SOURCE: wanted.source,
    }
    asked = asking.read(wanted.q) if wanted.q else None
    return Wanted(wanted, asked, frozenset((kind, value) for kind, value in labels.items() if value))


def reading(row: Mapping[Any, Any], labels: frozenset[tuple[Label, str]]) -> Reading:
    """Return a stored post as queries see it."""
    places = frozenset(value for kind, value in labels if kind is Label.PLACE)
    return Reading(fold(row["title"]), fold(row["text"]), Channel(row["channel"]), places)


def _names_places(node: Node) -> bool:
    match node:
        case Place():
            return True
        case And(parts) | Or(parts):
            return any(map(_names_places, parts))
        case Not(part) | Title(part):
            return _names_places(part)
        case _:
            return False
