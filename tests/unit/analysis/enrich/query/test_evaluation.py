"""What a query means for one text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import Channel
from services.analysis.enrich import query
from services.analysis.enrich.query import Near, Reading, Term
from services.analysis.enrich.query.evaluation import gaps, near_spans, occurrences
from tests.unit.analysis.enrich.query.trees import WORDS, texts


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("移民 补偿", True),
        ("移民 near/3 补偿", True),
        ("补偿 near/3 移民", True),
        ("移民 near/2 补偿", False),
        ("安置 near/200 移民", False),
        ("title:安置", True),
        ("title:移民", False),
        ("title:(安置 NOT 移民)", True),
        ("安置 移民", True),
        ("place:普洱", True),
        ("place:墨江", True),
        ("place:澜沧", False),
        ("渠道:微博", True),
        ("channel:(news OR forum)", False),
    ],
)
def test_fields_near_place_and_channel(text: str, holds: bool) -> None:
    reading = Reading("搬迁安置", "移民要求给补偿", Channel.WEIBO, frozenset(("普洱市", "墨江县")))
    assert query.holds(query.parse(text), reading) is holds


def test_words_near_each_other_do_not_overlap() -> None:
    assert not query.holds(query.parse("移民 near/5 民工"), Reading(text="移民工"))
    assert query.holds(query.parse("移民 near/0 民工"), Reading(text="移民民工"))
    assert not query.holds(query.parse("移民 near/5 移民"), Reading(text="移民"))
    assert query.holds(query.parse("移民 near/1 移民"), Reading(text="移民,移民"))


@pytest.mark.parametrize(
    "text", ["NOT 移民", "移民 OR NOT 搬迁", "channel:微博", "NOT place:墨江", "channel:微博 NOT 移民"]
)
def test_what_asks_for_nothing_selects_everything(text: str) -> None:
    assert query.selects_everything(query.parse(text))


@pytest.mark.parametrize(
    "text", ["移民 NOT 搬迁", "place:墨江", "title:移民", "NOT NOT 移民", "channel:微博 channel:新闻"]
)
def test_what_asks_for_something_does_not(text: str) -> None:
    assert not query.selects_everything(query.parse(text))


@given(st.sampled_from(WORDS), st.sampled_from(WORDS), st.integers(0, 12), texts)
def test_near_is_every_pair_compared(left: str, right: str, distance: int, text: str) -> None:
    lefts, rights = list(occurrences(left, text)), list(occurrences(right, text))
    close = [
        (one, other) for one in lefts for other in rights if 0 <= max(other[0] - one[1], one[0] - other[1]) <= distance
    ]
    expected = sorted({span for pair in close for span in pair})
    assert near_spans(Near(Term(left), Term(right), distance), text) == expected


def test_near_stays_fast_on_a_text_of_nothing_else() -> None:
    text = "移" * 10_000 + "," * 300 + "民" * 10_000
    began = time.process_time()
    assert min(distance for _, distance in gaps(list(occurrences("移", text)), list(occurrences("民", text)))) == 300
    assert near_spans(Near(Term("移"), Term("民"), 200), text) == []
    assert time.process_time() - began < 8
