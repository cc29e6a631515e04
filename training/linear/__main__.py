"""From the corpora to the model folder: fit, calibrate, write, measure."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.analysis.sentiment.cleaning import clean
from services.analysis.sentiment.linear import LinearConfig, LinearScorer
from training.corpora import (
    TWO_CLASS,
    VALIDATION,
    VALIDATION_SEED,
    calibration_error,
    figures,
    held_out,
    open_classes,
    read,
    text_weights,
)
from training.linear import recipe
from training.linear.fitting import features, fit, inverse_document_frequency, temperature, weighted

_FOLDER = Path(__file__).resolve().parents[2] / "services" / "analysis" / "sentiment" / "model" / "linear"


def write_model(
    folder: Path,
    table: NDArray[np.float64],
    bias: NDArray[np.float64],
    idf: NDArray[np.float64],
    degree: float,
) -> None:
    """Write the model folder: weights (which hold the idf) to 8 bits signed, squared idf to 8 bits unsigned."""
    folder.mkdir(parents=True, exist_ok=True)
    held = table * idf[:, None]
    # the few largest weights are clipped, so that the many small ones keep their steps
    limit = float(np.quantile(np.abs(held[held != 0]), 0.9995))
    weight_scale = limit / 127
    squared = idf**2
    idf_scale = float(squared.max()) / 255
    rows = np.zeros((table.shape[0], 4), np.int8)
    rows[:, :3] = np.clip(np.rint(held / weight_scale), -127, 127)
    rows[:, 3] = np.rint(squared / idf_scale).astype(np.uint8).view(np.int8)
    np.save(folder / "weights.npy", rows)
    LinearConfig(
        name=recipe.NAME,
        version=recipe.VERSION,
        orders=recipe.ORDERS,
        bits=recipe.BITS,
        weight_scale=weight_scale,
        idf_scale=idf_scale,
        bias=(float(bias[0]), float(bias[1]), float(bias[2])),
        temperature=degree,
    ).write(folder / "config.json")


def main() -> None:
    """Train and write the model folder and its metrics."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=_FOLDER)
    parser.add_argument("--rate", type=float, default=recipe.RATE)
    parser.add_argument("--epochs", type=int, default=recipe.EPOCHS)
    parser.add_argument("--balance", type=float, default=recipe.BALANCE)
    options = parser.parse_args()
    began = time.monotonic()

    def report(line: str) -> None:
        print(f"[{time.monotonic() - began:6.0f} s] {line}", flush=True)

    train, test = read("train"), read("test")
    report(f"{len(train.texts):,} training texts, {len(test.texts):,} test texts")
    counted = features(train.texts, recipe.ORDERS, recipe.BITS)
    kept_back = held_out(len(train.texts), VALIDATION, VALIDATION_SEED)
    idf = inverse_document_frequency(counted[~kept_back], rare=2)
    matrix = weighted(counted, idf)
    report(f"{matrix.nnz:,} features")
    weights = text_weights(train, recipe.WEIGHTS, options.balance)
    table, bias = fit(
        matrix[~kept_back],
        open_classes(train)[~kept_back],
        weights[~kept_back],
        rate=options.rate,
        epochs=options.epochs,
        batch=recipe.BATCH,
        begun=recipe.BEGUN,
        seed=recipe.SEED,
        report=report,
    )
    validation = train.part(kept_back)
    logits = matrix[kept_back] @ table + bias
    three = ~np.isin(validation.corpora, list(TWO_CLASS))
    degree = temperature(logits[three], validation.labels[three] + 1)
    report(f"temperature {degree:.3f}")
    write_model(options.out, table, bias, idf, degree)
    scorer = LinearScorer.load(options.out)
    metrics = {
        "rate": options.rate,
        "epochs": options.epochs,
        "balance": options.balance,
        "temperature": round(degree, 4),
        "validation": figures(validation, scorer.probabilities([clean(text) for text in validation.texts])),
    }
    timed = time.perf_counter()
    probabilities = scorer.probabilities([clean(text) for text in test.texts])
    metrics["texts_per_second"] = round(len(test.texts) / (time.perf_counter() - timed))
    metrics["test"] = figures(test, probabilities)
    metrics["expected_calibration_error"] = calibration_error(test, probabilities)
    (options.out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    for corpus, row in metrics["test"].items():
        report(f"{corpus:<18} accuracy {row['accuracy']:.3f}  macro-F1 {row['macro_f1']:.3f}")
    report(f"calibration error {metrics['expected_calibration_error']}, {metrics['texts_per_second']:,} texts/s")


if __name__ == "__main__":
    main()
