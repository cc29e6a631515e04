"""Masking personal numbers before anything is stored.

Mobile numbers, ID cards (18 digits with a valid check digit, 15 digits with a valid birthday), bank cards (16 to 19
digits that pass Luhn's check), number plates and e-mail addresses are replaced by a mark that keeps none of their
characters. Digits may be full-width and parted by spaces, dots or hyphens. Figures, dates, document numbers and times
stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from contracts.masks import BANK_CARD, EMAIL, ID_CARD, MOBILE, PLATE

_DIGIT: Final = "0-9０-９"
_GAP: Final = r"[\s.\-·－—_]{0,2}"
_WIDE: Final = str.maketrans("０１２３４５６７８９ｘＸ", "0123456789xX")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"

_NUMBER: Final = re.compile(rf"(?<![{_DIGIT}])(?:[{_DIGIT}]{_GAP}){{10,23}}[{_DIGIT}xXｘＸ](?![{_DIGIT}])")
_MOBILE: Final = re.compile(
    rf"(?<![{_DIGIT}])(?:[+＋]?(?:[8８][6６]){_GAP})?([1１]{_GAP}[3-9３-９]{_GAP}(?:[{_DIGIT}]{_GAP}){{8}}[{_DIGIT}])(?![{_DIGIT}])"
)
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9Ａ-Ｚａ-ｚ０-９._%+\-＿]{1,64}\s?[@＠]\s?[A-Za-z0-9Ａ-Ｚａ-ｚ０-９\-]{1,63}(?:[.．。][A-Za-zＡ-Ｚａ-ｚ0-9\-]{1,63}){0,3}"
    r"[.．][A-Za-zＡ-Ｚａ-ｚ]{2,24}"
)
_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE: Final = re.compile(
    rf"[{_PROVINCES}]\s?[A-HJ-NP-Za-hj-np-z]\s?[·•.\-]?\s?(?:[A-HJ-NP-Za-hj-np-z0-9]{{5,6}})(?![A-Za-z0-9])"
)


def mask(text: str) -> str:
    """Return a text with every personal number replaced by its mark. Masking twice changes nothing more."""
    if not text:
        return text
    masked = _EMAIL.sub(EMAIL, text)
    masked = _NUMBER.sub(_number, masked)
    masked = _MOBILE.sub(MOBILE, masked)
    return _PLATE.sub(_plate, masked)


def mask_url(url: str) -> str:
    """Return a URL whose query and path carry no personal number (marks stand percent-decoded)."""
    parts = urlsplit(url)
    return urlunsplit(
        (parts.scheme, parts.netloc.rpartition("@")[2], _masked_piece(parts.path), _masked_piece(parts.query), "")
    )


def _masked_piece(piece: str) -> str:
    plain = unquote(piece)
    masked = mask(plain)
    return piece if masked == plain else masked


def _number(match: re.Match[str]) -> str:
    """Name a long number by what it is; what is nothing personal stays."""
    raw = match[0]
    digits = re.sub(r"[^0-9xX]", "", raw.translate(_WIDE))
    kinds: tuple[tuple[Callable[[str], bool], str], ...] = (
        (_is_id_card, ID_CARD),
        (_is_bank_card, BANK_CARD),
    )
    for matches, mark in kinds:
        if matches(digits):
            return mark
    # a mark may hide inside a longer run, as when a number is glued to a date by a space
    return _MOBILE.sub(MOBILE, raw)


def _is_id_card(digits: str) -> bool:
    if len(digits) == 18 and digits[:17].isdigit():
        total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _WEIGHTS, strict=True))
        return _CHECKS[total % 11] == digits[17].upper() and _is_date(digits[6:14])
    return len(digits) == 15 and digits.isdigit() and "11" <= digits[:2] <= "82" and _is_date("19" + digits[6:12])


def _is_bank_card(digits: str) -> bool:
    if not digits.isdigit() or not 16 <= len(digits) <= 19 or digits[0] not in "3456789":
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_date(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2100
    except ValueError:
        return False


def _plate(match: re.Match[str]) -> str:
    """A plate has a digit in it; 「云A股ABCDEF」 or an English word after 云 is none."""
    return PLATE if sum(character.isdigit() for character in match[0]) >= 2 else match[0]
