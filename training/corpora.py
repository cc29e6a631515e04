"""Reading the research corpora, and scoring predictions on them in the way that each allows."""

from __future__ import annotations

import csv
import gzip
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score

#: corpora with two classes; of weibo2018 the label 1 means "not negative"
TWO_CLASS: Final = frozenset(
    {"weibo2018", "weibo_emoji", "finance_titles", "reviews_nlpcc2014", "shopping", "takeaway"}
)
NOT_NEGATIVE: Final = "weibo2018"
#: share of the training texts held out for choosing and calibrating, the same texts for every model
VALIDATION: Final = 0.05
VALIDATION_SEED: Final = 20260301


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


def held_out(count: int, share: float, seed: int) -> NDArray[np.bool_]:
    """Return which of `count` training texts are kept from training, for choosing and calibrating; the same for all."""
    return np.random.default_rng(seed).random(count) < share


def open_classes(data: Texts) -> NDArray[np.bool_]:
    """Return which classes each label leaves open, (texts, 3)."""
    allowed = np.eye(3, dtype=bool)[data.labels + 1]
    allowed[(data.corpora == NOT_NEGATIVE) & (data.labels == 1), 1] = True
    return allowed


def text_weights(data: Texts, by_corpus: dict[str, float], balance: float) -> NDArray[np.float64]:
    """Return the weight of every text: its corpus's, evened out between the corpus's classes by `balance`."""
    weights = np.array([by_corpus[corpus] for corpus in data.corpora])
    for corpus in set(data.corpora.tolist()):
        inside = data.corpora == corpus
        for label in (-1, 0, 1):
            chosen = inside & (data.labels == label)
            if chosen.any():
                weights[chosen] *= (inside.sum() / chosen.sum() / len(set(data.labels[inside].tolist()))) ** balance
        weights[inside] *= by_corpus[corpus] / weights[inside].mean()
    return weights


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


def mean_figure(data: Texts, probabilities: NDArray[np.float64]) -> float:
    """Return the mean over corpora of each one's own figure: macro-F1 of three classes, accuracy of two."""
    found = figures(data, probabilities)
    return float(np.mean([row["accuracy" if corpus in TWO_CLASS else "macro_f1"] for corpus, row in found.items()]))


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
