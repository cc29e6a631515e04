"""What HUIYING_SENTIMENT_MODEL may say, and what is said where it cannot be."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from services.analysis.sentiment import ModelError, load_scorer, score
from services.analysis.sentiment.cascade import Cascade, Tiers
from services.analysis.sentiment.linear import LinearScorer
from services.analysis.sentiment.loading import ENCODER_FOLDER, LINEAR_FOLDER
from services.analysis.sentiment.onnx_folder import OnnxScorer


def _refused(choice: str | Path) -> str:
    with pytest.raises(ModelError) as refused:
        load_scorer(choice)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the built-in transformer, which is also a plain Hugging Face folder with an ONNX file."""
    return Path(shutil.copytree(ENCODER_FOLDER, tmp_path / "model"))


def test_the_built_in_ones_by_name() -> None:
    assert isinstance(load_scorer(), Cascade)
    assert isinstance(load_scorer(""), Cascade)
    assert isinstance(load_scorer("cascade"), Cascade)
    assert isinstance(load_scorer("encoder"), Cascade)
    assert isinstance(load_scorer("linear"), LinearScorer)


def test_folders_by_what_lies_in_them(folder: Path) -> None:
    assert isinstance(load_scorer(LINEAR_FOLDER), LinearScorer)
    assert isinstance(load_scorer(folder), Cascade)
    (folder / "cascade.json").unlink()
    plain = load_scorer(str(folder))
    assert isinstance(plain, OnnxScorer)
    assert plain.name == "model"
    found = score(plain, ["补偿款拖了两年没人管，太让人失望了", "", "\ud800", "好" * 9000])
    assert found[0].label == "negative"
    assert found[1].score == found[2].score == 0


def test_an_onnx_folder_with_other_labels(folder: Path) -> None:
    (folder / "cascade.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "id2label": {"0": "A", "1": "B", "2": "C"}}))
    assert "its label 'A' is none of" in _refused(folder)
    (folder / "config.json").write_text(json.dumps({k: v for k, v in config.items() if k != "id2label"}))
    assert "it has no id2label" in _refused(folder)
    (folder / "config.json").write_text(json.dumps({**config, "id2label": {"0": "neg", "1": "pos"}}))
    scorer = load_scorer(folder)
    with pytest.raises(ModelError, match="do not fit the labels"):
        scorer.probabilities(["好"])


def test_what_is_missing_or_broken_is_said_in_one_line(folder: Path, tmp_path: Path) -> None:
    assert "no such model folder" in _refused(tmp_path / "none")
    assert "no such model folder" in _refused("linaer")
    assert "it holds no config.json" in _refused(tmp_path)
    (folder / "model.onnx").write_bytes(b"short")
    assert "onnxruntime cannot load it" in _refused(folder)
    (folder / "tokenizer.json").write_text("{}")
    assert "not a tokenizer" in _refused(folder)
    (folder / "tokenizer.json").unlink()
    assert "no such file" in _refused(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "other"}, "its format must be"),
        ({"tiers": []}, "tiers must begin with layer 0"),
        ({"tiers": [{"layer": 0}]}, "a field is missing or wrong"),
        ({"tiers": None}, "a field is missing or wrong"),
    ],
)
def test_a_cascade_that_is_none(folder: Path, change: dict[str, object], says: str) -> None:
    path = folder / "cascade.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert says in _refused(folder)
    path.write_text("[]")
    assert "a field is missing or wrong" in _refused(folder)
    path.write_text("no json")
    assert "a field is missing or wrong" in _refused(folder)


def test_tiers_come_back_as_they_were_written(tmp_path: Path) -> None:
    tiers = Tiers.read(ENCODER_FOLDER / "cascade.json")
    tiers.write(tmp_path / "cascade.json")
    assert Tiers.read(tmp_path / "cascade.json") == tiers


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed here")
def test_a_model_for_transformers_without_the_extra_says_how_to_get_it(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    for choice in (str(folder), "owner/some-model"):
        assert "pip install 'huiying[transformers]'" in _refused(choice)
