"""Choosing sentences that stand for many: central, and different from each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.analysis.enrich.concerns.themes import words_of
from services.analysis.enrich.folding import fold, story_key

#: two sentences that share this much of their bigrams (Jaccard) are near-identical
SAME: Final = 0.6
_LONGEST: Final = 120
_HANDLE: Final = re.compile(r"[@＠][\w·.-]+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and how many equal ones there are."""

    text: str
    kind: str
    times: int


def choose(sentences: Sequence[Sentence], most: int) -> list[Sentence]:
    """Return up to `most` of the sentences, the most central first, no two near-identical.

    A sentence is worth how much of its bigrams the others share, weighted by how often they were said; each further one
    loses what it shares with those chosen. Near-identical ones add their `times` to the one that is shown. The same
    sentences give the same choice in any order.
    """
    ordered = sorted(sentences, key=lambda each: (-each.times, each.text))
    likeness = _likeness([_bigrams(each.text) for each in ordered])
    worth = [
        sum(row[other] * ordered[other].times for other in range(len(ordered)) if other != number)
        + ordered[number].times
        for number, row in enumerate(likeness)
    ]
    scale = max(worth, default=1.0)
    chosen: list[int] = []
    left = list(range(len(ordered)))
    while left and len(chosen) < most:
        best = max(left, key=lambda n: (worth[n] / scale - max((likeness[n][c] for c in chosen), default=0.0), -n))
        chosen.append(best)
        left = [n for n in left if likeness[n][best] < SAME]
    shown: list[Sentence] = []
    for number in chosen:
        alike = [n for n in range(len(ordered)) if n == number or likeness[n][number] >= SAME]
        shown.append(
            Sentence(shown_text(ordered[number].text), ordered[number].kind, sum(ordered[n].times for n in alike))
        )
    return shown


def keywords(sentences: Sequence[Sentence], most: int) -> list[str]:
    """Return the words of themes that the sentences have most often."""
    counts: Counter[str] = Counter()
    for each in sentences:
        for word in set(words_of(fold(each.text))):
            counts[word] += each.times
    return [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]]


def shown_text(text: str) -> str:
    """Return a sentence as it is shown: account names masked, white space as one space, at most 120 characters."""
    masked = " ".join(_HANDLE.sub("@…", text).split())
    return masked if len(masked) <= _LONGEST else masked[: _LONGEST - 1] + "…"


def _likeness(grams: Sequence[frozenset[str]]) -> list[list[float]]:
    likeness = [[1.0] * len(grams) for _ in grams]
    for number, one in enumerate(grams):
        for other in range(number):
            likeness[number][other] = likeness[other][number] = _jaccard(one, grams[other])
    return likeness


def _bigrams(text: str) -> frozenset[str]:
    key = story_key(text)
    return frozenset(key[start : start + 2] for start in range(max(1, len(key) - 1)))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0
