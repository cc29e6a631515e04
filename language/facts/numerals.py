"""Numbers as Chinese texts write them: 1,424, １２, 3.2万, 3千多, 两百零五, 七八十, 数十, 百余."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_DIGITS: Final = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_PLACES: Final = {"十": 10, "百": 100, "千": 1000}
_LARGE: Final = {"万": 10**4, "亿": 10**8}
_ANY_PLACE: Final = _PLACES | _LARGE

#: A number in either script, without what qualifies it. Bare 百 千 万 want a qualifier; the caller sees to that.
NUMBER: Final = (
    r"(?:(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,8})?\s?[十百千]?[万亿]?"
    r"|好?[数几][十百千万亿]{1,3}"
    r"|(?<![零〇一二两三四五六七八九十百千万亿])[零〇一二两三四五六七八九十百千万亿]{1,24}(?:点[零〇一二三四五六七八九]{1,4}[万亿]?)?)"
)

_VAGUE: Final = re.compile(r"好?[数几]([十百千万亿]+)")
_ARABIC: Final = re.compile(r"([\d,]+)(?:\.(\d+))?\s?([十百千万亿]*)")
_PLACED: Final = re.compile("[十百千万亿]")
_PAIR: Final = re.compile(r"([一二两三四五六七八九])([一二两三四五六七八九])(?=[十百千万亿]|$)")


@dataclass(frozen=True, slots=True)
class Number:
    """A number's bounds, and the value of one step of its last written place (1200 → 100, 3.2万 → 1000)."""

    low: Decimal
    high: Decimal
    step: Decimal


def read(written: str) -> Number | None:
    """Return what a match of :data:`NUMBER` stands for, or None where it is no number (百千, 一二三)."""
    if vague := _VAGUE.fullmatch(written):
        scale = _scale(vague[1])
        return Number(2 * scale, 10 * scale - 1, scale)
    if arabic := _ARABIC.fullmatch(written):
        return _arabic(arabic[1].replace(",", ""), arabic[2] or "", arabic[3])
    if (len(written) == 2 or _PLACED.search(written)) and (pair := _PAIR.search(written)):
        if not _a_pair(pair[1], pair[2]):
            return None
        low = _chinese(written[: pair.start(2)] + written[pair.end(2) :])
        high = _chinese(written[: pair.start(1)] + written[pair.end(1) :])
        return None if low is None or high is None else Number(low.low, high.high, high.step)
    return _chinese(written)


def _a_pair(first: str, second: str) -> bool:
    """Tell whether two digits in a row mean "one or the other" (七八, 三五)."""
    return _DIGITS[second] - _DIGITS[first] == 1 or (first, second) == ("三", "五")


def _scale(places: str) -> Decimal:
    scale = Decimal(1)
    for place in places:
        scale *= _ANY_PLACE[place]
    return scale


def _arabic(whole: str, fraction: str, places: str) -> Number:
    scale = _scale(places)
    value = Decimal(f"{whole}.{fraction or 0}") * scale
    if fraction:
        step = scale.scaleb(-len(fraction))
    else:
        step = scale.scaleb(len(whole) - len(whole.rstrip("0"))) if whole.strip("0") else scale
    return Number(value, value, step)


def _chinese(written: str) -> Number | None:
    head, point, tail = written.partition("点")
    scale = Decimal(1)
    if point:
        if tail[-1] in _LARGE:
            scale, tail = Decimal(_LARGE[tail[-1]]), tail[:-1]
        whole = _whole(head)
        if whole is None or not tail:
            return None
        digits = "".join(str(_DIGITS[digit]) for digit in tail)
        value = (whole.low + Decimal(f"0.{digits}")) * scale
        return Number(value, value, scale.scaleb(-len(digits)))
    return _whole(head)


def _whole(written: str) -> Number | None:
    if not any(character in _ANY_PLACE for character in written):
        if len(written) > 1 and "零" not in written and "〇" not in written:
            return None
        value = Decimal(int("".join(str(_DIGITS[digit]) for digit in written) or 0))
        return Number(value, value, Decimal(1))
    total, section, digit, place, step = 0, 0, -1, 1, 1
    zero = False
    for character in written:
        if character in _DIGITS:
            if digit > 0:
                return None
            digit, zero = _DIGITS[character], zero or _DIGITS[character] == 0
        elif character in _PLACES:
            place = _PLACES[character]
            section += (1 if digit < 0 else digit) * place
            digit, zero, step = -1, False, place
        else:
            place = _LARGE[character]
            step = place * (step if digit < 0 else 1)
            section += max(digit, 0)
            total = (total + section) * place if place == _LARGE["亿"] or not total else total + section * place
            if not total:
                total = place
            section, digit, zero = 0, -1, False
    if digit > 0:
        # 两万五 is 25,000, 一百五 is 150; 一百零五 is 105, 十五 is 15
        step = place // 10 if place > 10 and not zero else 1
        section += digit * step
    value = Decimal(total + section)
    return Number(value, value, Decimal(step))
