"""What tone a text has: negative, neutral or positive."""

from services.analysis.sentiment.loading import load_scorer
from services.analysis.sentiment.scorer import ModelError, Scorer

__all__ = ["ModelError", "Scorer", "load_scorer"]
