"""Folded forms: variants of one text are equal, and offsets lead back to the original."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.analysis.enrich.folding import fold, fold_with_offsets, story_key, text_hash


def test_full_width_case_and_spaces_fold() -> None:
    assert fold("ＡＢＣ　１２３\n\n移\u200b民 ") == "abc 123 移民"


def test_traditional_characters_fold_to_simplified_ones() -> None:
    assert fold("移民補償與搬遷") == fold("移民补偿与搬迁") == "移民补偿与搬迁"
    assert story_key("補償款未到賬") == story_key("补偿款未到账")


def test_what_composes_keeps_its_offsets() -> None:
    folded, origins = fold_with_offsets("e\u0301移\u200b民 \u1112\u1161\u11ab。")
    assert folded == "é移民 한。"
    assert origins == [0, 2, 4, 5, 6, 9]


def test_copies_have_one_story_key() -> None:
    plain = story_key("糯扎渡移民补偿款没有到账!")
    assert plain == story_key("糯扎渡 移民补偿款，没有到账！！https://t.cn/A6abc")
    assert plain == story_key("糯扎渡移民补偿款没有到账！ @普洱发布 😡")
    assert plain != story_key("糯扎渡移民补偿款已经到账")


def test_a_text_of_symbols_alone_keeps_its_folded_form() -> None:
    assert story_key("！！！") == "!!!"


def test_hash_fits_a_signed_column() -> None:
    values = [text_hash(str(i)) for i in range(200)]
    assert all(-(2**63) <= value < 2**63 for value in values)
    assert min(values) < 0 < max(values)


MIXED = st.text(alphabet="移民補ＡbＣ1２ 　\n\u200b（）ﬁé\u0301\u0327\u1100\u1161\u11a8か\u3099ß", max_size=60)


@given(st.one_of(MIXED, st.text(max_size=40)))
def test_offsets_lead_back(text: str) -> None:
    folded, origins = fold_with_offsets(text)
    assert len(folded) == len(origins)
    assert origins == sorted(origins)
    assert all(0 <= origin < len(text) for origin in origins)
    assert folded == fold(text)


@given(st.one_of(MIXED, st.text(max_size=40)))
def test_folding_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
