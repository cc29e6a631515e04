"""What a mobile number, an ID card and a bank card are, digit by digit."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

SHORTEST: Final = 11
LONGEST: Final = 19

_MOBILE: Final = re.compile(r"(?:(?:00?)?86|0)?(1[3-9]\d{9})")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
#: twice a digit, its own digits summed up
_DOUBLED: Final = str.maketrans("0123456789", "0246813579")
_CHECKS: Final = "10X98765432"
#: GB/T 2260: provinces, then Taiwan, Hong Kong, Macau and their residents' permits
_PROVINCES: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
#: first digits of cards in use, and how long such cards are: UnionPay and older domestic ones, Visa, MasterCard, JCB
_ISSUERS: Final = (
    (re.compile("62|60|99|68|81[0-7]"), range(16, 20)),
    (re.compile("9558"), range(19, 20)),
    (re.compile("4|5[1-5]|35|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), range(16, 17)),
)
_ANY_ISSUER: Final = re.compile("62|60|4|5[1-5]|35|9558|99|68|81[0-7]|2[2-7]")


def mobile_lead(digits: str) -> int | None:
    """Return how many digits of country code stand before a mobile number; None where it is none."""
    match = _MOBILE.fullmatch(digits)
    return match.start(1) if match else None


def is_id_card(digits: str) -> bool:
    """Tell whether 18 characters are an ID card: province, birthday, check digit (GB 11643-1999)."""
    if len(digits) != 18 or not _PROVINCES.match(digits) or not digits[:17].isdigit() or not _is_birthday(digits[6:14]):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _WEIGHTS, strict=True))
    return _CHECKS[total % 11] == digits[17]


def is_old_id_card(digits: str) -> bool:
    """Tell whether 15 digits are an ID card of the form given out until 1999, which has no check digit."""
    return (
        len(digits) == 15
        and digits.isdigit()
        and _PROVINCES.match(digits) is not None
        and _is_birthday("19" + digits[6:12])
    )


def is_bank_card(digits: str, *, named: bool) -> bool:
    """Tell whether digits are a card's: issuer, length, Luhn's check. With `named`, any length for any issuer."""
    if not 16 <= len(digits) <= LONGEST or not digits.isdigit():
        return False
    if named:
        issued = _ANY_ISSUER.match(digits) is not None
    else:
        issued = any(first.match(digits) and len(digits) in lengths for first, lengths in _ISSUERS)
    return issued and _passes_luhn(digits)


def could_be_personal(digits: str) -> bool:
    """Tell whether digits are any of the above, whatever stands around them."""
    if len(digits) < 16:
        return mobile_lead(digits) is not None or is_old_id_card(digits)
    return is_id_card(digits) or is_bank_card(digits, named=True)


def _passes_luhn(digits: str) -> bool:
    return (sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2].translate(_DOUBLED)))) % 10 == 0


def _is_birthday(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2059
    except ValueError:
        return False
