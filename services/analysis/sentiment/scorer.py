"""The interface of sentiment scorers, and how one is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from contracts.messages import SentimentScore
from contracts.words import Sentiment

#: the model that comes with the code
BUILT_IN: Final = Path(__file__).parent / "model" / "linear"


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


def load_scorer(path: Path | str | None = None) -> Scorer:
    """Load the model in folder `path`, or the built-in one when `path` is None or empty.

    Raises :class:`ModelError` where the folder is missing, is no model, or does not fit this version.
    """
    from services.analysis.sentiment.linear import LinearScorer

    return LinearScorer.load(Path(path) if path else BUILT_IN)


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
