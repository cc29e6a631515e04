"""Differences between versions: complete, and readable."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.cases.voice.diff import changes, readable

TEXT = st.text(alphabet="滑坡造成3人死亡，。\n；转移213户", max_size=60)


@given(TEXT, TEXT)
def test_changes_put_together_are_the_two_texts(before: str, after: str) -> None:
    found = changes(before, after)
    assert "".join(one.before for one in found) == before
    assert "".join(one.after for one in found) == after
    for one in found:
        if one.op == "replace":
            assert "".join(piece.text for piece in one.words if piece.op != "insert") == one.before
            assert "".join(piece.text for piece in one.words if piece.op != "delete") == one.after


def test_a_changed_figure_is_shown_inside_its_sentence() -> None:
    found = changes("滑坡造成3人死亡。道路中断。", "滑坡造成5人死亡。道路中断。")
    assert [one.op for one in found] == ["replace", "equal"]
    assert readable(found) == "滑坡造成〔删：3〕〔增：5〕人死亡。道路中断。"


def test_a_sentence_that_comes_or_goes_is_whole() -> None:
    assert readable(changes("一。二。", "一。")) == "一。〔删：二。〕"
    assert readable(changes("一。", "一。二。")) == "一。〔增：二。〕"
    assert [one.op for one in changes("一。", "一。")] == ["equal"]
