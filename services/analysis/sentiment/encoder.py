"""A transformer as an ONNX file: tokens, windows, batches of like length, one thread a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from kit.cpus import available_cpus
from services.analysis.sentiment.scorer import ModelError

#: tokens of a window; what was trained on, and enough for 19 of 20 posts
WINDOW: Final = 128
#: padded tokens in one run: what lies between two layers then stays in a core's own cache. With 1,536 tokens a run the
#: scorer is 5 % slower, with 4,096 it is 20 % slower (AMD EPYC with 1 MiB of L2 a core)
BATCH_TOKENS: Final = 512
_QUIET: Final = 3  # onnxruntime's severity: errors alone


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of some texts: token ids of each, and the number of the text it belongs to, in ascending order."""

    ids: list[list[int]]
    texts: NDArray[np.int64]

    def sizes(self) -> NDArray[np.int64]:
        """Return the number of tokens in each window."""
        return np.fromiter(map(len, self.ids), np.int64, len(self.ids))

    def starts(self) -> NDArray[np.int64]:
        """Return the number of each text's first window."""
        return np.flatnonzero(np.diff(self.texts, prepend=-1))


def session_options() -> ort.SessionOptions:
    """Return how a session of 8-bit weights is run: on one thread, and right on every processor."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _QUIET
    # processors without VNNI add pairs of 8-bit products in 16 bits, where they overflow; there, weights are then read
    # as unsigned, which is right and a little slower (kOrtSessionOptionsAvx2PrecisionMode)
    options.add_session_config_entry("session.x64quantprecision", "1")
    return options


class Encoder:
    """An ONNX session and its tokenizer. Safe to call from several threads."""

    def __init__(self, session: ort.InferenceSession, tokenizer: Tokenizer, pad: int, threads: int) -> None:
        self._session, self._tokenizer, self._pad = session, tokenizer, pad
        self._threads = ThreadPoolExecutor(threads, "sentiment") if threads > 1 else None
        self.inputs = [one.name for one in (*session.get_inputs(), *session.get_overridable_initializers())]
        self.outputs = [one.name for one in session.get_outputs()]

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None, window: int = WINDOW) -> Self:
        """Load `model.onnx` and `tokenizer.json` of `folder`; raises :class:`ModelError`.

        `threads` batches run side by side, by default as many as the container's processors; each runs on one.
        """
        tokenizer = load_tokenizer(folder / "tokenizer.json")
        tokenizer.no_padding()
        tokenizer.enable_truncation(window)
        path = folder / "model.onnx"
        try:
            session = ort.InferenceSession(str(path), session_options(), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own without a common base
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(f"{path}: onnxruntime cannot load it ({first})") from error
        if "input_ids" not in (one.name for one in session.get_inputs()):
            raise ModelError(f"{path}: not a text model (it has no input named input_ids)")
        pad = next((i for t in ("<pad>", "[PAD]") if (i := tokenizer.token_to_id(t)) is not None), 0)
        return cls(session, tokenizer, pad, threads or available_cpus())

    def windows(self, texts: Sequence[str]) -> Windows:
        """Tokenise `texts`; one longer than a window becomes several."""
        ids: list[list[int]] = []
        numbers: list[int] = []
        for number, encoding in enumerate(self._tokenizer.encode_batch_fast(list(texts))):
            for part in (encoding, *encoding.overflowing):
                ids.append(part.ids)
                numbers.append(number)
        return Windows(ids, np.array(numbers, np.int64))

    def run(
        self,
        windows: Windows,
        more: dict[str, NDArray[Any]] | None = None,
        rows: dict[str, NDArray[Any]] | None = None,
    ) -> list[NDArray[Any]]:
        """Return the session's outputs for every window, in order.

        `more` goes into every run as it is; of `rows`, the rows that belong to the run's windows.
        """
        sizes = windows.sizes()
        batches = list(by_size(sizes))

        def one(batch: NDArray[np.int64]) -> list[NDArray[Any]]:
            feeds = self._feeds([windows.ids[i] for i in batch], int(sizes[batch[-1]]))
            feeds |= more or {}
            feeds |= {name: values[batch] for name, values in (rows or {}).items()}
            return list(self._session.run(None, feeds))

        several = self._threads is not None and len(batches) > 1
        found = list(self._threads.map(one, batches) if several and self._threads else map(one, batches))
        order = np.argsort(np.concatenate(batches))
        return [np.concatenate(parts)[order] for parts in zip(*found, strict=True)]

    def _feeds(self, ids: list[list[int]], longest: int) -> dict[str, NDArray[Any]]:
        tokens = np.full((len(ids), longest), self._pad, np.int64)
        mask = np.zeros((len(ids), longest), np.int64)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
            mask[row, : len(one)] = 1
        feeds = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(mask)}
        return {name: value for name, value in feeds.items() if name in self.inputs}


def load_tokenizer(path: Path) -> Tokenizer:
    """Load a `tokenizer.json`; raises :class:`ModelError`."""
    if not path.is_file():
        raise ModelError(f"{path}: no such file; a model folder holds its tokenizer beside the weights")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise ModelError(f"{path}: not a tokenizer ({str(error).splitlines()[0]})") from error


def by_size(sizes: NDArray[np.int64], limit: int = BATCH_TOKENS) -> Iterator[NDArray[np.int64]]:
    """Cut windows into batches of like size, at most `limit` padded tokens (or one window) each, shortest first."""
    order = np.argsort(sizes, kind="stable")
    begin = 0
    for end in range(1, order.size + 1):
        if end == order.size or sizes[order[end]] * (end + 1 - begin) > limit:
            yield order[begin:end]
            begin = end


def pooled(rows: NDArray[Any], windows: Windows) -> NDArray[np.float64]:
    """Return one row a text: the mean of its windows' rows, each by its share of the text's tokens."""
    sizes = windows.sizes().astype(np.float64)
    starts = windows.starts()
    summed = np.add.reduceat(rows * sizes[:, None], starts)
    return np.asarray(summed / np.add.reduceat(sizes, starts)[:, None])
