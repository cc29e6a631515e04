"""The interface of sentiment scorers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from contracts.messages import SentimentScore
from contracts.words import Sentiment

#: the order of every model's columns
LABELS: Final = (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)

Probabilities = NDArray[np.float64]


class ModelError(ValueError):
    """A model that cannot be used; its text is one line for the operator."""


class Scorer(Protocol):
    """Scores the tone of texts. Safe to call from several threads; equal texts get equal scores in any batch."""

    @property
    def name(self) -> str:
        """Return the model's name."""
        ...

    @property
    def version(self) -> str:
        """Return the model's version."""
        ...

    def prepare(self, text: str) -> str:
        """Return `text` as the model reads it, "" where there is nothing to read.

        Takes any string, in bounded time, and returns one of bounded length. Texts that are equal so are scored once.
        """
        ...

    def probabilities(self, prepared: Sequence[str]) -> Probabilities:
        """Return P(negative), P(neutral), P(positive) of prepared texts, none of them empty, as (texts, 3)."""
        ...

    def alike(self, prepared: str, others: Sequence[str]) -> Probabilities:
        """Return the probabilities of `prepared` and then of `others`, (1 + others, 3).

        All come from the part of the model that answers `prepared`, so that what differs is the texts' doing alone.
        """
        ...


def softmax(logits: NDArray[Any]) -> Probabilities:
    """Return the softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float64)


def as_score(negative: float, neutral: float, positive: float) -> SentimentScore:
    """Return the score of three probabilities that sum to 1; a tie goes to neutral, then to negative."""
    top = max(negative, neutral, positive)
    if neutral == top:
        label = Sentiment.NEUTRAL
    elif negative == top:
        label = Sentiment.NEGATIVE
    else:
        label = Sentiment.POSITIVE
    return SentimentScore(
        label=label,
        score=positive - negative,
        probabilities={
            Sentiment.NEGATIVE: negative,
            Sentiment.NEUTRAL: neutral,
            Sentiment.POSITIVE: positive,
        },
    )


def undecided() -> SentimentScore:
    """Return the score of a text with nothing to read (empty, only a link): neutral, all three equally likely."""
    return as_score(1 / 3, 1 / 3, 1 / 3)


def score(scorer: Scorer, texts: Sequence[str]) -> list[SentimentScore]:
    """Return one score a text, in order; any string is accepted. For callers outside a running service."""
    prepared = [scorer.prepare(text) for text in texts]
    distinct = list(dict.fromkeys(filter(None, prepared)))
    rows = scorer.probabilities(distinct).tolist() if distinct else []
    found = dict(zip(distinct, rows, strict=True))
    return [as_score(*found[text]) if text else undecided() for text in prepared]
