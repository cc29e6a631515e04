"""Where the words of a query stand in a post as written."""

from __future__ import annotations

import sys
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from services.analysis.enrich.folding import fold
from services.analysis.enrich.query import parse
from services.analysis.search.highlights import MOST, SNIPPET, Highlight, highlights, snippet
from tests.unit.analysis.search.test_tokens import ALPHABET


def marked(query: str, text: str, title: str = "") -> list[str]:
    fields = {"title": title, "text": text}
    return [fields[one.field][one.start : one.end] for one in highlights(parse(query), title, text)]


def test_words_are_found_as_they_are_written() -> None:
    assert marked("移民 补偿", "\U0001f621\U0001f621移民等待補償，移\u200b民 ok") == ["移民", "補償", "移\u200b民"]
    assert marked("news 12", "ＮＥＷＳ newsroom １２ 123") == ["ＮＥＷＳ", "１２"]
    assert marked("\U0001f621", "气\U0001f621") == ["\U0001f621"]
    assert marked("café", "Cafe\u0301 x") == ["Cafe\u0301"]


def test_what_a_not_rules_out_is_not_shown() -> None:
    assert marked("移民 NOT 海外", "移民海外") == ["移民"]


def test_overlapping_words_are_one() -> None:
    assert marked("移民 OR 民补 OR 补偿款", "移民补偿款,移民补") == ["移民补偿款", "移民补"]


def test_a_title_is_its_own_field() -> None:
    assert marked("title:移民 补偿", "移民补偿", "移民补偿") == ["移民", "补偿", "补偿"]


def test_near_words_are_shown_where_they_are_near() -> None:
    assert marked("移民 near/2 补偿", "移民的补偿，补偿之事与移民无关系") == ["移民", "补偿"]


@example("1\u0301", "1")
@given(st.text(alphabet=ALPHABET, max_size=40), st.sampled_from(["移民", "补偿", "款", "a", "1", "库区"]))
def test_every_highlight_folds_to_its_word(text: str, word: str) -> None:
    for one in highlights(parse(word), "", text):
        shown = fold(text[one.start : one.end])
        assert word in shown
        # a mark upon the last letter is shown with it
        assert {character for character in shown if not unicodedata.combining(character)} <= set(word)


def test_a_snippet_shows_most_of_the_words() -> None:
    text = "移民" + "一" * 300 + "移民补偿移民" + "二" * 300
    start, end = snippet(text, highlights(parse("移民 OR 补偿"), "", text))
    assert end - start == SNIPPET
    assert "移民补偿移民" in text[start:end]
    assert snippet("短文", []) == (0, 2)
    assert snippet("长" * 500, []) == (0, SNIPPET)
    assert snippet("长" * 500 + "移民", [Highlight("text", 500, 502)]) == (502 - SNIPPET, 502)


def test_a_run_of_one_word_is_one_highlight() -> None:
    assert marked("哈", "哈哈哈，哈哈") == ["哈哈哈", "哈哈"]
    assert marked("移民", "移民移民") == ["移民移民"]
    assert marked("移民 补偿", "移民补偿") == ["移民", "补偿"]


def test_a_field_has_so_many_highlights_and_no_more() -> None:
    found = highlights(parse("哈"), "哈。" * 300, "哈。" * 10_000)
    assert [sum(one.field == field for one in found) for field in ("title", "text")] == [MOST, MOST]


def test_a_run_longer_than_a_snippet_is_shown_from_its_beginning() -> None:
    text = "一" * 400 + "哈" * 500
    start, end = snippet(text, highlights(parse("哈"), "", text))
    assert (start, end) == (380, 380 + SNIPPET)


@given(
    st.integers(SNIPPET + 1, 1_000),
    st.lists(st.tuples(st.integers(0, 990), st.integers(1, 10)), max_size=40),
)
def test_a_snippet_shows_as_many_words_as_any_other(length: int, given_spans: list[tuple[int, int]]) -> None:
    spans: list[tuple[int, int]] = []
    for first, width in sorted(given_spans):
        if first + width <= length and (not spans or first >= spans[-1][1]):
            spans.append((first, first + width))
    start, end = snippet("长" * length, [Highlight("text", *span) for span in spans])

    def shown(begin: int) -> int:
        return sum(begin <= first and last <= begin + SNIPPET for first, last in spans)

    assert end - start == SNIPPET
    begins = [max(0, min(first - 20, length - SNIPPET)) for first, _ in spans]
    assert shown(start) == max(map(shown, begins), default=0)


def test_a_long_text_of_one_character_costs_no_more_than_its_length() -> None:
    text, others = "哈，" * 5_000, "哈" * 10_000
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    for each in (text, others):
        sys.setprofile(count)
        try:
            snippet(each, highlights(parse("哈"), "", each))
        finally:
            sys.setprofile(None)
    assert steps < 100 * (len(text) + len(others))
