"""What training fits in floating point is what serving answers from eight bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.analysis.sentiment.linear import LinearScorer
from services.analysis.sentiment.scorer import softmax
from training.linear import recipe
from training.linear.__main__ import write_model
from training.linear.fitting import features, fit, inverse_document_frequency, weighted

ORDERS, BITS = (1, 2, 3), 14
HOW: dict[str, Any] = {
    "rate": 0.5,
    "epochs": 20,
    "batch": 32,
    "begun": 0.1,
    "seed": 1,
    "report": lambda _line: None,
}
WORDS = (
    ("失望", "气愤", "没人管", "太差", "拖欠"),
    ("通知", "会议", "公示", "材料", "时间"),
    ("感谢", "满意", "点赞", "真好", "开心"),
)
FILLER = "移民安置点的水路电房屋补偿工作今天昨天我们他们大家"


def _made_up(count: int) -> tuple[list[str], np.ndarray]:
    random = np.random.default_rng(3)
    labels = random.integers(0, 3, count)
    texts = []
    for label in labels:
        words = [str(random.choice(WORDS[label])), str(random.choice(WORDS[random.integers(0, 3)]))]
        words += ["".join(random.choice(list(FILLER), 6)) for _ in range(3)]
        random.shuffle(words)
        texts.append("，".join([*words, *words[:1] * int(random.integers(0, 4))]))
    return texts, labels


def test_eight_bit_weights_answer_as_the_fitted_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "BITS", BITS)
    texts, labels = _made_up(400)
    counted = features(texts, ORDERS, BITS)
    idf = inverse_document_frequency(counted, rare=2)
    matrix = weighted(counted, idf)
    table, bias = fit(matrix, np.eye(3, dtype=bool)[labels], np.ones(len(texts)), **HOW)
    write_model(tmp_path, table, bias, idf, 1.25)
    fitted = softmax((matrix @ table + bias) / 1.25)
    scorer = LinearScorer.load(tmp_path)
    served = scorer.probabilities([scorer.prepare(text) for text in texts])
    assert np.abs(served - fitted).max() < 0.01
    assert (served.argmax(axis=1) == fitted.argmax(axis=1)).mean() >= 0.99
    assert (served.argmax(axis=1) == labels).mean() > 0.8


def test_a_label_that_leaves_two_classes_open_teaches_nothing_between_them() -> None:
    texts, labels = _made_up(200)
    allowed = np.eye(3, dtype=bool)[labels]
    allowed[labels > 0, 1:] = True
    counted = features(texts, ORDERS, BITS)
    matrix = weighted(counted, inverse_document_frequency(counted, rare=2))
    table, bias = fit(matrix, allowed, np.ones(len(texts)), **HOW)
    shares = softmax(matrix @ table + bias)
    assert np.allclose(shares[:, 1], shares[:, 2], atol=1e-6)
    assert ((shares[:, 0] > 0.5) == (labels == 0)).mean() > 0.8
