"""How often systems are right: by corpus, by tier of the cascade, and the cascade against its last layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment_parts.systems import BATCH, Absent, System, cascade_of
from sentiment_parts.tables import heading, table
from services.analysis.sentiment.scorer import Probabilities
from training.corpora import TWO_CLASS, Texts, calibration_error, figures, mean_figure


def right(data: Texts, probabilities: Probabilities) -> int:
    """Return how many texts are right, by the rule of each one's corpus."""
    return sum(round(row["accuracy"] * row["texts"]) for row in figures(data, probabilities).values())


def by_corpus(
    data: Texts, sample: Texts, ours: Sequence[System], peers: Sequence[System | Absent]
) -> dict[str, Probabilities]:
    """Print each system's figure on each corpus; returns the probabilities of ours on `data`.

    Slow peers go by `sample`, beside which the first of ours is shown once more on the same texts.
    """
    corpora = sorted(set(data.corpora.tolist()))
    found: dict[str, Probabilities] = {}

    def row(name: str, part: Texts, shares: Probabilities, *, calibrated: bool) -> list[str]:
        told = figures(part, shares)
        cells = [
            f"{told[corpus]['accuracy' if corpus in TWO_CLASS else 'macro_f1']:.3f}" if corpus in told else "–"
            for corpus in corpora
        ]
        error = f"{calibration_error(part, shares):.3f}" if calibrated else "–"
        return [name, f"{len(part.texts):,}", *cells, f"{mean_figure(part, shares):.3f}", error]

    rows = []
    for system in ours:
        found[system.name] = system.probabilities(data)
        rows.append(row(system.name, data, found[system.name], calibrated=True))
    for peer in peers:
        if isinstance(peer, Absent):
            rows.append([peer.name, peer.why, *[""] * (len(corpora) + 2)])
        else:
            part = sample if peer.slow else data
            rows.append(row(peer.name, part, peer.probabilities(part), calibrated=False))
    if any(isinstance(peer, System) and peer.slow for peer in peers):
        first = ours[0]
        rows.append(row(f"{first.name}, on the sample", sample, first.probabilities(sample), calibrated=True))
    heading(
        "Accuracy by corpus",
        "Macro-F1 of corpora with three classes, accuracy of those with two (marked ²); their plain mean; expected "
        "calibration error (15 bins, three-class corpora). Of two classes: negative against positive; weibo2018: "
        "negative against the rest. Peers are as they come, but for TF-IDF, which is fitted in this run on the "
        "training texts with their labels as given, and the pipeline, which runs the encoder's own weights without "
        "the linear model.",
    )
    names = [f"{corpus}²" if corpus in TWO_CLASS else corpus for corpus in corpora]
    table(["", "texts", *names, "mean", "calibration error"], rows)
    return found


def by_tier(data: Texts) -> None:
    """Print which share of the texts each tier of the cascade answered, and how often it was right."""
    cascade = cascade_of(1)
    prepared = [cascade.prepare(text) for text in data.texts]
    told = np.array([bool(text) for text in prepared])
    data, prepared = data.part(told), [text for text in prepared if text]
    shares, tiers = [], []
    for start in range(0, len(prepared), BATCH):
        some, answered = cascade.answered(prepared[start : start + BATCH])
        shares.append(some)
        tiers.append(answered)
    probabilities: Probabilities = np.concatenate(shares)
    layers: NDArray[np.int64] = np.concatenate(tiers)
    rows = []
    for layer in np.unique(layers):
        mask = layers == layer
        correct = right(data.part(mask), probabilities[mask]) / mask.sum()
        rows.append(["linear" if layer == 0 else f"layer {layer}", f"{mask.mean():.1%}", f"{correct:.1%}"])
    heading("Who answers in the cascade", "By the deepest tier that answered a part of a text.")
    table(["tier", "share of the texts", "right"], rows)


def cascade_against_encoder(data: Texts, found: dict[str, Probabilities]) -> None:
    """Print what stopping early costs."""
    rows = []
    both = []
    for name in ("cascade", "encoder"):
        both.append((right(data, found[name]) / len(data.texts), mean_figure(data, found[name])))
        rows.append([name, f"{both[-1][0]:.2%}", f"{both[-1][1]:.4f}"])
    differences = [100 * (cascade - encoder) for cascade, encoder in zip(*both, strict=True)]
    rows.append(["difference in points", *(f"{points:+.2f}" for points in differences)])
    heading("Cascade against encoder", "The same model, stopped where it is sure, and every text to the last layer.")
    table(["", "texts right", "mean figure"], rows)
