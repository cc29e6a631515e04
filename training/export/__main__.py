"""From a trained network to the folder that is served: 8 bits, calibration, thresholds, figures.

    HUIYING_SHARED_DATA=/path/to/data python -m training.export WORK_FOLDER [--out FOLDER]

WORK_FOLDER is that of `python -m training.encoder`; the linear model must be there already
(`python -m training.linear`).
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from kit.cpus import available_cpus
from services.analysis.sentiment.cascade import ALWAYS, DECISION, LINEAR, NEVER, Cascade, Tiers
from services.analysis.sentiment.cleaning import clean
from services.analysis.sentiment.encoder import Encoder, Windows, pooled
from services.analysis.sentiment.linear import LinearScorer
from services.analysis.sentiment.loading import ENCODER_FOLDER, LINEAR_FOLDER
from services.analysis.sentiment.scorer import Scorer, softmax
from training.corpora import (
    VALIDATION,
    VALIDATION_SEED,
    Texts,
    calibration_error,
    figures,
    held_out,
    mean_figure,
    read,
    text_weights,
)
from training.encoder import recipe
from training.encoder.batches import tokenise
from training.encoder.fitting import predict, trained
from training.encoder.network import Network
from training.encoder.start import started
from training.export.calibration import Choice, choose_thresholds, fit_tier
from training.export.graph import Builder
from training.export.ranges import ranges

Report = Callable[[str], None]

#: held-out texts on which the ranges of numbers are seen, and on which 8 bits are compared with 32
_SEEN = 500
_COMPARED = 2_000


def write_fp32(folder: Path, work: Path, network: Network) -> None:
    """Write what transformers' AutoTokenizer and AutoModelForSequenceClassification load."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(work / "tokenizer.json"),
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=512,
        model_input_names=["input_ids", "attention_mask"],
    )
    network.model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def write_onnx(path: Path, network: Network, seen: dict[str, tuple[float, float]]) -> None:
    """Write the 8-bit graph."""
    config = network.model.config
    state = {name: value.float().numpy() for name, value in network.state_dict().items()}
    builder = Builder(
        state,
        seen,
        recipe.EXITS,
        heads=config.num_attention_heads,
        layers=recipe.LAYERS,
        epsilon=config.layer_norm_eps,
    )
    onnx.save(builder.build(), path)


def head_logits(encoder: Encoder, windows: Windows, head: int) -> NDArray[np.float64]:
    """Return every text's pooled logits of the `head`-th head (early ones first), as the 8-bit graph gives them."""
    early = np.zeros((len(recipe.EXITS), DECISION), np.float32)
    early[:, -1] = [ALWAYS if number == head else NEVER for number in range(len(recipe.EXITS))]
    zero = np.zeros((len(windows.ids), 3), np.float32)
    logits, layers = encoder.run(windows, {"early": early}, {"prior": zero})
    assert set(layers.tolist()) == {(*recipe.EXITS, recipe.LAYERS)[head]}
    return pooled(logits, windows)


def calibration_weights(data: Texts) -> NDArray[np.float64]:
    """Return weights by which each corpus counts by the square root of its size, its classes half evened out."""
    by_corpus = {corpus: float((data.corpora == corpus).sum()) ** -0.5 for corpus in set(data.corpora.tolist())}
    return text_weights(data, by_corpus, balance=0.5)


def all_heads(encoder: Encoder, cleaned: list[str]) -> list[NDArray[np.float64]]:
    """Return the logits of every tier's own for the texts, the linear tier's as zeros."""
    windows = encoder.windows(cleaned)
    heads = range(len(recipe.EXITS) + 1)
    return [np.zeros((len(cleaned), 3)), *(head_logits(encoder, windows, head) for head in heads)]


