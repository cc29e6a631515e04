"""Masking personal numbers before anything is stored.

Mobile numbers, ID cards (18 digits with a valid check digit, 15 digits with a valid birthday), bank cards (16 to 19
digits of a known issuer that pass Luhn's check), number plates and e-mail addresses are replaced by a mark that keeps
none of their characters. Digits may be full-width and parted by spaces, dots, hyphens, slashes or brackets, and other
figures may stand beside them. Figures, dates, document numbers and times stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from contracts.masks import BANK_CARD, EMAIL, ID_CARD, MOBILE, PLATE

_DIGIT: Final = "0-9０-９"
_WIDE: Final = str.maketrans("０１２３４５６７８９ｘＸ", "0123456789xX")
_RUN: Final = re.compile(rf"[{_DIGIT}](?:[\s.\-·－—_/()（）]{{0,2}}[{_DIGIT}xXｘＸ])+")
_GROUP: Final = re.compile(rf"[{_DIGIT}xXｘＸ]+")
_SHORTEST: Final = 11
_LONGEST: Final = 19

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
#: how people part a mobile number; other partings are figures that stand beside each other
_MOBILE_PARTS: Final = frozenset({(11,), (3, 4, 4), (3, 8), (7, 4), (4, 4, 3), (3, 3, 5), (3, 3, 3, 2), (1,) * 11})
_MOBILE: Final = re.compile(r"(?:(?:00?)?86|0)?(1[3-9]\d{9})")
#: first digits of the cards in use: UnionPay, Visa, MasterCard, JCB, and older domestic ones
_ISSUERS: Final = ("62", "60", "4", "51", "52", "53", "54", "55", "35", "9558", "99", "68")

_AT: Final = r"(?:[@＠]|[（(\[]\s?(?:at|AT)\s?[)）\]])"
_WORD: Final = "A-Za-z0-9Ａ-Ｚａ-ｚ０-９"
_EMAIL: Final = re.compile(
    rf"[{_WORD}._%+\-＿．]{{1,64}}\s?{_AT}\s?[{_WORD}\-]{{1,63}}(?:[.．。][{_WORD}\-]{{1,63}}){{0,3}}[.．][A-Za-zＡ-Ｚａ-ｚ]{{2,24}}"
)
_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE: Final = re.compile(
    rf"[{_PROVINCES}]\s?[A-HJ-NP-Za-hj-np-zＡ-ＨＪ-ＮＰ-Ｚ]\s?[·•.\-]?\s?警?[A-HJ-NP-Za-hj-np-zＡ-Ｚ{_DIGIT}]{{4,6}}[学警挂港澳领]?"
    rf"(?![{_WORD}])"
)


def mask(text: str) -> str:
    """Return a text with every personal number replaced by its mark. Masking twice changes nothing more."""
    if not text:
        return text
    masked = _EMAIL.sub(EMAIL, text)
    masked = _PLATE.sub(_plate, masked)
    return _RUN.sub(_run, masked)


def mask_url(url: str) -> str:
    """Return a URL without credentials and fragment, with mobile and ID-card numbers and e-mail in its query masked."""
    parts = urlsplit(url)
    query = "&".join(_masked_pair(pair) for pair in parts.query.split("&")) if parts.query else ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def _masked_pair(pair: str) -> str:
    parsed = parse_qsl(pair, keep_blank_values=True)
    if len(parsed) != 1:
        return pair
    key, value = parsed[0]
    masked = mask(value)
    # in addresses a long number is an article's far more often than a bank card's
    return pair if masked in (value, BANK_CARD) else f"{quote(key)}={quote(masked)}"


def _run(match: re.Match[str]) -> str:
    """Mask what is personal in a run of digit groups; the other groups stay."""
    raw = match[0]
    groups = [(found.start(), found.end(), found[0].translate(_WIDE)) for found in _GROUP.finditer(raw)]
    out: list[str] = []
    done = at = 0
    while at < len(groups):
        mark, taken = _personal([digits for _, _, digits in groups[at : at + _LONGEST]])
        if taken:
            out += [raw[done : groups[at][0]], mark]
            done = groups[at + taken - 1][1]
        at += max(1, taken)
    return "".join([*out, raw[done:]])


def _personal(groups: Sequence[str]) -> tuple[str, int]:
    """Return the mark of the longest personal number that begins with the first group, and how many groups it takes."""
    best: tuple[str, int] = ("", 0)
    digits = ""
    for count, group in enumerate(groups, start=1):
        digits += group
        if len(digits) > _LONGEST:
            break
        if len(digits) < _SHORTEST:
            continue
        sizes = tuple(len(one) for one in groups[:count])
        if _is_id_card(digits, sizes):
            best = (ID_CARD, count)
        elif _is_bank_card(digits, sizes):
            best = (BANK_CARD, count)
        elif _is_mobile(digits, sizes):
            best = (MOBILE, count)
    return best


def _is_mobile(digits: str, sizes: tuple[int, ...]) -> bool:
    match = _MOBILE.fullmatch(digits)
    if match is None:
        return False
    # a country code stands in a group of its own, or glued to the number
    first = sizes[0] - match.start(1)
    return ((first, *sizes[1:]) if first else sizes[1:]) in _MOBILE_PARTS


def _is_id_card(digits: str, sizes: tuple[int, ...]) -> bool:
    if len(digits) == 18 and digits[:17].isdigit():
        total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _WEIGHTS, strict=True))
        return _CHECKS[total % 11] == digits[17].upper() and _is_date(digits[6:14])
    # the old form has no check digit, so that it has to stand in one piece
    return len(sizes) == 1 and len(digits) == 15 and "11" <= digits[:2] <= "82" and _is_date("19" + digits[6:12])


def _is_bank_card(digits: str, sizes: tuple[int, ...]) -> bool:
    if not digits.isdigit() or not 16 <= len(digits) <= _LONGEST or not digits.startswith(_ISSUERS):
        return False
    if len(sizes) > 1 and (len(set(sizes[:-1])) > 1 or not 3 <= sizes[0] <= 6):
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
    """A plate has digits in it; 「云A股ABCDEF」 or an English word after 云 is none."""
    return PLATE if sum(character.isdigit() for character in match[0]) >= 2 else match[0]
