"""The linear model that tells kinds of incident apart, as its weights file holds it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.analysis.enrich.incident.features import KINDS, LEXICAL, Features, Reader

#: words of evidence that are shown at most
_SHOWN: Final = 8
#: a gram is evidence where it adds this much to its kind against `other`
_TELLING: Final = 0.35


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of n-grams (grams, kinds), of lexical features (LEXICAL, kinds) and of nothing (kinds)."""

    grams: tuple[str, ...]
    weights: NDArray[np.float32]
    lexical: NDArray[np.float32]
    bias: NDArray[np.float32]
    #: what scores are divided by, so that confidence is how often a guess is right
    temperature: float
    reader: Reader

    @classmethod
    def load(cls, path: Path) -> Linear:
        """Read a weights file; raises ValueError where it is of other kinds than this program's."""
        held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if held["kinds"] != [kind.value for kind in KINDS]:
            raise ValueError(f"{path.name} is of other kinds of incident: {held['kinds']}")
        grams = tuple(held["grams"].split())
        return cls(
            grams,
            _array(held["weights"], len(grams)),
            _array(held["lexical"], LEXICAL),
            _array(held["bias"], 1)[0],
            float(held["temperature"]),
            Reader(grams),
        )

    def features(self, folded: str, folded_title: str) -> Features:
        """Return what a folded text and title show."""
        return self.reader.read(folded, folded_title)

    def probabilities(self, features: Features) -> list[float]:
        """Return the chance of each of KINDS."""
        scores = self.bias + np.array(features.lexical, np.float32) @ self.lexical
        if features.grams:
            shares = np.fromiter(features.grams.values(), np.float32, len(features.grams))
            scores = scores + shares @ self.weights[list(features.grams)]
        raised = np.exp((scores - scores.max()) / self.temperature)
        return [float(chance) for chance in raised / raised.sum()]

    def evidence(self, features: Features, kind: int) -> tuple[str, ...]:
        """Return the words and n-grams that speak most for a kind, those inside longer ones left out."""
        other = len(KINDS) - 1
        if kind == other:
            return ()
        gains = {
            self.grams[number]: share * float(self.weights[number, kind] - self.weights[number, other])
            for number, share in features.grams.items()
        }
        telling = [gram for gram in sorted(gains, key=lambda gram: (-gains[gram], gram)) if gains[gram] >= _TELLING]
        kept: list[str] = []
        for word in (*sorted(features.words[kind], key=lambda word: (-gains.get(word, 0.0), word)), *telling):
            if not any(word in longer or longer in word for longer in kept):
                kept.append(word)
        return tuple(kept[:_SHOWN])


def _array(encoded: str, rows: int) -> NDArray[np.float32]:
    flat = np.frombuffer(base64.b64decode(encoded), "<f2").astype(np.float32)
    return flat.reshape(rows, len(KINDS))
