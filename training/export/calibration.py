"""Fitting how tiers answer: calibrated logits by held-out texts, and the confidence from which a tier may answer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from services.analysis.sentiment.cascade import LINEAR, Tier
from services.analysis.sentiment.scorer import softmax
from training.corpora import Texts, mean_figure, open_classes

#: what a tier may lose of the corpora's mean figure and of the share right, against all texts at the last layer
_MAY_LOSE = 0.001
#: strength of the pull towards the plain sum, against the mean loss of a text
_PULL = 1e-4
_LEVELS = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.84, 0.87, 0.9, 0.92, 0.94, 0.96, 0.98, 1.01)


def fit_tier(
    layer: int, own: NDArray[np.float64], linear: NDArray[np.float64], data: Texts, weights: NDArray[np.float64]
) -> Tier:
    """Return the tier whose weighed logits make the labels of `data` most likely; always answering, as yet.

    A softmax regression on both logits, by L-BFGS, pulled lightly towards their plain sum. For the linear tier, `own`
    is zero.
    """
    allowed, share = open_classes(data), (weights / weights.sum())[:, None]
    inputs = np.concatenate([own, linear, np.ones((len(linear), 1))], axis=1)
    plain = np.concatenate([np.eye(3) * (0.0 if layer == LINEAR else 0.5), np.eye(3) * 0.5, np.zeros((1, 3))])

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        pull = flat.reshape(plain.shape) - plain
        shares = softmax(inputs @ flat.reshape(plain.shape))
        open_shares = np.where(allowed, shares, 0)
        mass = np.maximum(open_shares.sum(1, keepdims=True), 1e-12)
        gradient = inputs.T @ ((shares - open_shares / mass) * share) + _PULL * pull
        return float(-(share * np.log(mass)).sum() + _PULL / 2 * (pull**2).sum()), gradient.ravel()

    found = minimize(loss, plain.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 1000})
    rows = [(row[0], row[1], row[2]) for row in found.x.reshape(plain.shape).tolist()]
    return Tier(layer, (rows[0], rows[1], rows[2]), (rows[3], rows[4], rows[5]), rows[6], 0.0)


@dataclass(frozen=True, slots=True)
class Choice:
    """Thresholds, what share of the texts each tier answers, and the figures with them and without."""

    tiers: tuple[Tier, ...]
    shares: tuple[float, ...]
    layers: float
    mean_figure: float
    whole_mean_figure: float
    right: float
    whole_right: float


def choose_thresholds(tiers: Sequence[Tier], weighed: Sequence[NDArray[np.float64]], data: Texts) -> Choice:
    """Return the tiers with the thresholds that cost the fewest layers within what may be lost.

    `weighed` are each tier's calibrated logits of `data`.
    """
    shares = [softmax(logits) for logits in weighed]
    sure = [one.max(1) for one in shares]
    allowed = open_classes(data)
    rows = np.arange(len(data.texts))

    def right(probabilities: NDArray[np.float64]) -> float:
        return float(allowed[rows, probabilities.argmax(1)].mean())

    whole, whole_right = mean_figure(data, shares[-1]), right(shares[-1])
    best: Choice | None = None
    for levels in itertools.product(_LEVELS, repeat=len(tiers) - 1):
        by = np.full(rows.size, len(tiers) - 1)
        for number in reversed(range(len(tiers) - 1)):
            by[sure[number] >= levels[number]] = number
        layers = float(np.array([tier.layer for tier in tiers])[by].mean())
        if best is not None and layers >= best.layers:
            continue
        mixed = np.stack(shares)[by, rows]
        share_right = right(mixed)
        if share_right < whole_right - _MAY_LOSE:
            continue
        figure = mean_figure(data, mixed)
        if figure < whole - _MAY_LOSE:
            continue
        best = Choice(
            tuple(replace(tier, threshold=level) for tier, level in zip(tiers, (*levels, 0.0), strict=True)),
            tuple(float((by == number).mean()) for number in range(len(tiers))),
            layers,
            figure,
            whole,
            share_right,
            whole_right,
        )
    assert best is not None, "at thresholds over 1 nothing is lost"
    return best
