"""The built-in scorer: n-grams first, and layer after layer of the transformer for what is not yet sure.

Every text is scored by the linear model, in microseconds. What it is sure of is answered. The rest goes through the
transformer, whose early heads answer in turn what they, together with the linear score, are sure of; the last layer
answers the remainder. How each tier's logits and the linear ones add up to calibrated probabilities, and from which
confidence a tier answers, is fitted on held-out texts (`training/export`) and lies in `cascade.json`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Counter

from services.analysis.sentiment.cleaning import clean
from services.analysis.sentiment.encoder import Encoder, Windows, pooled
from services.analysis.sentiment.linear import LinearScorer
from services.analysis.sentiment.scorer import ModelError, Probabilities, softmax

#: what `format` of a cascade.json must say
FORMAT: Final = "huiying-cascade-1"
#: the linear model, where tiers are named by the layer that answered
LINEAR: Final = 0
Row = tuple[float, float, float]
Weights = tuple[Row, Row, Row]
#: thresholds that every confidence reaches, and none
ALWAYS: Final = -1.0
NEVER: Final = 2.0
#: figures by which an early head decides, as the graph takes them: own (3 by 3), other (3 by 3), offset (3), threshold
DECISION: Final = 22

ANSWERED = Counter(
    "huiying_sentiment_answered", "Texts and windows of long texts scored, by the tier that answered", ["tier"]
)


@dataclass(frozen=True, slots=True)
class Tier:
    """How one tier answers: softmax(its logits · `own` + the linear ones · `other` + `offset`).

    `own` and `other` are (3, 3), `offset` is (3). It answers where the greatest of these probabilities reaches
    `threshold`; else the next tier is asked.
    """

    layer: int
    own: Weights
    other: Weights
    offset: Row
    threshold: float

    def weigh(self, own: NDArray[Any], linear: NDArray[Any]) -> NDArray[np.float64]:
        """Return calibrated logits."""
        return np.asarray(own @ np.array(self.own) + linear @ np.array(self.other) + np.array(self.offset))


@dataclass(frozen=True, slots=True)
class Tiers:
    """The tiers in order: the linear model, early heads, the last layer (whose threshold is 0)."""

    name: str
    version: str
    tiers: tuple[Tier, ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read `cascade.json`; raises :class:`ModelError`."""
        try:
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if raw.get("format") != FORMAT:
                raise ModelError(f"{path}: its format must be {FORMAT!r}")
            tiers = []
            for tier in raw["tiers"]:
                own, other = (_weights(tier[field]) for field in ("own", "other"))
                tiers.append(Tier(int(tier["layer"]), own, other, _row(tier["offset"]), float(tier["threshold"])))
            found = cls(str(raw["name"]), str(raw["version"]), tuple(tiers))
        except OSError as error:
            raise ModelError(f"{path}: cannot read it ({error.strerror})") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(f"{path}: a field is missing or wrong ({type(error).__name__}: {error})") from error
        layers = [tier.layer for tier in found.tiers]
        if len(layers) < 2 or layers[0] != LINEAR or layers != sorted(set(layers)) or found.tiers[-1].threshold > 0:
            raise ModelError(f"{path}: tiers must begin with layer 0, rise, and end with one that always answers")
        return found

    def write(self, path: Path) -> None:
        """Write `cascade.json`."""
        fields = {"format": FORMAT, "name": self.name, "version": self.version}
        text = json.dumps({**fields, "tiers": [asdict(tier) for tier in self.tiers]}, indent=2)
        path.write_text(text + "\n", encoding="utf-8")


def _row(values: Any) -> Row:
    negative, neutral, positive = map(float, values)
    return negative, neutral, positive


def _weights(rows: Any) -> Weights:
    negative, neutral, positive = map(_row, rows)
    return negative, neutral, positive


