"""Only a claim that can be checked may be the object of a correction request; opinion never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.corrections.claims import Kind, read
from tests.unit.cases.corrections.sentences import CLAIMS, MIXED, OPINIONS, held_out


def _measured(*, held: bool) -> tuple[float, float, int]:
    """Return precision and recall of `opinion` over one part of the sentences, and how many opinions passed."""
    opinions = [read(text).kind for i, text in enumerate(OPINIONS) if held_out(i) is held]
    claims = [read(text).kind for i, text in enumerate(CLAIMS) if held_out(i) is held]
    named, wrong = opinions.count(Kind.OPINION), claims.count(Kind.OPINION)
    return named / (named + wrong), named / len(opinions), opinions.count(Kind.CLAIM)


def test_opinions_are_told_from_claims_on_sentences_that_the_rules_were_not_written_with() -> None:
    assert len(CLAIMS) + len(OPINIONS) >= 80
    precision, recall, passed = _measured(held=True)
    assert precision >= 0.95
    assert recall >= 0.95
    assert passed == 0


def test_no_opinion_of_all_ever_passes_as_a_claim() -> None:
    assert [text for text in OPINIONS if read(text).kind is Kind.CLAIM] == []


def test_claims_pass() -> None:
    refused = [text for text in CLAIMS if read(text).kind is not Kind.CLAIM]
    assert len(refused) <= 0.05 * len(CLAIMS), refused


@pytest.mark.parametrize(("text", "part"), MIXED)
def test_of_a_mixed_sentence_only_the_factual_part_may_be_quoted(text: str, part: str) -> None:
    reading = read(text)
    assert reading.kind is Kind.MIXED
    assert reading.factual == part
    if part:
        assert read(part).kind is Kind.CLAIM


@pytest.mark.parametrize(
    "text", ["", "，。", "情况很复杂", "某些地方的移民", "大家都知道的事", "2026年", "三千", "。。。3月2日"]
)
def test_what_asserts_nothing_is_no_claim(text: str) -> None:
    assert read(text).kind is not Kind.CLAIM


@given(st.sampled_from(CLAIMS), st.sampled_from(OPINIONS))
def test_an_opinion_beside_a_claim_makes_it_no_claim(claim: str, opinion: str) -> None:
    assert read(f"{claim}，{opinion}").kind is Kind.MIXED
    assert read(f"{opinion}。{claim}").kind is Kind.MIXED


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    reading = read(text)
    assert (reading.kind is Kind.CLAIM) == bool(reading.facts and not reading.opinions)
