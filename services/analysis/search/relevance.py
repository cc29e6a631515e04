"""How well a post answers a query: BM25F without the rarity of words, so that a score depends on the post alone.

Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009), section 3.5, with the usual
k1 = 1.2 and b = 0.75. A word of the title counts three times. That the rarity is left out keeps scores, and so pages,
the same while posts come in, and the same on every database.
"""

from __future__ import annotations

from typing import Final

from services.analysis.enrich.query import Node, Reading, terms
from services.analysis.enrich.query.evaluation import occurrences

_K1: Final = 1.2
_B: Final = 0.75
_TITLE_WEIGHT: Final = 3
#: characters of a usual post
_USUAL: Final = 150


def score(node: Node, reading: Reading) -> float:
    """Return how well a post answers a query, from 0 up, rounded so that it can be compared after it was written."""
    # a very short post is no better answer for being short
    length = 1 - _B + _B * max(1.0, len(reading.text) / _USUAL)
    total = 0.0
    for term in dict.fromkeys(terms(node, wanted_only=True)):
        in_title = sum(1 for _ in occurrences(term, reading.title))
        weight = _TITLE_WEIGHT * in_title + sum(1 for _ in occurrences(term, reading.text)) / length
        total += weight * (_K1 + 1) / (weight + _K1)
    return round(total, 6)
