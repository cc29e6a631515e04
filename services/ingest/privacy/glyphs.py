"""The many characters that people write for a digit, and for nothing between two digits."""

from __future__ import annotations

import re
from typing import Final

#: digits as a keyboard gives them
PLAIN: Final = "0123456789０１２３４５６７８９"
#: numerals as they stand in any text; they may be a word's part (一起, 第三)
HAN: Final = "零一二三四五六七八九"
_SPELT: Final = ("〇○◯⭕", "壹弌幺", "贰貳弍", "叁參弎叄", "肆", "伍", "陆陸", "柒", "捌", "玖")
#: first code points of runs 0…9
_RUNS_FROM_ZERO: Final = (0x0660, 0x06F0, 0x0966, 0x0E50, 0x2080)
#: the same beyond the basic plane: bold, double-struck and other letters of mathematics, segments, with a comma
_RUNS_BEYOND: Final = (0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1FBF0, 0x1F101)
#: first code points of runs 1…9: circled, bracketed, dotted, Roman
_RUNS_FROM_ONE: Final = (
    0x2460, 0x2474, 0x2488, 0x24F5, 0x2776, 0x2780, 0x278A, 0x3220, 0x3280, 0x2160, 0x2170,
)  # fmt: skip
_ZEROS: Final = "⓪⓿"
_ZEROS_BEYOND: Final = "\U0001f100\U0001f10b\U0001f10c"
_RAISED: Final = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_LETTERS: Final = {"0": "oOｏＯοΟоО洞", "1": "lIｌＩ", "2": "两", "7": "拐", "9": "勾"}
_ROMAN_TEN: Final = "Ⅹⅹ"


def _table() -> dict[str, str]:
    table = {character: str(digit % 10) for digit, character in enumerate(PLAIN)}
    table |= {character: str(digit) for digit, character in enumerate(HAN)}
    table |= {character: str(digit) for digit, characters in enumerate(_SPELT) for character in characters}
    table |= {chr(first + digit): str(digit) for first in _RUNS_FROM_ZERO for digit in range(10)}
    table |= {chr(first + digit - 1): str(digit) for first in _RUNS_FROM_ONE for digit in range(1, 10)}
    table |= {character: str(digit) for digit, character in enumerate(_RAISED)}
    return table | dict.fromkeys(_ZEROS, "0")


_BEYOND: Final = {first + digit: str(digit) for first in _RUNS_BEYOND for digit in range(10)} | {
    ord(zero): "0" for zero in _ZEROS_BEYOND
}
_MAY_BE_BEYOND: Final = re.compile("[\U0001d7ce-\U0001fbf9]")

#: what stands for a digit wherever it stands
DIGITS: Final = _table()
#: what may stand for a digit where there is reason to think so: letters, and the digits' names on the radio
LETTERS: Final = {character: digit for digit, characters in _LETTERS.items() for character in characters}
#: the last character of an ID card
CHECKS: Final = dict.fromkeys("xXｘＸ×хХχΧ" + _ROMAN_TEN, "X")
#: characters that a reader does not see: zero-width ones, the joiners and frames of emoji
UNSEEN: Final = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff\ufe0e\ufe0f\u20e3")
#: what may part the digits of a number, as a regular expression's class: no word, or a stroke that is written as none
SPACE: Final = r"[\W_丶丨ーノ]"
#: words that people write for a hyphen
HYPHENS: Final = "横杠|杠|横|空格"


def plain_plane(text: str) -> str:
    """Return a text, place by place, with digits beyond the basic plane as plain ones: the others are found faster."""
    return text.translate(_BEYOND) if _MAY_BE_BEYOND.search(text) else text


def character_class(characters: str) -> str:
    """Return characters as the inside of a regular expression's class."""
    return "".join(f"\\U{ord(character):08x}" for character in sorted(set(characters)))
