"""The scorers that are measured: ours, and those peers that are installed."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from services.analysis.sentiment.cascade import Cascade
from services.analysis.sentiment.labels import columns, summed
from services.analysis.sentiment.linear import LinearScorer
from services.analysis.sentiment.loading import ENCODER_FOLDER, LINEAR_FOLDER
from services.analysis.sentiment.scorer import Probabilities, Scorer
from training.corpora import TWO_CLASS, Texts

#: texts given to a system at once in bulk, and how many of them the transformers pipeline takes together
BATCH = 512
PIPELINE_BATCH = 32
#: by the mean figure on held-out training texts: better than 10, and than 1 and 30 where fitted on a quarter of them
_INVERSE_PENALTY = 3.0
#: names of peers, and the packages whose versions the report states
SNOWNLP, CNSENTI, TFIDF, PIPELINE = "SnowNLP", "cnsenti", "scikit-learn TF-IDF", "transformers pipeline, fp32"
_PACKAGES = ("onnxruntime", "numpy", "snownlp", "cnsenti", "scikit-learn", "transformers", "torch")


@dataclass(frozen=True, slots=True)
class System:
    """A scorer. `score` is what is timed; `rows` makes (texts, 3) of it, knowing which texts have two classes."""

    name: str
    score: Callable[[list[str]], Any]
    rows: Callable[[Any, NDArray[np.bool_]], Probabilities] = lambda scored, _two_class: np.asarray(scored)
    #: it spreads a batch over threads by itself; any other is called from several
    own_threads: bool = False
    #: too slow for the whole test set: measured on a sample
    slow: bool = False

    def probabilities(self, data: Texts) -> Probabilities:
        """Return P(negative), P(neutral), P(positive) of every text; of lexicons, all on what they say."""
        two_class = np.isin(data.corpora, list(TWO_CLASS))
        parts = [
            self.rows(self.score(data.texts[start : start + BATCH]), two_class[start : start + BATCH])
            for start in range(0, len(data.texts), BATCH)
        ]
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Absent:
    """A peer that cannot be measured, and why."""

    name: str
    why: str


def versions() -> str:
    """Return the versions of the packages that are compared, as far as they are installed."""
    found = []
    for package in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{package} {version(package)}")
    return ", ".join(found)


def by_scorer(name: str, scorer: Scorer, *, own_threads: bool) -> System:
    """Return one of our scorers as a system: cleaning and scoring, nothing remembered."""

    def score(texts: list[str]) -> Probabilities:
        prepared = [scorer.prepare(text) for text in texts]
        if all(prepared):
            return scorer.probabilities(prepared)
        found = np.full((len(texts), 3), 1 / 3)
        told = [number for number, text in enumerate(prepared) if text]
        if told:
            found[told] = scorer.probabilities([prepared[number] for number in told])
        return found

    return System(name, score, own_threads=own_threads)


def cascade_of(threads: int, *, whole: bool = False) -> Cascade:
    """Return the built-in cascade on `threads` threads; with `whole`, every text goes to the last layer."""
    return Cascade.load(ENCODER_FOLDER, LINEAR_FOLDER, threads=threads, whole=whole)


def ours(threads: int) -> list[System]:
    """Return cascade, encoder and linear."""
    return [
        by_scorer("cascade", cascade_of(threads), own_threads=True),
        by_scorer("encoder", cascade_of(threads, whole=True), own_threads=True),
        by_scorer("linear", LinearScorer.load(LINEAR_FOLDER), own_threads=False),
    ]


def hard_rows(negative: NDArray[np.bool_], positive: NDArray[np.bool_]) -> Probabilities:
    """Return rows that are wholly sure: negative, positive, or neutral where neither."""
    return np.stack([negative, ~(negative | positive), positive], axis=1).astype(np.float64)


def snownlp() -> System | Absent:
    """Return SnowNLP: below 0.4 negative, above 0.6 positive; of two classes positive from 0.5."""
    try:
        from snownlp import SnowNLP
    except ImportError:
        return Absent(SNOWNLP, "not installed")

    def rows(scored: NDArray[np.float64], two_class: NDArray[np.bool_]) -> Probabilities:
        return hard_rows(
            np.where(two_class, scored < 0.5, scored < 0.4), np.where(two_class, scored >= 0.5, scored > 0.6)
        )

    def score(texts: list[str]) -> NDArray[np.float64]:
        return np.array([SnowNLP(text).sentiments for text in texts])

    return System(SNOWNLP, score, rows, slow=True)


def cnsenti() -> System | Absent:
    """Return cnsenti: more positive than negative words is positive; a tie is neutral, of two classes negative."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own syntax warnings
            import jieba
            from cnsenti import Sentiment
    except ImportError:
        return Absent(CNSENTI, "not installed")
    jieba.setLogLevel(logging.WARNING)
    lexicon = Sentiment()

    def score(texts: list[str]) -> NDArray[np.int64]:
        found = [lexicon.sentiment_count(text) for text in texts]
        return np.array([count["pos"] - count["neg"] for count in found])

    def rows(scored: NDArray[np.int64], two_class: NDArray[np.bool_]) -> Probabilities:
        return hard_rows(np.where(two_class, scored <= 0, scored < 0), scored > 0)

    return System(CNSENTI, score, rows, slow=True)


def tfidf(training: Texts) -> System:
    """Return scikit-learn's TF-IDF of characters with a logistic regression, fitted on `training`, labels as given."""
    vectorizer = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2, max_features=400_000, dtype=np.float32
    )
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=300)
    model.fit(vectorizer.fit_transform(training.texts), training.labels)
    if model.classes_.tolist() != [-1, 0, 1]:
        raise SystemExit("the training texts do not hold all three classes; raise --texts")

    def score(texts: list[str]) -> Probabilities:
        return np.asarray(model.predict_proba(vectorizer.transform(texts)), np.float64)

    return System(TFIDF, score)


def pipeline(folder: Path | None, threads: int) -> System | Absent:
    """Return transformers' text-classification pipeline in fp32 on the weights in `folder`."""
    if folder is None:
        return Absent(PIPELINE, "not given (--fp32)")
    try:
        import torch
        import transformers
    except ImportError:
        return Absent(PIPELINE, "not installed")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(threads)
    classify = transformers.pipeline(
        "text-classification", model=str(folder), device="cpu", dtype=torch.float32, top_k=None
    )
    labels = classify.model.config.id2label
    order = [labels[number] for number in sorted(labels)]
    matrix = columns(labels, str(folder))

    def score(texts: list[str]) -> list[list[dict[str, Any]]]:
        size = min(PIPELINE_BATCH, len(texts))
        found: list[list[dict[str, Any]]] = classify(texts, batch_size=size, truncation=True)
        return found

    def rows(scored: list[list[dict[str, Any]]], _two_class: NDArray[np.bool_]) -> Probabilities:
        named = [{one["label"]: one["score"] for one in text} for text in scored]
        return summed(np.array([[text[label] for label in order] for text in named]), matrix)

    return System(PIPELINE, score, rows, own_threads=True, slow=True)
