"""Fit the model of kinds of incident and write its weights.

    HUIYING_SHARED_DATA=/path/to/data python -m training.incident

Takes about a minute. The temperature is set on held-out texts. ``bench/incident.py`` measures.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.analysis.enrich.incident.features import KINDS
from services.analysis.enrich.incident.linear import Linear
from training.incident.corpora import Sample, everything
from training.incident.fitting import calibrated, fit, scores
from training.incident.measuring import held_out, kinds_of, telling

WEIGHTS: Final = Path("services/analysis/enrich/incident/weights.json")
_SEED: Final = 20261102


def fit_and_score(training: Sequence[Sample], tested: Sequence[Sample]) -> NDArray[np.float64]:
    """Fit on the first samples and return probabilities of the second."""
    return scores(fit(training), tested)


def _encoded(values: NDArray[np.float32]) -> str:
    return base64.b64encode(values.astype("<f2").tobytes()).decode()


def _write(model: Linear) -> None:
    held = {
        "kinds": [kind.value for kind in KINDS],
        "temperature": model.temperature,
        "bias": _encoded(model.bias),
        "lexical": _encoded(model.lexical),
        "weights": _encoded(model.weights),
        "grams": " ".join(model.grams),
    }
    WEIGHTS.write_text(json.dumps(held, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Fit, calibrate, write."""
    samples = everything()
    chances = held_out(samples, fit_and_score, _SEED)
    doubtful = telling(samples, chances)
    model = calibrated(fit(samples), chances[doubtful], kinds_of(samples)[doubtful])
    _write(model)
    size = WEIGHTS.stat().st_size // 1024
    print(
        f"{len(model.grams)} n-grams from {len(samples)} texts, temperature {model.temperature}, {size} KB: {WEIGHTS}"
    )


if __name__ == "__main__":
    main()
