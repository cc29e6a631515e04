"""Splitting texts within a vendor's limits."""

from __future__ import annotations

import re

import pytest
import regex
from hypothesis import assume, given
from hypothesis import strategies as st

from services.notify.channels.limits import URL, Size, Unit, pieces, shortened

_NUMBER = re.compile(r"（(\d+)/(\d+)）")
_LINK = "https://huiying.example/public/v1/acknowledgements/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_~123"
_FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
_WORDS = st.sampled_from([*"。！？；，\n a한", "澜沧县", "移民安置点", "饮水", "e\u0301", "🇨🇳", _FAMILY, _LINK])
_TEXTS = st.lists(_WORDS, max_size=120).map("".join)
_SIZES = st.builds(Size, st.integers(60, 400), st.sampled_from(Unit))


def _unnumbered(found: list[str]) -> list[str]:
    """Return the pieces without their numbers, which must be right."""
    if len(found) == 1:
        return found
    bare = []
    for index, piece in enumerate(found, 1):
        number = _NUMBER.match(piece)
        assert number is not None
        assert (int(number[1]), int(number[2])) == (index, len(found))
        bare.append(piece[number.end() :])
    return bare


@given(_TEXTS | st.text(max_size=400), _SIZES)
def test_pieces_keep_the_limit_and_lose_nothing(text: str, size: Size) -> None:
    assume(not _NUMBER.search(text))
    found = pieces(text, size)
    assert all(size.of(piece) <= size.most for piece in found)
    bare = _unnumbered(found)
    assert "".join(bare) == text
    assert len(bare) == 1 or all(bare)
    if size.of(text) <= size.most:
        assert found == [text]


@given(_TEXTS, st.integers(200, 400), st.sampled_from(Unit))
def test_nothing_is_torn_that_belongs_together(text: str, most: int, unit: Unit) -> None:
    bare = _unnumbered(pieces(text, Size(most, unit)))
    ends = {len("".join(bare[: index + 1])) for index in range(len(bare) - 1)}
    whole = [match.span() for match in URL.finditer(text)]
    assume(all(Size(most, unit).of(text[start:end]) <= most - 40 for start, end in whole))
    whole += [match.span() for match in regex.finditer(r"\X", text)]
    assert not [(start, end) for start, end in whole for cut in ends if start < cut < end]


def test_pieces_end_with_sentences() -> None:
    text = "第一句话说完了。第二句话也说完了！第三句话没有说完，还在继续说下去；第四句话。"
    assert pieces(text, Size(25)) == [
        "（1/3）第一句话说完了。第二句话也说完了！",
        "（2/3）第三句话没有说完，还在继续说下去；",
        "（3/3）第四句话。",
    ]


def test_without_sentences_pieces_end_at_pauses_or_anywhere() -> None:
    text = "甲乙丙丁，戊己庚辛，壬癸子丑"
    assert pieces(text, Size(12)) == ["（1/3）甲乙丙丁，", "（2/3）戊己庚辛，", "（3/3）壬癸子丑"]
    assert pieces("一" * 12, Size(12)) == ["一" * 12]
    assert pieces("一" * 13, Size(12)) == ["（1/2）" + "一" * 7, "（2/2）" + "一" * 6]


def test_bytes_are_those_of_utf8() -> None:
    assert Size(6, Unit.BYTES).of("通知") == 6
    assert pieces("通" * 700, Size(2048, Unit.BYTES))[0].startswith("（1/2）")
    assert all(len(piece.encode()) <= 2048 for piece in pieces("通" * 700, Size(2048, Unit.BYTES)))


def test_more_than_nine_pieces_have_room_for_longer_numbers() -> None:
    found = pieces("字" * 1000, Size(20))
    assert found[0].startswith("（1/")
    assert found[-1].startswith(f"（{len(found)}/")
    assert all(len(piece) <= 20 for piece in found)


def test_an_address_longer_than_a_message_is_split_as_a_last_resort() -> None:
    found = pieces("见" + _LINK * 3, Size(80))
    assert "".join(_unnumbered(found)) == "见" + _LINK * 3


def test_no_room_is_an_error() -> None:
    with pytest.raises(ValueError, match="fits"):
        pieces("很长的一段话", Size(5))


@given(st.text(max_size=80), st.integers(1, 40))
def test_shortened(text: str, most: int) -> None:
    found = shortened(text, most)
    assert len(found) <= most
    if len(text) <= most:
        assert found == text
    else:
        assert found.endswith("…")
        assert text.startswith(found[:-1])
