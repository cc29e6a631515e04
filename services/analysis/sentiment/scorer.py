"""The interface of sentiment scorers."""

from __future__ import annotations

from typing import Protocol

from contracts.messages import SentimentScore
from contracts.words import Sentiment


class ModelError(ValueError):
    """A model folder that cannot be used; its text is one line for the operator."""


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

    def score(self, texts: list[str]) -> list[SentimentScore]:
        """Return one score a text, in order; any string is accepted."""
        ...


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
