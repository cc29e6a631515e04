"""Accuracy by corpus and speed of the built-in sentiment scorer, beside scikit-learn doing the same work.

    HUIYING_SHARED_DATA=/path/to/data python bench/sentiment.py

Accuracy and macro-F1 are on the public test set (three-class corpora: most likely class; two-class ones: negative
against positive; weibo2018: negative against the rest). Speed is texts per second on one thread, cleaning included, in
batches of 256 and one by one; the peer is scikit-learn's HashingVectorizer (characters, the same n-grams and buckets)
with a softmax over the same number of weights, on the same cleaned texts.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from services.analysis.sentiment import load_scorer
from services.analysis.sentiment.cleaning import clean
from services.analysis.sentiment.linear import softmax
from training.linear import recipe
from training.linear.corpora import calibration_error, figures, read

BATCH = 256


def per_second(texts: list[str], score: Callable[[list[str]], object], batch: int) -> float:
    """Return texts per second of `score` in batches, the best of three rounds."""
    best = 0.0
    for _ in range(3):
        began = time.perf_counter()
        for start in range(0, len(texts), batch):
            score(texts[start : start + batch])
        best = max(best, len(texts) / (time.perf_counter() - began))
    return best


def main() -> None:
    """Measure and print Markdown tables."""
    data = read("test")
    scorer = load_scorer()
    scores = scorer.score(data.texts)
    probabilities = np.array([[share for _, share in sorted(one.probabilities.items())] for one in scores])
    print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, one thread, {scorer.name} {scorer.version}\n")
    print("| corpus | texts | accuracy | macro-F1 |\n| --- | --- | --- | --- |")
    for corpus, row in figures(data, probabilities).items():
        print(f"| {corpus} | {row['texts']:,} | {row['accuracy']:.3f} | {row['macro_f1']:.3f} |")
    print(f"\nExpected calibration error on the three-class corpora: {calibration_error(data, probabilities)}\n")

    vectorizer = HashingVectorizer(
        analyzer="char", ngram_range=(min(recipe.ORDERS), max(recipe.ORDERS)), n_features=1 << recipe.BITS
    )
    weights = np.random.default_rng(0).normal(size=(1 << recipe.BITS, 3))

    def peer(texts: list[str]) -> object:
        return softmax(vectorizer.transform([clean(text) for text in texts]) @ weights)

    mean = sum(map(len, data.texts)) / len(data.texts)
    print(f"Texts per second (mean {mean:.0f} characters):\n")
    print("| | batches of 256 | one by one |\n| --- | --- | --- |")
    some = data.texts[:1500]
    ours = per_second(data.texts, scorer.score, BATCH), per_second(some, scorer.score, 1)
    theirs = per_second(data.texts, peer, BATCH), per_second(some, peer, 1)
    print(f"| ours | {ours[0]:,.0f} | {ours[1]:,.0f} |")
    print(f"| scikit-learn, same n-grams | {theirs[0]:,.0f} | {theirs[1]:,.0f} |")
    print(f"| ratio | {ours[0] / theirs[0]:.1f} | {ours[1] / theirs[1]:.1f} |")


if __name__ == "__main__":
    main()
