"""Number plates (GA 36-2018): province, letter, five characters, or six of a new-energy car."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from contracts.masks import PLATE
from services.ingest.privacy.context import Around
from services.ingest.privacy.glyphs import DIGITS, HAN, SPACE, UNSEEN, character_class

_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTER: Final = "A-HJ-NP-Za-hj-np-zＡ-ＨＪ-ＮＰ-Ｚａ-ｈｊ-ｎｐ-ｚ"
_ANY_LETTER: Final = "A-Za-zＡ-Ｚａ-ｚ"
_DIGIT: Final = "0-9０-９"
_SUFFIX: Final = "学警挂港澳领使"
_END: Final = rf"(?![{_ANY_LETTER}{_DIGIT}])"
#: but for a space not even what is seen may part a plate from its suffix
_HIDDEN: Final = rf"[\s{character_class(''.join(UNSEEN))}]{{0,3}}"
_NEAR: Final = rf"{SPACE}{{0,6}}"

_COMPACT: Final = re.compile(
    rf"[{_PROVINCES}]{_NEAR}[{_LETTER}]{_NEAR}(?:[{_ANY_LETTER}{_DIGIT}]{{5,6}}|警?[{_ANY_LETTER}{_DIGIT}]{{4}}[{_SUFFIX}]?){_END}"
)
_WIDE: Final = re.compile(
    rf"[{_PROVINCES}]{_NEAR}[{_LETTER}](?:{_NEAR}[{_ANY_LETTER}{character_class(''.join(DIGITS))}]){{4,6}}(?:{_HIDDEN}[{_SUFFIX}])?"
    rf"{_END}"
)
_SMALL_ELECTRIC: Final = re.compile(r"[A-HJK][A-HJ-NP-Z0-9]\d{4}")
_LARGE_ELECTRIC: Final = re.compile(r"\d{5}[A-HJK]")
_HEAD: Final = re.compile(rf"[{_PROVINCES}]{_NEAR}[{_LETTER}]")


def mask_plates(text: str) -> str:
    """Return a text with number plates replaced by their mark."""
    if not _HEAD.search(text):
        return text
    return _WIDE.sub(_wide, _COMPACT.sub(_compact, text))


def _compact(match: re.Match[str]) -> str:
    return PLATE if _is_plate(match) else match[0]


def _wide(match: re.Match[str]) -> str:
    """Take a plate whose characters are parted alike, or in any way beside a word of cars."""
    raw = "".join(character for character in match[0] if character not in UNSEEN)
    serial = re.findall(rf"({SPACE}*)([^\W_])", raw)[2:]
    alike = len({gap for gap, _ in serial}) == 1 or len({gap for gap, _ in serial[1:]}) == 1
    if not alike or any(character in HAN for _, character in serial):
        around = Around(match.string, match.start(), match.end())
        if not around.speaks_of_cars:
            return match[0]
    return _compact(match)


def _is_plate(match: re.Match[str]) -> bool:
    known = "".join(DIGITS.get(character, character) for character in match[0])
    folded = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", known)).upper()
    serial, suffixed = folded[2:], folded[-1] in _SUFFIX
    around = Around(match.string, match.start(), match.end())
    if folded[0] == "新" and not serial.isdigit() and not around.speaks_of_cars and "·" not in match[0]:
        # 新 is a common word, and what follows it may be a car's model
        return False
    serial = serial.strip(_SUFFIX)
    if len(serial) == 4:
        return suffixed and sum(character.isdigit() for character in serial) >= 2
    if len(serial) == 5:
        return sum(character.isalpha() for character in serial) <= 2
    return bool(_SMALL_ELECTRIC.fullmatch(serial) or _LARGE_ELECTRIC.fullmatch(serial))
