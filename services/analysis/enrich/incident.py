"""Which kind of incident a text tells of: weighted words for each kind in clause 一 of the plan.

Weights were set by hand on reports of emergencies (the CEC corpus: 地震, 火灾, 交通事故, 食物中毒, 恐怖袭击) and on the
words of resettlement work. A guess carries its confidence and stays `other` where the evidence is thin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ahocorasick_rs import AhoCorasick, MatchKind

from contracts.words import IncidentType
from services.analysis.enrich.lexicon import INCIDENTS, NO_INCIDENT

#: Evidence below this is too thin for a guess.
THRESHOLD: Final = 2.0
#: A word counts at most this often.
_REPEATS: Final = 3
_TITLE_FACTOR: Final = 2.0

_WEIGHTS: Final[dict[str, tuple[IncidentType, float]]] = {
    word: (kind, weight)
    for kind, weights in INCIDENTS.items()
    for weight, words in sorted(weights.items())
    for word in words.split()
}
_PATTERNS: Final = (*_WEIGHTS, *NO_INCIDENT.split())
_AUTOMATON: Final = AhoCorasick(_PATTERNS, matchkind=MatchKind.LeftmostLongest)


@dataclass(frozen=True, slots=True)
class Guess:
    """A kind of incident, how sure the guess is (0..1), and the words that it rests on."""

    kind: IncidentType
    confidence: float
    evidence: tuple[str, ...] = ()


def classify(folded: str, folded_title: str = "") -> Guess:
    """Guess the kind of incident of a folded text; words of the title count double."""
    scores: dict[IncidentType, float] = {}
    evidence: dict[IncidentType, list[str]] = {}
    for text, factor in ((folded_title, _TITLE_FACTOR), (folded, 1.0)):
        for word, times in _counts(text).items():
            kind, weight = _WEIGHTS[word]
            scores[kind] = scores.get(kind, 0.0) + weight * factor * (1 + 0.5 * (min(times, _REPEATS) - 1))
            evidence.setdefault(kind, []).append(word)
    if not scores:
        return Guess(IncidentType.OTHER, 0.0)
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    best, score = ranked[0]
    if score < THRESHOLD:
        return Guess(IncidentType.OTHER, 0.0)
    rival = ranked[1][1] if len(ranked) > 1 else 0.0
    confidence = score / (score + rival + THRESHOLD)
    return Guess(best, round(confidence, 3), tuple(dict.fromkeys(evidence[best])))


def _counts(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for index, _, _ in _AUTOMATON.find_matches_as_indexes(text):
        word = _PATTERNS[index]
        if word in _WEIGHTS:
            counts[word] = counts.get(word, 0) + 1
    return counts
