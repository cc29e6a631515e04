"""Traditional characters as simplified ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kit.simplified import simplified


def test_traditional_characters_become_simplified_ones() -> None:
    assert simplified("移民局召開會議，補償款還沒發，讓人氣憤") == "移民局召开会议，补偿款还没发，让人气愤"


@given(st.text())
def test_it_keeps_the_length_and_is_stable(text: str) -> None:
    once = simplified(text)
    assert len(once) == len(text)
    assert simplified(once) == once
