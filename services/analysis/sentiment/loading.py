"""How a scorer is chosen: what HUIYING_SENTIMENT_MODEL may say."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.analysis.sentiment.cascade import Cascade
from services.analysis.sentiment.hugging_face import HuggingFaceScorer
from services.analysis.sentiment.linear import LinearScorer
from services.analysis.sentiment.onnx_folder import OnnxScorer
from services.analysis.sentiment.scorer import ModelError, Scorer

_MODELS: Final = Path(__file__).parent / "model"
#: the models that come with the code
LINEAR_FOLDER: Final = _MODELS / "linear"
ENCODER_FOLDER: Final = _MODELS / "encoder"

#: the built-in choices by name; the first is the default
BUILT_IN: Final[dict[str, Callable[[], Scorer]]] = {
    "cascade": lambda: Cascade.load(ENCODER_FOLDER, LINEAR_FOLDER),
    "encoder": lambda: Cascade.load(ENCODER_FOLDER, LINEAR_FOLDER, whole=True),
    "linear": lambda: LinearScorer.load(LINEAR_FOLDER),
}
_HUB_ID: Final = re.compile(r"[\w.-]+/[\w.-]+")


def load_scorer(choice: str | Path | None = None) -> Scorer:
    """Load the scorer that `choice` names.

    Empty or "cascade": the built-in model, quick for what is easy. "encoder": the built-in transformer to its last
    layer for every text. "linear": the built-in n-gram model alone, for the smallest machines. A folder: a linear
    model, a Hugging Face folder with `model.onnx`, or one with weights for transformers. Else a hub id, `owner/name`.
    Raises :class:`ModelError`, one line, where the model is missing, is none, or does not fit.
    """
    name = str(choice or "cascade")
    if name in BUILT_IN:
        return BUILT_IN[name]()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        if _HUB_ID.fullmatch(name) and not folder.parent.is_dir():
            return HuggingFaceScorer.load(name)
        raise ModelError(f"{name}: no such model folder, and none of {', '.join(BUILT_IN)}, nor a hub id (owner/name)")
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder}: not a model folder (it holds no config.json)")
    if (folder / "weights.npy").is_file():
        return LinearScorer.load(folder)
    if not (folder / "model.onnx").is_file():
        return HuggingFaceScorer.load(str(folder))
    if (folder / "cascade.json").is_file():
        return Cascade.load(folder, LINEAR_FOLDER)
    return OnnxScorer.load(folder)
