"""Models of the user's own through transformers: a small one, made here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'transformers'")
transformers = pytest.importorskip("transformers", reason="needs the extra 'transformers'")

from services.analysis.sentiment import ModelError, load_scorer, score  # noqa: E402 (after the skips)
from services.analysis.sentiment.hugging_face import HuggingFaceScorer  # noqa: E402

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"好坏路很不房子补偿款"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A BERT of one layer with random weights, three labels in an order of its own."""
    return _made(tmp_path / "tiny", {0: "Positive", 1: "Negative", 2: "Neutral"})


def _made(folder: Path, labels: dict[int, str]) -> Path:
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY), encoding="utf-8")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
        initializer_range=1.0,
        id2label=labels,
        label2id={label: number for number, label in labels.items()},
    )
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def _reference(folder: Path, text: str) -> Any:
    pipe = transformers.pipeline("text-classification", model=str(folder), top_k=None)
    return {row["label"]: row["score"] for row in pipe([text])[0]}


def test_it_answers_as_transformers_does(folder: Path) -> None:
    scorer = load_scorer(folder)
    assert isinstance(scorer, HuggingFaceScorer)
    assert (scorer.name, scorer.version) == ("tiny", "local")
    assert scorer.batch_size >= 1
    texts = ["路很好", "房子坏不坏", "补偿款很不好"]
    for text, row in zip(texts, scorer.probabilities(texts), strict=True):
        expected = _reference(folder, text)
        assert row == pytest.approx([expected["Negative"], expected["Neutral"], expected["Positive"]], abs=1e-5)


def test_long_and_odd_texts(folder: Path) -> None:
    found = score(load_scorer(folder), ["路很好" * 400, "", "\ud800", "\x00", "x" * 100_000])
    assert [sum(one.probabilities.values()) for one in found] == pytest.approx([1] * 5)
    assert found[1].score == found[2].score == found[3].score == 0


def test_a_batch_that_does_not_fit_is_halved(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = load_scorer(folder)
    assert isinstance(scorer, HuggingFaceScorer)
    texts = ["路很好", "房子坏", "补偿款", "很不好", "好"]
    whole = scorer.probabilities(texts)
    run = scorer._run

    def small_memory(ids: list[list[int]]) -> Any:
        if len(ids) > 2:
            raise torch.OutOfMemoryError
        return run(ids)

    monkeypatch.setattr(scorer, "_run", small_memory)
    scorer.batch_size = 8
    assert np.allclose(scorer.probabilities(texts), whole, atol=1e-5)
    assert scorer.batch_size == 2


def test_what_cannot_be_used_is_said_in_one_line(tmp_path: Path, folder: Path) -> None:
    def refused(choice: Path) -> str:
        with pytest.raises(ModelError) as error:
            load_scorer(choice)
        assert "\n" not in str(error.value)
        return str(error.value)

    assert "'LABEL_0' is none of" in refused(_made(tmp_path / "unnamed", {0: "LABEL_0", 1: "LABEL_1"}))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "config.json").write_text("{}")
    assert "transformers cannot load it" in refused(tmp_path / "empty")
    bare = transformers.BertModel.from_pretrained(folder)
    bare.save_pretrained(tmp_path / "bare")
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path / "bare")
    assert "not a classification model" in refused(tmp_path / "bare")
