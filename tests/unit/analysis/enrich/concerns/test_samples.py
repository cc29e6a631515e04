"""Choosing sentences that stand for many."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from services.analysis.enrich.concerns.samples import Sentence, choose, keywords, shown_text

_TEXTS = (
    "补偿款什么时候发下来",
    "补偿款什么时候发下来啊",
    "补偿款到底什么时候发",
    "补偿标准比邻县低一半",
    "青苗费少算了两千元",
    "征地款被拖欠三年",
    "一亩地才补这么点钱",
)


def test_near_identical_sentences_are_shown_once_and_all_counted() -> None:
    shown = choose(
        [Sentence("补偿款什么时候发下来", "question", 5), Sentence("补偿款什么时候发下来啊", "question", 2)], 3
    )
    assert [(each.text, each.times) for each in shown] == [("补偿款什么时候发下来", 7)]


def test_the_central_one_comes_first_and_the_others_differ() -> None:
    shown = choose([Sentence(text, "complaint", 1) for text in _TEXTS], 3)
    assert shown[0].text in _TEXTS[:3]
    assert len(shown) == 3
    assert sum("什么时候发" in each.text for each in shown) == 1


@given(st.permutations(_TEXTS), st.integers(0, 5))
def test_order_makes_no_difference(texts: list[str], most: int) -> None:
    times = {text: 1 + number % 3 for number, text in enumerate(_TEXTS)}
    given_sentences = [Sentence(text, "complaint", times[text]) for text in texts]
    expected = choose([Sentence(text, "complaint", times[text]) for text in _TEXTS], most)
    assert choose(given_sentences, most) == expected
    assert len(expected) <= most


def test_account_names_are_masked_and_length_is_bounded() -> None:
    assert shown_text("@某县发布 补偿款呢,＠张三_01 说说") == "@… 补偿款呢,@… 说说"
    assert len(shown_text("补偿" * 200)) == 120


def test_keywords_are_the_themes_words_most_often_said() -> None:
    sentences = [Sentence("补偿款没发", "complaint", 3), Sentence("补偿标准太低", "complaint", 1)]
    random.Random(0).shuffle(sentences)
    assert keywords(sentences, 1) == ["补偿款"]
