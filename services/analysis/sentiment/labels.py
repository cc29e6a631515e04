"""Reading other models' labels as our three."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from contracts.words import Sentiment
from services.analysis.sentiment.scorer import LABELS, ModelError, Probabilities

_WORDS: Final[dict[Sentiment, frozenset[str]]] = {
    Sentiment.NEGATIVE: frozenset({"negative", "neg", "very negative", "负面", "负向", "消极", "贬", "-1"}),
    Sentiment.NEUTRAL: frozenset({"neutral", "neu", "mixed", "中性", "中立"}),
    Sentiment.POSITIVE: frozenset({"positive", "pos", "very positive", "正面", "正向", "积极", "褒"}),
}
_STARS: Final[dict[str, Sentiment]] = {
    "1": Sentiment.NEGATIVE,
    "2": Sentiment.NEGATIVE,
    "3": Sentiment.NEUTRAL,
    "4": Sentiment.POSITIVE,
    "5": Sentiment.POSITIVE,
}


def columns(labels: Mapping[Any, str], where: str) -> NDArray[np.float64]:
    """Return the matrix (labels, 3) that adds up a model's labels, in order of their numbers, to our three.

    Understood are English and Chinese names in any case, and five stars (one and two negative, three neutral). A model
    of two labels never says neutral. Raises :class:`ModelError` that names the first label not understood, or the tone
    (negative, positive) that no label stands for.
    """
    ordered = [str(labels[key]) for key in sorted(labels, key=int)]
    matrix = np.zeros((len(ordered), len(LABELS)))
    for row, label in enumerate(ordered):
        tone = _tone(label, stars=len(ordered) == 5)
        if tone is None:
            raise ModelError(
                f"{where}: its label {label!r} is none of negative, neutral, positive (nor 负面, 中性, 正面, nor "
                "1 to 5 stars); name its labels so in id2label of its config.json"
            )
        matrix[row, LABELS.index(tone)] = 1
    for tone in (Sentiment.NEGATIVE, Sentiment.POSITIVE):
        if not matrix[:, LABELS.index(tone)].any():
            raise ModelError(f"{where}: none of its labels ({', '.join(ordered)}) stands for {tone.value}")
    return matrix


def _tone(label: str, *, stars: bool) -> Sentiment | None:
    name = label.strip().lower().replace("_", " ")
    if stars and name.removesuffix("s").removesuffix(" star") in _STARS:
        return _STARS[name.removesuffix("s").removesuffix(" star")]
    return next((tone for tone, words in _WORDS.items() if name in words), None)


def summed(shares: NDArray[Any], matrix: NDArray[np.float64]) -> Probabilities:
    """Return a model's probabilities (texts, its labels) as ours (texts, 3)."""
    return np.asarray(shares, np.float64) @ matrix
