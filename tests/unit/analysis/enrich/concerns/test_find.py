"""Finding concerns: on hand-written sentences, and what must hold for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.findings import ConcernKind
from services.analysis.enrich.concerns import MOST, find
from services.analysis.enrich.concerns.themes import THEMES, ask_name, theme_name
from tests.unit.analysis.enrich.concerns.sentences import CONCERNS, NONE

_PIECES = [text for text, *_ in CONCERNS] + list(NONE) + ["。", "\n", "@某人 ", "//@甲:", "!!", "…", " ", "\U0001f621"]


def test_most_concerns_are_found_and_little_else() -> None:
    found = [text for text, *_ in CONCERNS if find(text)]
    wrong = [text for text in NONE if find(text)]
    assert len(found) / len(CONCERNS) >= 0.92
    assert len(found) / (len(found) + len(wrong)) >= 0.97, wrong


def test_kinds_and_themes_are_mostly_right() -> None:
    found = [(find(text), kind, theme) for text, kind, theme in CONCERNS]
    shown = [one for one in found if one[0]]
    kinds = sum(kind in {each.kind.value for each in concerns} for concerns, kind, _ in shown)
    themes = sum(theme in {each.theme for each in concerns} for concerns, _, theme in shown)
    assert kinds / len(shown) >= 0.93
    assert themes / len(shown) >= 0.93


@pytest.mark.parametrize(
    ("text", "kind", "theme", "ask"),
    [
        ("我们村的补偿款说好年底发,到现在没见到", ConcernKind.COMPLAINT, "compensation", "payment"),
        ("安置房漏水没人修", ConcernKind.COMPLAINT, "housing", "quality"),
        ("请问整村搬迁什么时候启动?", ConcernKind.QUESTION, "moving", "progress"),
        ("希望移民局派人重新丈量土地面积", ConcernKind.REQUEST, "land", "survey"),
    ],
)
def test_kind_theme_and_ask(text: str, kind: ConcernKind, theme: str, ask: str) -> None:
    (concern,) = find(text)
    assert (concern.kind, concern.theme, concern.ask) == (kind, theme, ask)


def test_a_letter_of_an_office_has_none_though_it_repeats_the_complaint() -> None:
    letter = "网友您好,您反映的安置房漏水没人修的问题收悉。经核实,施工方迟迟没有进场。下一步,我局将督促整改。"
    assert find(letter) == []


def test_a_report_counts_only_by_what_it_quotes() -> None:
    assert find("村民反映安置房漏水没人修。记者看到,墙面已经开裂。") == []
    (concern,) = find("“安置房漏水半年没人修,找谁都不管,”村民老李说。")
    assert concern.theme == "housing"


def test_what_a_repost_repeats_belongs_to_the_first_post() -> None:
    assert find("转发//@某某:我们村补偿款到现在没发,请给个说法") == []


def test_a_sentence_without_words_of_a_theme_has_that_of_its_post() -> None:
    found = find("安置房墙体开裂,一下雨就漏水,物业不管。请领导尽快解决!")
    assert {concern.theme for concern in found} == {"housing"}
    assert {concern.kind for concern in found} == {ConcernKind.COMPLAINT, ConcernKind.REQUEST}


def test_title_and_text_have_spans_of_their_own() -> None:
    title, text = "请问补偿款什么时候发?", "停水三天没人管。"
    for concern in find(text, title):
        source = title if concern.field == "title" else text
        assert source[concern.start : concern.end] == concern.quote
    assert {concern.field for concern in find(text, title)} == {"title", "text"}


@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join), st.sampled_from(["", *_PIECES[:20]]))
def test_spans_are_of_the_text_and_bounded(text: str, title: str) -> None:
    found = find(text, title)
    assert len(found) <= MOST
    assert len({(concern.kind, concern.theme) for concern in found}) == len(found)
    for concern in found:
        assert (title if concern.field == "title" else text)[concern.start : concern.end] == concern.quote
        assert concern.theme == "other" or concern.theme in THEMES
    assert find(text, title) == found


def test_names_of_what_is_no_more() -> None:
    assert theme_name("compensation") == "补偿标准与兑现"
    assert theme_name("gone") == ask_name("gone", "x") == ask_name("land", "x") == "其他"


def test_keys_fit_their_columns() -> None:
    assert all(len(key) <= 16 and key.isidentifier() for key in THEMES)
    assert all(len(ask) <= 16 for theme in THEMES.values() for ask in theme.asks)
