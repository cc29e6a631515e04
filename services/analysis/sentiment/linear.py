"""The linear scorer: hashed character n-grams, integer weights, numpy alone.

A model is a folder of `config.json` and `weights.npy`: one row of four bytes a hash bucket, the weight of the bucket's
n-grams for negative, neutral and positive (signed) and the square of its inverse document frequency (unsigned).
A text's features are damped counts (1 + ln n) times idf, scaled to unit length; the weights already hold the idf.
All sums are of integers, so that a score does not depend on what else is in the batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from services.analysis.sentiment.cleaning import clean
from services.analysis.sentiment.ngrams import counts, grams
from services.analysis.sentiment.scorer import LABELS, ModelError, Probabilities, softmax

#: what `format` of a config must say
FORMAT: Final = "huiying-linear-1"
# Characters scored at once: bounds memory to some 20 MB whatever the batch, and keeps the arrays in the cache.
_CHUNK: Final = 30_000
# Damped counts as integers of 1/64; no bounded text holds an n-gram more often than the table is long.
_DAMPED: Final = np.rint(64 * (1 + np.log(np.arange(1, 4097)))).astype(np.int64)


@dataclass(frozen=True, slots=True)
class LinearConfig:
    """What `config.json` holds besides its format. `bias` is by label; scales turn integers back into figures."""

    name: str
    version: str
    orders: tuple[int, ...]
    bits: int
    weight_scale: float
    idf_scale: float
    bias: tuple[float, float, float]
    temperature: float

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the config in the file `path`; raises :class:`ModelError`."""
        try:
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ModelError(f"{path}: cannot read the model's config ({error.strerror})") from error
        except ValueError as error:
            raise ModelError(f"{path}: not a JSON file") from error
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise ModelError(f"{path}: not a linear sentiment model (its format must be {FORMAT!r})")
        if raw.get("labels") != list(LABELS):
            raise ModelError(f"{path}: labels must be {', '.join(LABELS)} in this order")
        try:
            negative, neutral, positive = map(float, raw["bias"])
            config = cls(
                name=str(raw["name"]),
                version=str(raw["version"]),
                orders=tuple(int(order) for order in raw["orders"]),
                bits=int(raw["bits"]),
                weight_scale=float(raw["weight_scale"]),
                idf_scale=float(raw["idf_scale"]),
                bias=(negative, neutral, positive),
                temperature=float(raw["temperature"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: a field is missing or wrong ({type(error).__name__}: {error})") from error
        if not (config.orders and min(config.orders) >= 1 and 8 <= config.bits <= 24 and config.temperature > 0):
            raise ModelError(f"{path}: orders, bits (8 to 24) or temperature out of range")
        return config

    def write(self, path: Path) -> None:
        """Write the config to the file `path`."""
        fields = {field: getattr(self, field) for field in self.__slots__}
        text = json.dumps({"format": FORMAT, "labels": LABELS, **fields}, indent=2)
        path.write_text(text + "\n", encoding="utf-8")


class LinearScorer:
    """A :class:`~services.analysis.sentiment.scorer.Scorer` of one linear model."""

    def __init__(self, config: LinearConfig, table: NDArray[np.uint32]) -> None:
        self._config, self._table = config, table

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load the model in `folder`, its weights memory-mapped; raises :class:`ModelError`."""
        if not folder.is_dir():
            raise ModelError(f"{folder}: no such model folder")
        config = LinearConfig.read(folder / "config.json")
        weights = folder / "weights.npy"
        try:
            table = np.load(weights, mmap_mode="r", allow_pickle=False)
        except OSError as error:
            raise ModelError(f"{weights}: cannot read the weights ({error.strerror or error})") from error
        except (ValueError, EOFError) as error:
            raise ModelError(f"{weights}: not a file of weights, or cut short") from error
        if table.dtype != np.int8 or table.shape != ((1 << config.bits) + 1, 4):
            raise ModelError(
                f"{weights}: expected 2^{config.bits} + 1 rows of 4 bytes, found {table.shape} {table.dtype}"
            )
        return cls(config, table.view(np.uint32)[:, 0])

    @property
    def name(self) -> str:
        """Return the model's name."""
        return self._config.name

    @property
    def version(self) -> str:
        """Return the model's version."""
        return self._config.version

    def prepare(self, text: str) -> str:
        """Return `text` cleaned."""
        return clean(text)

    def probabilities(self, prepared: Sequence[str]) -> Probabilities:
        """Return the probabilities of cleaned texts, (texts, 3)."""
        return softmax(self.logits(prepared) / self._config.temperature)

    def alike(self, prepared: str, others: Sequence[str]) -> Probabilities:
        """Return the probabilities of `prepared` and of `others`."""
        return self.probabilities([prepared, *others])

    def logits(self, prepared: Sequence[str]) -> NDArray[np.float64]:
        """Return the logits of cleaned texts before the temperature, (texts, 3)."""
        return np.concatenate([np.zeros((0, 3)), *(self._logits(chunk) for chunk in _chunks(prepared))])

    def _logits(self, texts: list[str]) -> NDArray[np.float64]:
        config = self._config
        found = counts(grams(texts, config.orders, config.bits), config.bits)
        rows = self._table[found.buckets]
        damped = _DAMPED[np.minimum(found.times, _DAMPED.size) - 1]
        sums = np.empty((len(texts), 3))
        fields = rows.view(np.int8).reshape(-1, 4)
        for label in range(3):
            sums[:, label] = np.add.reduceat(fields[:, label] * damped, found.starts)
        idf = rows.view(np.uint8).reshape(-1, 4)[:, 3]
        squares = np.add.reduceat(idf * (damped * damped), found.starts)
        length = np.sqrt(np.maximum(squares, 1) * config.idf_scale)
        return np.asarray(sums * config.weight_scale / length[:, None] + np.array(config.bias))


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    size = 0
    for text in texts:
        if chunk and size + len(text) > _CHUNK:
            yield chunk
            chunk, size = [], 0
        chunk.append(text)
        size += len(text) + 2
    if chunk:
        yield chunk
