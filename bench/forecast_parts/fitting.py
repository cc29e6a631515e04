"""Weights and dispersions of the forecast, by maximum quasi-likelihood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.analysis.events.forecast import quantiles

Floats = NDArray[np.float64]


def fitted(past: Floats, dues: Floats, posts: Floats) -> tuple[Floats, float]:
    """Return non-negative weights of the averages `past`, and the dispersion, for one hour to come.

    `past` (rows, averages), `dues` and `posts` (rows). Multiplicative steps of a Poisson regression with identity link,
    weighted by the inverse of the variance over the mean, in turn with a dispersion by likelihood on a grid. The
    dispersion returned is the one with the best weighted interval score over the mean: the likeliest one is widened
    by the few counts that no past could have told of.
    """
    x = past * dues[:, None]
    grid = np.exp(np.linspace(np.log(0.02), np.log(8), 60))
    weights, dispersion = np.full(x.shape[1], 1 / x.shape[1]), 0.5
    for _ in range(8):
        for _ in range(60):
            mean = x @ weights + 1e-9
            trust = 1 / (1 + dispersion * mean)
            weights *= (x * (trust * posts / mean)[:, None]).sum(0) / np.maximum((x * trust[:, None]).sum(0), 1e-12)
        mean = x @ weights + 1e-9
        dispersion = float(max(grid, key=lambda a: _likelihood(mean, posts, float(a))))
    chosen = np.linspace(0, len(mean) - 1, 2500).astype(int)
    pairs = [(float(m), float(y)) for m, y in zip(mean[chosen], posts[chosen], strict=True) if m >= 1]
    return weights, float(min(grid[::2], key=lambda a: _score(pairs, float(a))))


def _score(pairs: list[tuple[float, float]], dispersion: float) -> float:
    """Return the weighted interval score (Bracher et al. 2021) of (mean, count) pairs, each over its mean, added up."""
    total = 0.0
    for mean, posts in pairs:
        low90, low50, median, high50, high90 = quantiles(mean, dispersion)
        score = abs(posts - median) / 2
        for low, high, outside in ((low50, high50, 0.5), (low90, high90, 0.1)):
            score += outside / 2 * (high - low) + max(low - posts, 0) + max(posts - high, 0)
        total += score / mean
    return total


def _likelihood(mean: Floats, posts: Floats, dispersion: float) -> float:
    """Return the log-likelihood of negative binomial counts, up to what does not depend on the parameters."""
    size = 1 / dispersion
    # log Gamma(posts + size) / Gamma(size) as a sum over 0..posts-1, by a table
    most = int(posts.max()) + 1
    rising = np.concatenate(([0.0], np.cumsum(np.log(np.arange(most) + size))))
    counts = posts.astype(np.int64)
    chance = rising[counts] + size * np.log(size / (size + mean)) + posts * np.log(mean / (size + mean))
    return float(chance.sum())
