"""Reading the research corpora, and scoring predictions on them in the way that each allows."""

from __future__ import annotations

import csv
import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score

from training.linear.recipe import NOT_NEGATIVE, TWO_CLASS


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts with their corpora and labels (-1 negative, 0 neutral, 1 positive)."""

    texts: list[str]
    corpora: NDArray[np.str_]
    labels: NDArray[np.int64]

    def part(self, chosen: NDArray[np.bool_]) -> Texts:
        """Return the texts where `chosen` is true."""
        return Texts(
            [t for t, c in zip(self.texts, chosen, strict=True) if c], self.corpora[chosen], self.labels[chosen]
        )


def shared_data() -> Path:
    """Return the folder that HUIYING_SHARED_DATA names; ends the program with one line where it is unset."""
    folder = os.environ.get("HUIYING_SHARED_DATA")
    if not folder or not (Path(folder) / "sentiment").is_dir():
        raise SystemExit(
            "Set HUIYING_SHARED_DATA to the folder that holds sentiment/train.csv.gz and sentiment/test.csv.gz"
        )
    return Path(folder)


def read(part: str) -> Texts:
    """Return the part "train" or "test"."""
    with gzip.open(shared_data() / "sentiment" / f"{part}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Texts(
        [row["text"] for row in rows],
        np.array([row["corpus"] for row in rows]),
        np.array([int(row["label"]) for row in rows]),
    )


def figures(data: Texts, probabilities: NDArray[np.float64]) -> dict[str, dict[str, float]]:
    """Return accuracy and macro-F1 by corpus; `probabilities` are (texts, 3): negative, neutral, positive.

    Three-class corpora go by the most likely class; two-class ones by negative against positive; weibo2018, whose label
    1 means "not negative", by negative against the rest.
    """
    found: dict[str, dict[str, float]] = {}
    for corpus in sorted(set(data.corpora.tolist())):
        mask = data.corpora == corpus
        shares, truth = probabilities[mask], data.labels[mask]
        if corpus == NOT_NEGATIVE:
            said = np.where(shares[:, 0] >= 0.5, -1, 1)
        elif corpus in TWO_CLASS:
            said = np.where(shares[:, 0] > shares[:, 2], -1, 1)
        else:
            said = shares.argmax(axis=1) - 1
        found[corpus] = {
            "texts": int(mask.sum()),
            "accuracy": round(float(accuracy_score(truth, said)), 4),
            "macro_f1": round(float(f1_score(truth, said, average="macro")), 4),
        }
    return found


def calibration_error(data: Texts, probabilities: NDArray[np.float64], bins: int = 15) -> float:
    """Return the expected calibration error over the three-class corpora (confidence of the most likely class)."""
    mask = ~np.isin(data.corpora, list(TWO_CLASS))
    shares, truth = probabilities[mask], data.labels[mask] + 1
    confidence, right = shares.max(axis=1), shares.argmax(axis=1) == truth
    edges = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for number in range(bins):
        inside = edges == number
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return round(float(error), 4)
