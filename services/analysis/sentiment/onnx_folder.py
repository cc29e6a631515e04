"""A transformer of the user's own as an ONNX file in a Hugging Face folder, as optimum exports it; no torch needed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from services.analysis.sentiment.cleaning import legible
from services.analysis.sentiment.encoder import WINDOW, Encoder, pooled
from services.analysis.sentiment.labels import columns, summed
from services.analysis.sentiment.scorer import ModelError, Probabilities, softmax


class OnnxScorer:
    """A :class:`~services.analysis.sentiment.scorer.Scorer` of `model.onnx`, `tokenizer.json` and `config.json`."""

    def __init__(self, name: str, encoder: Encoder, matrix: NDArray[np.float64]) -> None:
        self._name, self._encoder, self._columns = name, encoder, matrix

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None) -> Self:
        """Load the model in `folder`; raises :class:`ModelError`."""
        path = folder / "config.json"
        try:
            config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            labels = config["id2label"]
            if not isinstance(labels, dict):
                raise TypeError("id2label")
        except OSError as error:
            raise ModelError(f"{path}: cannot read the model's config ({error.strerror})") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path}: not a classification model's config (it has no id2label)") from error
        matrix = columns(labels, str(folder))
        longest = int(config.get("max_position_embeddings", WINDOW + 2)) - 2
        encoder = Encoder.load(folder, threads=threads, window=max(8, min(WINDOW, longest)))
        if "logits" not in encoder.outputs:
            raise ModelError(f"{folder / 'model.onnx'}: not a classification model (it has no output named logits)")
        return cls(folder.resolve().name, encoder, matrix)

    @property
    def name(self) -> str:
        """Return the folder's name."""
        return self._name

    @property
    def version(self) -> str:
        """Return "local"."""
        return "local"

    def prepare(self, text: str) -> str:
        """Return `text` as any tokenizer takes it."""
        return legible(text)

    def probabilities(self, prepared: Sequence[str]) -> Probabilities:
        """Return the probabilities of prepared texts, (texts, 3); long ones by the mean of their windows."""
        if not prepared:
            return np.zeros((0, 3))
        windows = self._encoder.windows(prepared)
        logits = self._encoder.run(windows)[self._encoder.outputs.index("logits")]
        if logits.ndim != 2 or logits.shape[1] != self._columns.shape[0]:
            raise ModelError(f"{self._name}: its logits do not fit the labels in its config.json")
        return pooled(summed(softmax(logits), self._columns), windows)

    def alike(self, prepared: str, others: Sequence[str]) -> Probabilities:
        """Return the probabilities of `prepared` and of `others`."""
        return self.probabilities([prepared, *others])
