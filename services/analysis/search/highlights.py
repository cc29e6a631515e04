"""Where the words of a query stand in a post as written, and the part of its text that shows most of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from services.analysis.enrich.folding import fold_with_offsets
from services.analysis.enrich.query import And, In, Near, Node, Not, Or, Place, Term, Title
from services.analysis.enrich.query.evaluation import Span, near_spans, occurrences

#: characters of a snippet
SNIPPET: Final = 160
#: highlights of a field; who looks at a post sees no more of them apart
MOST: Final = 200
_LEAD: Final = 20

Field = Literal["title", "text"]


@dataclass(frozen=True, slots=True)
class Highlight:
    """Characters `start` to `end` of a field as written."""

    field: Field
    start: int
    end: int


def highlights(node: Node, title: str, text: str) -> list[Highlight]:
    """Return where the wanted words of a query stand, in order: of each field the first 200.

    Those that overlap are one, and so is a run of one word.
    """
    return [
        *(Highlight("title", start, end) for start, end in _in_field(node, title, True)),
        *(Highlight("text", start, end) for start, end in _in_field(node, text, False)),
    ]


def snippet(text: str, marked: list[Highlight]) -> tuple[int, int]:
    """Return start and end of the part of `text` with the most highlights: at most 160 characters.

    `marked` is in order. Of a highlight that is longer, its beginning is shown.
    """
    if len(text) <= SNIPPET:
        return 0, len(text)
    spans = [(one.start, min(one.end, one.start + SNIPPET - _LEAD)) for one in marked if one.field == "text"]
    best, most = 0, 0
    # both ends of the part only ever move on, and with them the first span within and the first beyond
    within, beyond = 0, 0
    for start, _ in spans:
        begin = max(0, min(start - _LEAD, len(text) - SNIPPET))
        while spans[within][0] < begin:
            within += 1
        while beyond < len(spans) and spans[beyond][1] <= begin + SNIPPET:
            beyond += 1
        if beyond - within > most:
            best, most = begin, beyond - within
    return best, best + SNIPPET


def _in_field(node: Node, field: str, is_title: bool) -> list[Span]:
    folded, origins = fold_with_offsets(field)
    found: list[Span] = []
    word = ""
    for start, end in sorted(set(_spans(node, folded, is_title))):
        first, last = origins[start], origins[end - 1] + 1
        # a mark that composes with the last letter belongs to it
        while last < len(field) and unicodedata.combining(field[last]):
            last += 1
        before, word = word, folded[start:end]
        if found and (first < found[-1][1] or (first == found[-1][1] and word == before)):
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        elif len(found) == MOST:
            break
        else:
            found.append((first, last))
    return found


def _spans(node: Node, folded: str, is_title: bool) -> Iterator[Span]:
    match node:
        case Term(text):
            yield from occurrences(text, folded)
        case Near():
            yield from near_spans(node, folded)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _spans(part, folded, is_title)
        case Title(part):
            if is_title:
                yield from _spans(part, folded, is_title)
        case Not() | Place() | In():
            pass