class Cascade:
    """A :class:`~services.analysis.sentiment.scorer.Scorer` of several tiers."""

    def __init__(self, linear: LinearScorer, encoder: Encoder, tiers: Tiers, *, whole: bool = False) -> None:
        """With `whole`, every text goes to the last layer."""
        self._linear, self._encoder, self._tiers = linear, encoder, tiers
        self._by_layer = {tier.layer: tier for tier in tiers.tiers}
        self._whole = whole

    @classmethod
    def load(cls, folder: Path, linear: Path, *, threads: int | None = None, whole: bool = False) -> Self:
        """Load the transformer in `folder`, its `cascade.json`, and the linear model; raises :class:`ModelError`."""
        tiers = Tiers.read(folder / "cascade.json")
        encoder = Encoder.load(folder, threads=threads)
        for name in ("prior", "early"):
            if name not in encoder.inputs:
                raise ModelError(f"{folder / 'model.onnx'}: has a cascade.json but no input {name!r}")
        return cls(LinearScorer.load(linear), encoder, tiers, whole=whole)

    @property
    def name(self) -> str:
        """Return the model's name."""
        return self._tiers.name

    @property
    def version(self) -> str:
        """Return the model's version."""
        return self._tiers.version

    def prepare(self, text: str) -> str:
        """Return `text` cleaned."""
        return clean(text)

    def probabilities(self, prepared: Sequence[str]) -> Probabilities:
        """Return the probabilities of cleaned texts, (texts, 3)."""
        return softmax(self._weighed(prepared)[0])

    def alike(self, prepared: str, others: Sequence[str]) -> Probabilities:
        """Return the probabilities of `prepared` and of `others` by the tier that answers `prepared`."""
        _, tiers = self._weighed([prepared])
        return softmax(self._weighed([prepared, *others], int(tiers[0]))[0])

    def answered(self, prepared: Sequence[str]) -> tuple[Probabilities, NDArray[np.int64]]:
        """Return the probabilities and, for each text, the deepest layer that answered a part of it (0: linear)."""
        logits, tiers = self._weighed(prepared)
        return softmax(logits), tiers

    def _weighed(
        self, prepared: Sequence[str], only: int | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return calibrated logits and the tier of each text; with `only`, that tier answers everything."""
        linear = self._linear.logits(prepared)
        first = self._tiers.tiers[0]
        logits = first.weigh(np.zeros_like(linear), linear)
        answered = np.full(len(prepared), LINEAR, np.int64)
        if only is not None:
            open_ = np.full(len(prepared), only != LINEAR)
        elif self._whole:
            open_ = np.ones(len(prepared), bool)
        else:
            open_ = softmax(logits).max(1, initial=0) < first.threshold
        left = np.flatnonzero(open_)
        ANSWERED.labels("linear").inc(len(prepared) - left.size)
        if left.size:
            windows = self._encoder.windows([prepared[i] for i in left.tolist()])
            logits[left], answered[left] = self._deep(windows, linear[left], only)
        return logits, answered

    def _deep(
        self, windows: Windows, linear: NDArray[np.float64], only: int | None
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        prior = linear[windows.texts].astype(np.float32)
        found, layers = self._encoder.run(windows, {"early": self._early(only)}, {"prior": prior})
        weighed = np.empty((len(layers), 3))
        for layer in np.unique(layers):
            at = layers == layer
            weighed[at] = self._by_layer[int(layer)].weigh(found[at], prior[at])
            ANSWERED.labels(f"layer {layer}").inc(int(at.sum()))
        return pooled(weighed, windows), np.maximum.reduceat(layers, windows.starts())

    def _early(self, only: int | None) -> NDArray[np.float32]:
        """Return how early heads decide, a row of `DECISION` figures a head."""
        rows = []
        for tier in self._tiers.tiers[1:-1]:
            threshold = tier.threshold
            if only is not None:
                threshold = ALWAYS if tier.layer == only else NEVER
            elif self._whole:
                threshold = NEVER
            rows.append([*np.ravel(tier.own), *np.ravel(tier.other), *tier.offset, threshold])
        return np.array(rows, np.float32).reshape(-1, DECISION)
