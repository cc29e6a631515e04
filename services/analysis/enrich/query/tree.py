"""What a query says, as a tree. Whoever matches or searches by a query compiles this."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.words import Channel


@dataclass(frozen=True, slots=True)
class Term:
    """A folded word or phrase (:func:`~services.analysis.enrich.folding.fold`) that must occur in title or text."""

    text: str


@dataclass(frozen=True, slots=True)
class And:
    """Every part must hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part must hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: Node


@dataclass(frozen=True, slots=True)
class Near:
    """Two words in one field, in either order, with at most `distance` characters of the folded text between them.

    The two do not overlap; 0 is side by side.
    """

    left: Term
    right: Term
    distance: int


@dataclass(frozen=True, slots=True)
class Title:
    """The part must hold with every word of it looked for in the title alone. Titles are not nested."""

    part: Node


@dataclass(frozen=True, slots=True)
class Place:
    """The text must speak of a place: the city (普洱市), a county or district (墨江县), or township (墨江县联珠镇)."""

    name: str


@dataclass(frozen=True, slots=True)
class In:
    """The post must be of a channel."""

    channel: Channel


Node = Term | And | Or | Not | Near | Title | Place | In


def terms(node: Node, *, wanted_only: bool = False) -> Iterator[str]:
    """Yield the words of a query, in order; with `wanted_only`, not those that a NOT rules out."""
    match node:
        case Term(text):
            yield text
        case Near(left, right):
            yield left.text
            yield right.text
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms(part, wanted_only=wanted_only)
        case Title(part):
            yield from terms(part, wanted_only=wanted_only)
        case Not(part):
            if not wanted_only:
                yield from terms(part)
        case Place() | In():
            pass
