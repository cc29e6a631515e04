"""What a text shows the model: words of the lexicon by kind, and character n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ahocorasick_rs import AhoCorasick, MatchKind

from contracts.words import IncidentType
from services.analysis.enrich.lexicon import INCIDENTS, NO_INCIDENT

KINDS: Final = tuple(IncidentType)
#: for each kind but `other`, its words' weights added up, and the same by length of text
LEXICAL: Final = 2 * (len(KINDS) - 1)
_NAMED: Final = KINDS[:-1]
_TITLE: Final = 2.0
#: beyond this sum more words say no more
_AMPLE: Final = 5.0
#: characters of text for which a sum of words counts as it is
_SHORT: Final = 60

_WORDS: Final[dict[str, tuple[int, float]]] = {
    word: (_NAMED.index(kind), weight)
    for kind, weights in INCIDENTS.items()
    for weight, words in sorted(weights.items())
    for word in words.split()
}
_MISLEADING: Final = AhoCorasick(NO_INCIDENT.split(), matchkind=MatchKind.LeftmostLongest)


@dataclass(frozen=True, slots=True)
class Features:
    """`lexical` is LEXICAL long; `grams` are numbers of n-grams with their share of a vector of length 1."""

    lexical: list[float]
    grams: dict[int, float]
    #: words of the lexicon found, by kind
    words: tuple[tuple[str, ...], ...]


class Reader:
    """Reads the features of texts for a given list of n-grams."""

    def __init__(self, grams: Sequence[str]) -> None:
        self._patterns = [*grams, *(word for word in _WORDS if word not in set(grams))]
        self._words = [_WORDS.get(pattern) for pattern in self._patterns]
        self._grams = len(grams)
        self._automaton = AhoCorasick(self._patterns)

    def read(self, folded: str, folded_title: str) -> Features:
        """Return the features of a folded text; what its title shows counts double."""
        found: dict[int, float] = dict.fromkeys(self._matches(folded), 1.0)
        if folded_title:
            found.update(dict.fromkeys(self._matches(folded_title), _TITLE))
        sums = [0.0] * len(_NAMED)
        words: list[list[str]] = [[] for _ in _NAMED]
        grams: dict[int, float] = {}
        square = 0.0
        for number, factor in found.items():
            word = self._words[number]
            if word is not None:
                kind, weight = word
                sums[kind] += weight * factor
                words[kind].append(self._patterns[number])
            if number < self._grams:
                grams[number] = factor
                square += factor * factor
        norm = square**0.5 or 1.0
        length = max(1.0, (len(folded) + len(folded_title)) / _SHORT) ** 0.5
        lexical = [min(total, _AMPLE) / _AMPLE for total in sums]
        lexical += [min(total / length, _AMPLE) / _AMPLE for total in sums]
        return Features(lexical, {n: factor / norm for n, factor in grams.items()}, tuple(map(tuple, words)))

    def _matches(self, text: str) -> list[int]:
        for _, start, end in reversed(_MISLEADING.find_matches_as_indexes(text)):
            text = f"{text[:start]} {text[end:]}"
        return [match[0] for match in self._automaton.find_matches_as_indexes(text, overlapping=True)]
