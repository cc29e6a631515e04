"""Fitting a softmax over hashed n-grams, with labels that may leave more than one class open."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from services.analysis.sentiment.cleaning import clean
from services.analysis.sentiment.ngrams import counts, grams
from services.analysis.sentiment.scorer import softmax

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
    rate: float,
    epochs: int,
    batch: int,
    begun: float,
    seed: int,
    report: Report,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit weights (features, 3) and bias (3) by Adagrad (Duchi et al. 2011) in small batches.

    `allowed` (texts, 3) marks the classes that a label leaves open; the loss is -log of the probability of all of them
    together, so that "not negative" teaches nothing about neutral against positive. The rate falls to zero by a
    straight line; `begun` is what the sums of squared gradients begin with, and stands for a penalty: a feature seen
    seldom moves little.
    """
    random = np.random.default_rng(seed)
    size, texts = matrix.shape[1], matrix.shape[0]
    table, squares = np.zeros((size, 3), np.float32), np.full((size, 3), begun, np.float32)
    bias, bias_squares = np.zeros(3), np.full(3, begun)
    share = weights / weights.mean()
    total = epochs * -(-texts // batch)
    step = 0
    for epoch in range(epochs):
        order, lost = random.permutation(texts), 0.0
        for start in range(0, texts, batch):
            rows = order[start : start + batch]
            part = matrix[rows]
            columns, places = np.unique(part.indices, return_inverse=True)
            local = csr_matrix((part.data, places, part.indptr), shape=(rows.size, columns.size))
            shares = softmax(local @ table[columns] + bias)
            open_shares = np.where(allowed[rows], shares, 0)
            mass = np.maximum(open_shares.sum(axis=1, keepdims=True), 1e-12)
            lost -= float((share[rows] * np.log(mass[:, 0])).sum())
            slope = (shares - open_shares / mass) * share[rows][:, None]
            gradient = (local.T @ slope).astype(np.float32)
            pace = rate * (1 - step / total)
            squares[columns] += gradient**2
            table[columns] -= pace * gradient / np.sqrt(squares[columns])
            whole = slope.sum(axis=0)
            bias_squares += whole**2
            bias -= pace * whole / np.sqrt(bias_squares)
            step += 1
        report(f"epoch {epoch + 1} of {epochs}: loss {lost / texts:.4f}")
    return table.astype(np.float64), bias


def temperature(logits: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Return the temperature at which held-out texts of three-class corpora are most likely (`truth` 0, 1, 2)."""
    rows = np.arange(truth.size)

    def loss(log_temperature: NDArray[np.float64]) -> float:
        shares = softmax(logits / np.exp(log_temperature[0]))
        return -float(np.log(np.maximum(shares[rows, truth], 1e-12)).mean())

    return float(np.exp(minimize(loss, np.zeros(1), method="Nelder-Mead").x[0]))
