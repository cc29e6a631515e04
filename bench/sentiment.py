"""Accuracy, speed, latency and memory of the built-in sentiment scorers, beside their peers in the same run.

    pip install snownlp cnsenti scikit-learn
    HUIYING_SHARED_DATA=/path/to/data python bench/sentiment.py [--fp32 FOLDER]

Prints Markdown tables: accuracy by corpus on the public test set; which tier of the cascade answers, and what stopping
early costs; texts a second in bulk and one by one; the cost of an explanation; latency of POST /api/v1/sentiment and
the service's memory. Peers are SnowNLP, cnsenti, a TF-IDF model of scikit-learn's, and transformers' pipeline on the
weights in fp32 (WORK_FOLDER/fp32 of `python -m training.export WORK_FOLDER`; `pip install 'huiying[transformers]'`).
Where one is not installed, its row says so. Takes about half an hour on two cores; `--texts 500` is a quick look.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import platform
import time
from pathlib import Path

import numpy as np
from sentiment_parts.accuracy import by_corpus, by_tier, cascade_against_encoder
from sentiment_parts.served import over_http
from sentiment_parts.speed import explanations, throughput
from sentiment_parts.systems import cascade_of, cnsenti, ours, pipeline, snownlp, tfidf, versions
from sentiment_parts.tables import progress

from kit.cpus import available_cpus
from services.analysis.sentiment.cleaning import clean
from training.corpora import Texts, read

SEED = 20260301
#: training texts of TF-IDF for each text measured, where only some are
_TRAINING = 20


def shuffled(data: Texts, count: int = 0) -> Texts:
    """Return `count` of the texts (0: all) in random order, always the same."""
    order = np.random.default_rng(SEED).permutation(len(data.texts))[: count or None]
    return Texts([data.texts[number] for number in order], data.corpora[order], data.labels[order])


def processor() -> str:
    """Return the processor's name as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return ", ".join([platform.machine(), *names[:1], f"{available_cpus()} processors"])


def main() -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=0, help="a random part of the test set, for a quick look")
    parser.add_argument("--peer-texts", type=int, default=3_000, help="texts on which slow peers are measured")
    parser.add_argument(
        "--fp32", type=Path, help="folder of the encoder's weights in fp32, as training.export writes it"
    )
    parser.add_argument("--skip-http", action="store_true", help="do not start the service")
    options = parser.parse_args()
    data = shuffled(read("test"), options.texts)
    cascade, threads = cascade_of(1), available_cpus()
    print(f"{time.strftime('%Y-%m-%d')}, {processor()}, {platform.system()}, Python {platform.python_version()}")
    print(f"{cascade.name} {cascade.version}; {versions()}\n", flush=True)

    progress("TF-IDF is fitted")
    training = shuffled(read("train"), options.texts * _TRAINING)
    peers = [snownlp(), cnsenti(), tfidf(training)]
    progress("accuracy")
    sample = shuffled(data, options.peer_texts)
    found = by_corpus(data, sample, ours(threads), [*peers, pipeline(options.fp32, threads)])
    by_tier(data)
    cascade_against_encoder(data, found)
    throughput(data.texts, peers, options.fp32)
    progress("explanations")
    explanations(data.texts)
    if not options.skip_http:
        distinct = {clean(text): text for text in data.texts}
        over_http([text for cleaned, text in distinct.items() if cleaned])


if __name__ == "__main__":
    main()
