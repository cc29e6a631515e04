"""The linear scorer: what it answers, how steadily, and that its weights fit its code."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.words import Sentiment
from services.analysis.sentiment import ModelError, Scorer, load_scorer, score
from services.analysis.sentiment.cleaning import HEAD, TAIL, clean
from services.analysis.sentiment.loading import LINEAR_FOLDER
from services.analysis.sentiment.ngrams import counts, grams
from tests.unit.analysis.sentiment.sentences import NEGATIVE

ODD = (
    "",
    "   ",
    "😡😡😡",
    "https://example.com/a/1",
    "This is fine.",
    "\ud800半个",
    "\x00\x01\x02",
    "啊" * 100_000,
    "[怒][怒]",
    "。。。",
)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return load_scorer("linear")


def test_every_text_gets_an_answer(scorer: Scorer) -> None:
    for text, found in zip(ODD, score(scorer, list(ODD)), strict=True):
        assert sum(found.probabilities.values()) == pytest.approx(1), text[:10]
        assert set(found.probabilities) == set(Sentiment)
        spread = found.probabilities[Sentiment.POSITIVE] - found.probabilities[Sentiment.NEGATIVE]
        assert found.score == pytest.approx(spread)
        assert found.probabilities[found.label] == max(found.probabilities.values())


def test_nothing_to_read_is_undecided(scorer: Scorer) -> None:
    for found in score(scorer, ["", "https://example.com/x", "\x00"]):
        assert found.label is Sentiment.NEUTRAL
        assert found.score == 0


def test_no_texts_no_scores(scorer: Scorer) -> None:
    assert score(scorer, []) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=30))
def test_a_score_does_not_depend_on_the_batch(texts: list[str]) -> None:
    scorer = load_scorer("linear")
    together = score(scorer, texts)
    assert together == [score(scorer, [text])[0] for text in texts]


@given(st.text())
def test_cleaning_is_stable_and_bounded(text: str) -> None:
    once = clean(text)
    assert len(once) <= HEAD + TAIL + 1
    assert clean(once) == once


def test_cleaning_keeps_what_is_said_and_drops_who_and_where() -> None:
    assert clean("＠张三 你看 http://t.cn/abc　好好好好好好") == "@用户 你看 好好好"


def test_counting_agrees_with_counting_by_hand() -> None:
    texts = ["ab", "bab", ""]
    found = counts(grams(texts, (1, 2), 12), 12)
    for number, text in enumerate(texts):
        end = found.starts[number + 1] if number + 1 < len(texts) else found.buckets.size
        here = slice(found.starts[number], end)
        pairs = zip(found.buckets[here], found.times[here], strict=True)
        times = {bucket: count for bucket, count in pairs if bucket < 1 << 12}
        marked = f"\x02{text}\x03"
        by_hand = [marked[i : i + n] for n in (1, 2) for i in range(len(marked) - n + 1)]
        assert sum(times.values()) == len(by_hand)
        assert len(times) == len(set(by_hand))


def test_it_loads_and_scores_quickly() -> None:
    began = time.perf_counter()
    scorer = load_scorer("linear")
    assert time.perf_counter() - began < 1
    texts = [f"第{i}条：{sentence}" for i in range(100) for sentence in NEGATIVE[:14]]
    score(scorer, texts[:50])
    began = time.perf_counter()
    score(scorer, texts)
    assert len(texts) / (time.perf_counter() - began) > 3000, "texts a second"


def test_a_folder_that_is_no_model_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model folder") as missing:
        load_scorer(tmp_path / "none")
    assert "\n" not in str(missing.value)
    folder = tmp_path / "model"
    shutil.copytree(LINEAR_FOLDER, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "format": "other"}))
    with pytest.raises(ModelError, match="not a linear sentiment model"):
        load_scorer(folder)
    (folder / "config.json").write_text(json.dumps({**config, "bits": 10}))
    with pytest.raises(ModelError, match="expected 2\\^10"):
        load_scorer(folder)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "weights.npy").write_bytes(b"short")
    with pytest.raises(ModelError, match="cut short"):
        load_scorer(folder)


def test_the_model_is_small_enough_to_keep() -> None:
    assert all(path.stat().st_size < 40 * 2**20 for path in LINEAR_FOLDER.iterdir())
