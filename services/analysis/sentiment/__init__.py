"""What tone a text has: negative, neutral or positive."""

from services.analysis.sentiment.scorer import ModelError, Scorer, load_scorer

__all__ = ["ModelError", "Scorer", "load_scorer"]
