"""What tone a text has: negative, neutral or positive."""

from services.analysis.sentiment.engine import Engine, EngineRules, Overloaded
from services.analysis.sentiment.loading import load_scorer
from services.analysis.sentiment.scorer import ModelError, Scorer, score

__all__ = ["Engine", "EngineRules", "ModelError", "Overloaded", "Scorer", "load_scorer", "score"]
