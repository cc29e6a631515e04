"""What a query means: the plain way of telling whether it holds for one text.

Matching all topics at once goes another way (:mod:`services.analysis.enrich.topics`) and must agree with this.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from contracts.words import Channel
from services.analysis.enrich.query.tree import And, In, Near, Node, Not, Or, Place, Term, Title

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """A post as queries see it: title and text folded, its channel where known, the places that it speaks of."""

    title: str = ""
    text: str = ""
    channel: Channel | None = None
    places: frozenset[str] = frozenset()

    @property
    def fields(self) -> tuple[str, str]:
        """Return title and text."""
        return self.title, self.text


def holds(node: Node, reading: Reading) -> bool:
    """Tell whether a query holds for a text."""
    match node:
        case Term(text):
            return any(next(occurrences(text, field), None) is not None for field in reading.fields)
        case And(parts):
            return all(holds(part, reading) for part in parts)
        case Or(parts):
            return any(holds(part, reading) for part in parts)
        case Not(part):
            return not holds(part, reading)
        case Near():
            return any(near_spans(node, field) for field in reading.fields)
        case Title(part):
            return holds(part, replace(reading, text=""))
        case Place(name):
            return name in reading.places
        case In(channel):
            return channel == reading.channel


def occurrences(term: str, field: str) -> Iterator[Span]:
    """Yield where a folded word stands in a folded text, overlapping ones too."""
    start = field.find(term)
    while start >= 0:
        if whole_word(field, start, start + len(term)):
            yield start, start + len(term)
        start = field.find(term, start + 1)


def whole_word(field: str, start: int, end: int) -> bool:
    """Tell whether a Latin word or number is not the inside of a longer one; Chinese knows no such bounds."""
    return not (latin(field[start]) and start > 0 and latin(field[start - 1])) and not (
        latin(field[end - 1]) and end < len(field) and latin(field[end])
    )


def latin(character: str) -> bool:
    """Tell whether a folded character is a letter or digit of ASCII."""
    return character.isascii() and character.isalnum()


def near_spans(near: Near, field: str) -> list[Span]:
    """Return the occurrences of two words that have the other one near, in order."""
    lefts, rights = (list(occurrences(word.text, field)) for word in (near.left, near.right))
    close = [span for span, distance in (*gaps(lefts, rights), *gaps(rights, lefts)) if distance <= near.distance]
    return sorted(set(close))


def gaps(spans: Sequence[Span], others: Sequence[Span]) -> Iterator[tuple[Span, int]]:
    """Yield spans with the characters between each and the nearest other that it does not overlap, on either side.

    Both are in order, and the others equally long. In n log n, for a text may be nothing but the two words.
    """
    if not others:
        return
    starts = [start for start, _ in others]
    width = others[0][1] - others[0][0]
    for start, end in spans:
        after = bisect_left(starts, end)
        before = bisect_right(starts, start - width) - 1
        found = [starts[after] - end] if after < len(starts) else []
        if before >= 0:
            found.append(start - starts[before] - width)
        if found:
            yield (start, end), min(found)


def selects_everything(node: Node) -> bool:
    """Tell whether a text with none of the words and places would be selected, as by a bare NOT or a bare channel."""
    return any(holds(node, Reading(channel=channel)) for channel in (None, *Channel))