def calibrate(
    own: list[NDArray[np.float64]], linear: NDArray[np.float64], data: Texts, report: Report
) -> tuple[Choice, dict[str, Any]]:
    """Fit how tiers answer on held-out texts; returns them with their thresholds, and what goes into the metrics."""
    layers = (LINEAR, *recipe.EXITS, recipe.LAYERS)
    weights = calibration_weights(data)
    tiers = [fit_tier(layer, one, linear, data, weights) for layer, one in zip(layers, own, strict=True)]
    weighed = [tier.weigh(one, linear) for tier, one in zip(tiers, own, strict=True)]
    choice = choose_thresholds(tiers, weighed, data)
    for tier, share in zip(choice.tiers, choice.shares, strict=True):
        report(f"{share:6.1%} by layer {tier.layer} from {tier.threshold} on")
    report(
        f"mean figure {choice.mean_figure:.4f} of {choice.whole_mean_figure:.4f}, "
        f"right {choice.right:.4f} of {choice.whole_right:.4f}"
    )
    by_head = {
        f"{'linear' if layer == LINEAR else f'layer {layer}'}, {'alone' if alone else 'weighed'}": round(
            mean_figure(data, softmax(rows)), 4
        )
        for layer, one, mixed in zip(layers, own, weighed, strict=True)
        for alone, rows in ((True, one), (False, mixed))
        if layer != LINEAR or not alone
    }
    shares = {tier.layer: round(share, 4) for tier, share in zip(choice.tiers, choice.shares, strict=True)}
    return choice, {"answered_by_layer": shares, "mean_layers": round(choice.layers, 3), "mean_figure_by_head": by_head}


def measure(scorer: Scorer, test: Texts, texts: list[str]) -> dict[str, Any]:
    """Return a scorer's figures on the cleaned test texts; its speed is measured by bench/sentiment.py."""
    probabilities = scorer.probabilities(texts)
    return {
        "mean_figure": round(mean_figure(test, probabilities), 4),
        "expected_calibration_error": calibration_error(test, probabilities),
        "test": figures(test, probabilities),
    }


def main() -> None:
    """Export, calibrate, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=ENCODER_FOLDER)
    options = parser.parse_args()
    work, out, began = options.folder, options.out, time.monotonic()
    torch.set_num_threads(available_cpus())

    def report(line: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {line}", flush=True)

    network = trained(work, started(work)).eval()
    write_fp32(work / "fp32", work, network)
    whole = read("train")
    validation = whole.part(held_out(len(whole.texts), VALIDATION, VALIDATION_SEED))
    cleaned = [clean(text) for text in validation.texts]
    tokens = tokenise(Tokenizer.from_file(str(work / "tokenizer.json")), validation, cleaned)
    order = np.random.default_rng(recipe.SEED).permutation(len(cleaned))
    out.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(work / "fp32" / name, out / name)
    write_onnx(out / "model.onnx", network, ranges(network, tokens.part(order[:_SEEN])))
    report(f"model.onnx {(out / 'model.onnx').stat().st_size / 1e6:.1f} MB")

    encoder, linear = Encoder.load(out), LinearScorer.load(LINEAR_FOLDER)
    own = all_heads(encoder, cleaned)
    np.savez(work / "heads.npz", *own)
    report("held-out texts scored by every head")
    choice, metrics = calibrate(own, linear.logits(cleaned), validation, report)
    Tiers(recipe.NAME, recipe.VERSION, choice.tiers).write(out / "cascade.json")
    some = tokens.part(order[-_COMPARED:])
    fully = predict(network, some, bfloat16=False)[recipe.LAYERS].argmax(1)
    agreement = float((fully == own[-1][order[-_COMPARED:]].argmax(1)).mean())
    report(f"8 bits say what 32 bits say of {agreement:.2%} (the transformer alone)")
    metrics = {"agreement_int8_fp32": round(agreement, 4), "held_out": metrics}

    test = read("test")
    texts = [clean(text) for text in test.texts]
    scorers: dict[str, Scorer] = {
        "cascade": Cascade.load(out, LINEAR_FOLDER),
        "encoder": Cascade.load(out, LINEAR_FOLDER, whole=True),
        "linear": linear,
    }
    for name, scorer in scorers.items():
        found = metrics[name] = measure(scorer, test, texts)
        report(f"{name}: " + ", ".join(f"{key} {value}" for key, value in found.items() if key != "test"))
        rows = found["test"].items()
        report("  " + "  ".join(f"{corpus} {row['accuracy']:.3f}/{row['macro_f1']:.3f}" for corpus, row in rows))
    (out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
