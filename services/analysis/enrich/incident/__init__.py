"""Which kind of incident a text tells of, by clause 一 of the plan.

A linear model over the words of a lexicon and over character n-grams. Its weights come from ``python -m
training.incident``; `docs/incident-and-concerns.md` says what they were learnt from and how well they do.
社会安全事件 are crimes of violence and what crowds do (petitions in groups, blockades, attacks); a complaint alone is
`other`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.words import IncidentType
from services.analysis.enrich.incident.features import KINDS
from services.analysis.enrich.incident.linear import Linear

__all__ = ["Guess", "classify"]

_MODEL: Final = Linear.load(Path(__file__).with_name("weights.json"))


@dataclass(frozen=True, slots=True)
class Guess:
    """A kind of incident, the chance that it is right (0..1), and the words that it rests on (none for `other`)."""

    kind: IncidentType
    confidence: float
    evidence: tuple[str, ...] = ()


def classify(folded: str, folded_title: str = "") -> Guess:
    """Guess the kind of incident of a folded text; words of the title count double.

    Without any text the guess is `other` with confidence 0.
    """
    if not folded and not folded_title:
        return Guess(IncidentType.OTHER, 0.0)
    features = _MODEL.features(folded, folded_title)
    chances = _MODEL.probabilities(features)
    best = max(range(len(KINDS)), key=chances.__getitem__)
    return Guess(KINDS[best], round(chances[best], 3), _MODEL.evidence(features, best))
