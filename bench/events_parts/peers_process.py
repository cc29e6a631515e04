"""The other systems, in a Python of their own that has jieba, scikit-learn and, if it is to be measured, BERTopic.

``PYTHON peers_process.py FOLDER`` reads texts, times and our likeness of all pairs from FOLDER and writes what each
system makes of them, for every setting in its grid, to FOLDER/found.json. It imports nothing of the project.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jieba
import numpy as np
from sklearn.cluster import HDBSCAN
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

_WINDOW = 14 * 86_400
_TFIDF = (0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5)
_SMALLEST = (2, 3, 5, 10, 20)
_TOPICS = (3, 6, 15)

warnings.filterwarnings("ignore")
jieba.setLogLevel(60)


def main() -> None:
    """Run all systems."""
    folder = Path(sys.argv[1])
    given = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    # in double precision, as HDBSCAN asks
    apart = np.maximum(1 - np.load(folder / "ours.npy").astype(np.float64), 0)
    np.fill_diagonal(apart, 0)
    found: dict[str, Any] = {}
    began = time.process_time()
    rows = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, sublinear_tf=True, min_df=1).fit_transform(
        given["texts"]
    )
    alike = np.asarray((rows @ rows.T).todense(), np.float32)
    np.save(folder / "tfidf.npy", alike)
    read = time.process_time() - began
    if given["cluster"]:
        times = np.array(given["times"])
        found["TF-IDF, single pass"] = _tried(lambda least: _single_pass(alike, times, least), _TFIDF, read)
        found["HDBSCAN on our likeness"] = _tried(
            lambda size: (
                HDBSCAN(min_cluster_size=int(size), metric="precomputed", copy=True).fit_predict(apart).tolist()
            ),
            _SMALLEST,
            0.0,
        )
        try:
            from bertopic import BERTopic
            from bertopic.dimensionality import BaseDimensionalityReduction
            from umap import UMAP
        except ImportError:
            found["BERTopic on our likeness"] = None
        else:
            began = time.process_time()
            flat = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="precomputed", random_state=1)
            reduced = flat.fit_transform(apart)
            read = time.process_time() - began

            def topics(size: float) -> list[int]:
                model = BERTopic(
                    umap_model=BaseDimensionalityReduction(),
                    min_topic_size=int(size),
                    vectorizer_model=CountVectorizer(tokenizer=jieba.lcut, token_pattern=None),
                )
                return [int(one) for one in model.fit_transform(given["texts"], reduced)[0]]

            found["BERTopic on our likeness"] = _tried(topics, _TOPICS, read)
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")


def _tried(run: Callable[[float], list[int]], grid: tuple[float, ...], read: float) -> list[dict[str, Any]]:
    tried = []
    for setting in grid:
        began = time.process_time()
        labels = run(setting)
        tried.append({"setting": setting, "labels": labels, "seconds": read + time.process_time() - began})
    return tried


def _single_pass(alike: Any, times: Any, least: float) -> list[int]:
    """Return clusters: each text joins the one whose centroid is nearest, among those with a text of 14 days."""
    count = len(times)
    labels = np.full(count, -1)
    norms, last = np.zeros(count), np.full(count, -np.inf)
    clusters = 0
    for number in range(count):
        sums = np.bincount(labels[:number], alike[number, :number], clusters) if number else np.zeros(0)
        near = np.where(
            times[number] - last[:clusters] <= _WINDOW, sums / np.sqrt(np.maximum(norms[:clusters], 1e-9)), -1
        )
        best = int(near.argmax()) if clusters else -1
        if best >= 0 and near[best] >= least:
            norms[best] += 2 * sums[best] + 1
        else:
            best, clusters = clusters, clusters + 1
            norms[best] = 1
        labels[number], last[best] = best, times[number]
    return [int(label) for label in labels]


if __name__ == "__main__":
    main()
