"""Money per person, household, area or time: 每人每年600元, 3万元/亩."""

from __future__ import annotations

import re
from typing import Final

from contracts.findings import FactKind
from language.facts.quantities import Quantity

#: What money is paid for -> base unit and how many of it one is.
_BASES: Final[dict[str, tuple[str, float]]] = {
    "人": ("person", 1),
    "户": ("household", 1),
    "亩": ("m2", 10000 / 15),
    "平方米": ("m2", 1),
    "平米": ("m2", 1),
    "㎡": ("m2", 1),
    "公顷": ("m2", 10000),
    "年": ("year", 1),
    "月": ("month", 1),
    "天": ("day", 1),
    "日": ("day", 1),
}
_BASE: Final = "|".join(_BASES)
_BEFORE: Final = re.compile(
    rf"(?:(?:每(?:个)?(?P<per>{_BASE})|(?P<mean>人|户|亩|月|年)均)(?:每?(?P<time>年|月))?)[^\d，。,;!?\n]{{0,14}}$"
)
_BEHIND: Final = re.compile(
    rf"\s?(?:/|每)(?P<per>{_BASE})(?:\s?(?:[/·每]\s?)(?P<time>年|月))?|\s?一(?P<one>亩|平方米|平米|个?月|年)"
)
_OTHER: Final = re.compile(r"\s?(?:/|每)\s?[\w]")


def with_rate(text: str, quantity: Quantity, start: int) -> Quantity | None:
    """Return a sum with the rate's unit where it is one; None for a rate of another kind (元/公斤).

    `start` is where the words that belong to the sum begin.
    """
    if quantity.kind is not FactKind.MONEY:
        return quantity
    behind = _BEHIND.match(text, quantity.end)
    if behind:
        per = behind["per"] or (behind["one"] or "").removeprefix("个")
        return _rated(quantity, per, behind["time"], behind.end())
    if _OTHER.match(text, quantity.end):
        return None
    before = _BEFORE.search(text[start : quantity.number])
    return _rated(quantity, before["per"] or before["mean"], before["time"], quantity.end) if before else quantity


def _rated(quantity: Quantity, per: str, time: str | None, end: int) -> Quantity:
    base, size = _BASES[per]
    unit = "/".join(filter(None, (quantity.unit, base, _BASES[time][0] if time else None)))
    low, high = (None if value is None else round(value / size, 6) for value in (quantity.low, quantity.high))
    return Quantity(quantity.start, end, quantity.number, quantity.kind, unit, low, high, quantity.precision)
