"""Fitting a softmax over hashed n-grams, with labels that may leave more than one class open."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from services.analysis.sentiment.cleaning import clean
from services.analysis.sentiment.linear import softmax
from services.analysis.sentiment.ngrams import counts, grams

Report = Callable[[str], None]
_BATCH = 500


def features(texts: list[str], orders: tuple[int, ...], bits: int) -> csr_matrix:
    """Return damped counts (1 + ln n) as a sparse matrix, (texts, 2**bits + 1)."""
    data: list[NDArray[np.float32]] = []
    columns: list[NDArray[np.int32]] = []
    ends: list[NDArray[np.int64]] = [np.zeros(1, np.int64)]
    size = 0
    for start in range(0, len(texts), _BATCH):
        part = [clean(text) for text in texts[start : start + _BATCH]]
        found = counts(grams(part, orders, bits), bits)
        data.append((1 + np.log(found.times)).astype(np.float32))
        columns.append(found.buckets.astype(np.int32))
        ends.append(np.append(found.starts[1:], found.buckets.size) + size)
        size += found.buckets.size
    shape = (len(texts), (1 << bits) + 1)
    return csr_matrix((np.concatenate(data), np.concatenate(columns), np.concatenate(ends)), shape=shape)


def inverse_document_frequency(matrix: csr_matrix, rare: int) -> NDArray[np.float64]:
    """Return smoothed idf by feature; features in fewer than `rare` texts, and the last (no n-gram), weigh nothing."""
    texts = np.bincount(matrix.indices, minlength=matrix.shape[1])
    idf = np.log((1 + matrix.shape[0]) / (1 + texts)) + 1
    idf[texts < rare] = 0
    idf[-1] = 0
    return np.asarray(idf)


def weighted(matrix: csr_matrix, idf: NDArray[np.float64]) -> csr_matrix:
    """Return tf-idf rows of unit length."""
    result = matrix.copy().astype(np.float32)
    result.data *= idf[result.indices].astype(np.float32)
    lengths = np.sqrt(np.add.reduceat(result.data.astype(np.float64) ** 2, result.indptr[:-1]))
    result.data /= np.repeat(np.maximum(lengths, 1e-9), np.diff(result.indptr)).astype(np.float32)
    result.eliminate_zeros()
    return result


def fit(
    matrix: csr_matrix,
    allowed: NDArray[np.bool_],
    weights: NDArray[np.float64],
    *,
    l2: float,
    steps: int,
    report: Report,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit weights (features, 3) and bias (3) by L-BFGS.

    `allowed` (texts, 3) marks the classes that a label leaves open; the loss is -log of the probability of all of them
    together, so that "not negative" teaches nothing about neutral against positive.
    """
    size = matrix.shape[1]
    share = (weights / weights.sum())[:, None]
    transposed = matrix.T.tocsr()
    began, calls = time.monotonic(), 0

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        nonlocal calls
        table, bias = flat[:-3].reshape(size, 3), flat[-3:]
        shares = softmax(matrix @ table + bias)
        open_mass = np.where(allowed, shares, 0).sum(axis=1, keepdims=True)
        value = -float((share[:, 0] * np.log(np.maximum(open_mass[:, 0], 1e-12))).sum())
        slope = (shares - np.where(allowed, shares, 0) / np.maximum(open_mass, 1e-12)) * share
        gradient = np.concatenate([(transposed @ slope + l2 * table).ravel(), slope.sum(axis=0)])
        calls += 1
        if calls % 20 == 0:
            report(f"step {calls}: loss {value:.4f}, {time.monotonic() - began:.0f} s")
        return value + l2 / 2 * float((table**2).sum()), gradient

    done = minimize(loss, np.zeros(size * 3 + 3), jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 8})
    return done.x[:-3].reshape(size, 3), done.x[-3:]


def temperature(logits: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Return the temperature at which held-out texts of three-class corpora are most likely (`truth` 0, 1, 2)."""
    rows = np.arange(truth.size)

    def loss(log_temperature: NDArray[np.float64]) -> float:
        shares = softmax(logits / np.exp(log_temperature[0]))
        return -float(np.log(np.maximum(shares[rows, truth], 1e-12)).mean())

    return float(np.exp(minimize(loss, np.zeros(1), method="Nelder-Mead").x[0]))
