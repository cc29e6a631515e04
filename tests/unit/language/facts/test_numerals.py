"""Numbers in either script."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.facts.numerals import NUMBER, read

DIGITS = "零一二三四五六七八九"


def chinese(number: int) -> str:
    """Write a number below 10**12 as it is read aloud."""
    for size, sign in ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if number >= size:
            head, rest = divmod(number, size)
            gap = "零" if rest and rest < size // 10 else ""
            return chinese(head) + sign + (gap + chinese(rest) if rest else "")
    return DIGITS[number]


@pytest.mark.parametrize(
    ("written", "low", "high", "step"),
    [
        ("1,424", 1424, 1424, 1),
        ("12", 12, 12, 1),
        ("1200", 1200, 1200, 100),
        ("3.2万", 32_000, 32_000, 1000),
        ("3千", 3000, 3000, 1000),
        ("二十三", 23, 23, 1),
        ("十三", 13, 13, 1),
        ("两千", 2000, 2000, 1000),
        ("一百零五", 105, 105, 1),
        ("一百五", 150, 150, 10),
        ("两万五", 25_000, 25_000, 1000),
        ("一万零五", 10_005, 10_005, 1),
        ("三千二百万", 32_000_000, 32_000_000, 1_000_000),
        ("一亿两千万", 120_000_000, 120_000_000, 10_000_000),
        ("二〇二四", 2024, 2024, 1),
        ("五点九", Decimal("5.9"), Decimal("5.9"), Decimal("0.1")),
        ("一点二万", 12_000, 12_000, 1000),
        ("七八", 7, 8, 1),
        ("七八十", 70, 80, 10),
        ("三五", 3, 5, 1),
        ("十七八", 17, 18, 1),
        ("数十", 20, 99, 10),
        ("几百", 200, 999, 100),
        ("数十万", 200_000, 999_999, 100_000),
    ],
)
def test_read(written: str, low: Decimal, high: Decimal, step: Decimal) -> None:
    number = read(written)
    assert number is not None
    assert (number.low, number.high, number.step) == (low, high, step)


@pytest.mark.parametrize("written", ["一二三", "九一", "三三十"])
def test_digits_in_a_row_are_no_number(written: str) -> None:
    assert read(written) is None


@given(st.integers(1, 10**12 - 1))
def test_a_number_is_read_as_it_is_written(number: int) -> None:
    for written in (str(number), f"{number:,}", chinese(number)):
        assert re.fullmatch(NUMBER, written)
        found = read(written)
        assert found is not None
        assert found.low == found.high == number
