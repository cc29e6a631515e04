"""Any sequence-classification model that transformers can load, from a folder or by its hub id."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from kit.cpus import available_cpus
from services.analysis.sentiment.cleaning import legible
from services.analysis.sentiment.encoder import Windows, pooled
from services.analysis.sentiment.labels import columns, summed
from services.analysis.sentiment.scorer import ModelError, Probabilities

#: tokens of a window where the model can take more: the cost of a window grows with its square
_WINDOW: Final = 256
_TRIED: Final = (1, 2, 4, 8, 16, 32, 64, 128)
_TRIAL_TOKENS: Final = 48
#: a larger batch must be this much faster than the one before to be taken, and the next to be tried
_GAIN: Final = 1.05


class HuggingFaceScorer:
    """A :class:`~services.analysis.sentiment.scorer.Scorer` of a user's own model, on the GPU where there is one.

    Its labels are understood by `id2label` (:mod:`services.analysis.sentiment.labels`); the batch size is found by
    trying at the start, and halved for good where memory runs out.
    """

    def __init__(self, name: str, version: str, torch: Any, model: Any, tokenizer: Any) -> None:
        self._name, self._version, self._torch, self._model, self._tokenizer = name, version, torch, model, tokenizer
        self._columns = columns(model.config.id2label, name)
        longest = min(getattr(model.config, "max_position_embeddings", _WINDOW) - 2, tokenizer.model_max_length)
        self._window = max(8, min(_WINDOW, longest))
        self.batch_size = self._find_batch_size()

    @classmethod
    def load(cls, source: str) -> Self:
        """Load the folder or hub id `source`; raises :class:`ModelError`."""
        try:
            import torch
            import transformers
        except ImportError as error:
            raise ModelError(
                f"{source}: a model without model.onnx needs the extra 'transformers' ({error.name} is missing); "
                "install it with: pip install 'huiying[transformers]'"
            ) from error
        # what goes wrong is told in one line below; the hub's client would tell of each of its attempts besides
        logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL)
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        local = Path(source).is_dir()
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(source, local_files_only=local)
            model, told = transformers.AutoModelForSequenceClassification.from_pretrained(
                source, local_files_only=local, output_loading_info=True
            )
        except Exception as error:  # transformers raises OSError, ValueError, KeyError and classes of its own
            first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise ModelError(f"{source}: transformers cannot load it ({first.strip()})") from error
        if told["missing_keys"]:
            missing = ", ".join(sorted(told["missing_keys"])[:3])
            raise ModelError(f"{source}: not a classification model: its weights lack {missing}")
        if torch.cuda.is_available():
            model = model.to("cuda")
        else:
            torch.set_num_threads(available_cpus())
        version = str(getattr(model.config, "_commit_hash", None) or "local")[:12]
        return cls(Path(source).name if local else source, version, torch, model.eval(), tokenizer)

    @property
    def name(self) -> str:
        """Return the folder's name or the hub id."""
        return self._name

    @property
    def version(self) -> str:
        """Return the hub's commit, "local" for a folder."""
        return self._version

    def prepare(self, text: str) -> str:
        """Return `text` as any tokenizer takes it."""
        return legible(text)

    def probabilities(self, prepared: Sequence[str]) -> Probabilities:
        """Return the probabilities of prepared texts, (texts, 3); long ones by the mean of their windows."""
        windows = self._windows(prepared)
        shares = np.empty((len(windows.ids), self._columns.shape[0]))
        sizes = windows.sizes()
        at = 0
        order = np.argsort(sizes, kind="stable")
        while at < order.size:
            batch = order[at : at + self.batch_size]
            try:
                shares[batch] = self._run([windows.ids[i] for i in batch])
            except self._torch.OutOfMemoryError as error:
                if self.batch_size == 1:
                    longest = sizes[batch].max()
                    raise ModelError(f"{self._name}: memory does not hold a text of {longest} tokens") from error
                self.batch_size //= 2
                continue
            at += batch.size
        return pooled(summed(shares, self._columns), windows) if len(prepared) else np.zeros((0, 3))

    def alike(self, prepared: str, others: Sequence[str]) -> Probabilities:
        """Return the probabilities of `prepared` and of `others`."""
        return self.probabilities([prepared, *others])

    def _windows(self, texts: Sequence[str]) -> Windows:
        texts = list(texts)
        if not texts:
            return Windows([], np.zeros(0, np.int64))
        numbers = list(range(len(texts)))
        if not self._tokenizer.is_fast:
            # tokenizers written in Python have no windows: pieces of as many characters as a window has tokens
            pieces = [
                (number, text[begin : begin + self._window])
                for number, text in enumerate(texts)
                for begin in range(0, len(text), self._window)
            ]
            numbers, texts = [number for number, _ in pieces], [piece for _, piece in pieces]
        fast = {"return_overflowing_tokens": True} if self._tokenizer.is_fast else {}
        found = self._tokenizer(texts, truncation=True, max_length=self._window, verbose=False, **fast)
        numbers = found.get("overflow_to_sample_mapping", numbers)
        return Windows(found["input_ids"], np.array(numbers, np.int64))

    def _run(self, ids: list[list[int]]) -> NDArray[np.float64]:
        batch = self._tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(self._model.device)
        with self._torch.inference_mode():
            logits = self._model(**batch).logits
        return np.asarray(logits.float().softmax(-1).cpu().numpy(), np.float64)

    def _find_batch_size(self) -> int:
        """Return the batch size that scores the most texts of a post's length a second."""
        best, best_pace = 1, 0.0
        trial = self._windows(["好 " * min(_TRIAL_TOKENS, self._window)]).ids[0]
        for size in _TRIED:
            ids = [trial] * size
            try:
                self._run(ids)  # the first run of a shape sets things up
                began = time.perf_counter()
                self._run(ids)
            except self._torch.OutOfMemoryError:
                break
            pace = size / (time.perf_counter() - began)
            if pace < best_pace * _GAIN:
                break
            best, best_pace = size, pace
        return best
