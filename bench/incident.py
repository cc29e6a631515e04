"""Kinds of incident: macro-F1 by repeated stratified cross-validation, false alarms, calibration, speed.

    pip install scikit-learn
    HUIYING_SHARED_DATA=/path/to/data python bench/incident.py [--rounds 5]

Prints a Markdown table of ours beside the lexicon's words alone and TF-IDF with logistic regression of scikit-learn's
on the same folds (one round of it), then texts per second of the shipped weights on one thread. Takes five minutes.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from services.analysis.enrich.incident import classify
from services.analysis.enrich.incident.features import KINDS, LEXICAL, Reader
from services.analysis.enrich.incident.linear import Linear
from training.incident.__main__ import WEIGHTS
from training.incident.corpora import Sample, everything
from training.incident.fitting import fit, scores, weights
from training.incident.measuring import Figures, figures, held_out, kinds_of

_SEED = 20261103
_THRESHOLD = 2.0 / 5.0


def lexicon_alone(_training: Sequence[Sample], tested: Sequence[Sample]) -> NDArray[np.float64]:
    """Say the kind whose words weigh most, `other` under a threshold: what the weights add to."""
    reader = Reader(())
    found = np.zeros((len(tested), len(KINDS)))
    for row, sample in zip(found, tested, strict=True):
        sums = reader.read(sample.text, sample.title).lexical[: LEXICAL // 2]
        best = int(np.argmax(sums))
        row[best if sums[best] >= _THRESHOLD else len(KINDS) - 1] = 1.0
    return found


def tfidf(training: Sequence[Sample], tested: Sequence[Sample]) -> NDArray[np.float64]:
    """Fit TF-IDF of character n-grams and logistic regression on the same texts with the same weights."""
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=3, sublinear_tf=True, max_features=60_000)
    table = vectors.fit_transform([f"{s.title} {s.text}" for s in training])
    model = LogisticRegression(C=10.0, max_iter=200, tol=1e-3)
    model.fit(table, kinds_of(training), sample_weight=weights(training))
    chances: NDArray[np.float64] = model.predict_proba(vectors.transform([f"{s.title} {s.text}" for s in tested]))
    return chances


def _row(name: str, rounds: list[Figures]) -> str:
    alarms = " | ".join(f"{np.mean([r.false_alarms[corpus] for r in rounds]):.1f}" for corpus in rounds[0].false_alarms)
    cells = [[getattr(r, field) for r in rounds] for field in ("four", "five", "short", "own", "calibration")]
    means = " | ".join(f"{np.mean(cell):.3f} ± {np.std(cell):.3f}" for cell in cells)
    return f"| {name} | {len(rounds)} | {means} | {alarms} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    samples = everything()
    shipped = Linear.load(WEIGHTS)

    def ours(training: Sequence[Sample], tested: Sequence[Sample]) -> NDArray[np.float64]:
        return scores(replace(fit(training), temperature=shipped.temperature), tested)

    print(
        "| model | rounds | 4 kinds | 5 kinds | short, 4 kinds | own sentences | calibration error | false alarms ‰:",
        end="",
    )
    print(" headlines | messages | weibo |\n|" + " --- |" * 10)
    for name, made, times in (("ours", ours, rounds), ("lexicon", lexicon_alone, 1), ("TF-IDF", tfidf, 1)):
        found = [figures(samples, held_out(samples, made, _SEED + n), _SEED + n) for n in range(times)]
        print(_row(name, found), flush=True)
    for corpus in ("headlines", "weibo", "messages", "cec"):
        texts = [(s.text, s.title) for s in samples if s.corpus == corpus]
        begun = time.perf_counter()
        for text, title in texts:
            classify(text, title)
        took = time.perf_counter() - begun
        length = sum(len(text) + len(title) for text, title in texts) / len(texts)
        print(f"{corpus}: {len(texts) / took:,.0f} texts/s of {length:.0f} characters on average")


if __name__ == "__main__":
    main()
