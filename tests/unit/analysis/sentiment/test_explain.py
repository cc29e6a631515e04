"""What moved a score."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.sentiment.explain import CLAUSES, clauses, explain
from services.analysis.sentiment.scorer import Probabilities


class Words:
    """好 is good, 坏 is bad; what is scored is counted."""

    name, version = "words", "1"

    def __init__(self) -> None:
        self.scored = 0

    def prepare(self, text: str) -> str:
        return text.strip(" ，。")

    def probabilities(self, prepared: Sequence[str]) -> Probabilities:
        self.scored += len(prepared)
        rows = []
        for text in prepared:
            tone = max(-1.0, min(1.0, 0.3 * (text.count("好") - text.count("坏"))))
            rows.append([(1 - tone) / 2, 0.0, (1 + tone) / 2])
        return np.array(rows)

    def alike(self, prepared: str, others: Sequence[str]) -> Probabilities:
        return self.probabilities([prepared, *others])


def test_the_clause_that_matters_comes_first_with_its_sign() -> None:
    text = "路修好了，房子坏坏，其他都一般。"
    probabilities, spans = explain(Words(), text)
    assert probabilities is not None
    told = [(text[span.start : span.end], round(span.effect, 2)) for span in spans]
    assert told == [("房子坏坏，", -0.6), ("路修好了，", 0.3), ("其他都一般。", 0.0)]


def test_nothing_to_read_has_no_spans() -> None:
    assert explain(Words(), "，。") == (None, [])


def test_one_clause_is_measured_against_saying_nothing() -> None:
    _, [span] = explain(Words(), "好好")
    assert (span.start, span.end) == (0, 2)
    assert round(span.effect, 2) == 0.6


@given(st.text(alphabet="好坏路，。！ \n,a", max_size=300))
def test_clauses_make_up_the_text_without_gaps(text: str) -> None:
    found = clauses(text)
    assert "".join(text[start:end] for start, end in found) == text
    assert len(found) <= CLAUSES


def test_the_cost_is_bounded_whatever_the_text() -> None:
    scorer = Words()
    began = time.perf_counter()
    explain(scorer, "这一句好，那一句坏。" * 2000)
    assert time.perf_counter() - began < 2
    assert scorer.scored <= 1 + CLAUSES < 20
