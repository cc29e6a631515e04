"""Which parts of a text moved its score: each clause is left out in turn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from services.analysis.sentiment.scorer import Probabilities, Scorer

#: clauses that are left out at most, the shortest neighbours joined; the text itself is scored twice, first to see
#: which tier answers it, so that the cost is at most 14 times a plain score
CLAUSES: Final = 12
_CLAUSE: Final = re.compile(r"[^，。！？；：、,!?;…~～\s]+[，。！？；：、,!?;…~～\s]*|[，。！？；：、,!?;…~～\s]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the text as given, `start` to `end` in characters, and what it did to the score.

    `effect` is the score with it minus the score without it, -2..2: below zero it made the text more negative.
    """

    start: int
    end: int
    effect: float


def clauses(text: str, at_most: int = CLAUSES) -> list[tuple[int, int]]:
    """Return (start, end) of the clauses that make up `text` without gaps, at most `at_most`."""
    found: list[tuple[int, int]] = []
    least = len(text) // (4 * at_most)  # so that a long text is first cut roughly, and joining stays cheap
    for match in _CLAUSE.finditer(text):
        if found and found[-1][1] - found[-1][0] < least:
            found[-1] = (found[-1][0], match.end())
        else:
            found.append(match.span())
    while len(found) > at_most:
        sizes = [found[i + 1][1] - found[i][0] for i in range(len(found) - 1)]
        shortest = sizes.index(min(sizes))
        found[shortest : shortest + 2] = [(found[shortest][0], found[shortest + 1][1])]
    return found


def explain(scorer: Scorer, text: str) -> tuple[Probabilities | None, list[Span]]:
    """Return the probabilities of `text` and its spans by effect, strongest first.

    (None, []) where there is nothing to read. All variants are scored in one batch, by the part of the model that
    answers the whole text.
    """
    prepared = scorer.prepare(text)
    if not prepared:
        return None, []
    spans = [(start, end) for start, end in clauses(text) if scorer.prepare(text[start:end])]
    variants = [scorer.prepare(text[:start] + text[end:]) for start, end in spans]
    told = [number for number, variant in enumerate(variants) if variant]
    rows = scorer.alike(prepared, [variants[number] for number in told])
    whole = float(rows[0, 2] - rows[0, 0])
    # a text without its only clause says nothing: score 0
    without = dict.fromkeys(range(len(spans)), 0.0)
    without.update({number: float(row[2] - row[0]) for number, row in zip(told, rows[1:], strict=True)})
    found = [Span(start, end, whole - without[number]) for number, (start, end) in enumerate(spans)]
    return rows[0], sorted(found, key=lambda span: -abs(span.effect))
