"""What the index holds of a text."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from services.analysis.enrich.folding import fold
from services.analysis.search import tokens
from services.analysis.search.tokens import Indexed, Label, label, of_post, of_text

#: characters that tell classes, widths, variants and marks apart, and those that mean something to a database
ALPHABET = "移民補补偿款庫库區区〇aé1９Ａ z.,，。!\"'*:()&|<>-_\\\x00\u200b\u0301\U0001f621\ufe0f→①ー가"


def test_runs_give_pairs_words_and_signs() -> None:
    assert of_text(fold("移民补偿 COVID-19，5G\U0001f621")) == {
        "移民",
        "民补",
        "补偿",
        "偿",
        "covid",
        "19",
        "5g",
        "\U0001f621",
    }
    assert of_text(fold("款")) == {"款"}
    assert of_text("……!!") == set()


def test_variants_of_a_text_have_the_same_tokens() -> None:
    assert of_text(fold("補償 ＮＥＷＳ")) == of_text(fold("补偿 news"))


def test_a_post_has_its_title_twice_and_its_labels() -> None:
    found = set(of_post(Indexed("补偿", "移民", frozenset({(Label.TOPIC, "resettlement")}))))
    assert {"补偿", "移民", tokens.in_title("补偿"), label(Label.TOPIC, "resettlement"), tokens.EVERY} <= found
    assert tokens.in_title("移民") not in found


def test_labels_of_any_form_are_tokens_of_their_own() -> None:
    values = ["a b", "a-b", 'a"b', "A", "a", "b'", "x" * 200, "x" * 199, "澜沧县", "\x00", "\ud800"]
    made = {label(Label.SOURCE, value) for value in values}
    assert len(made) == len(values)
    assert label(Label.SOURCE, "a") != label(Label.TOPIC, "a")


def test_a_very_long_word_is_bounded_and_still_itself() -> None:
    one, other = "a" * 5000, "a" * 5001
    assert of_text(one) != of_text(other)
    assert len(max(of_text(one))) < 100


@given(st.text(alphabet=ALPHABET, max_size=30))
def test_tokens_have_nothing_that_an_index_would_read(text: str) -> None:
    unsafe = set(string.punctuation + string.whitespace + string.ascii_uppercase + "\x00")
    for token in of_text(fold(text)):
        assert not unsafe & set(token)
        assert not token.startswith(("\ue000", "\ue001"))


@given(st.text(max_size=30))
def test_no_text_forges_a_mark(text: str) -> None:
    marked = "\ue000" + text + "\ue001" + text
    assert not any(token.startswith(("\ue000", "\ue001")) for token in of_text(fold(marked)))
