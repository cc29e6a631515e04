"""How a scorer is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.analysis.sentiment.linear import LinearScorer
from services.analysis.sentiment.scorer import Scorer

#: the model that comes with the code
BUILT_IN: Final = Path(__file__).parent / "model" / "linear"


def load_scorer(path: Path | str | None = None) -> Scorer:
    """Load the model in folder `path`, or the built-in one when `path` is None or empty.

    Raises :class:`ModelError` where the folder is missing, is no model, or does not fit this version.
    """
    return LinearScorer.load(Path(path) if path else BUILT_IN)
