"""Puts together what a text states: figures with their roles, nobody harmed, times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal

from contracts.findings import Fact, FactKind, FactRole
from language.facts import standing
from language.facts.absences import Absence, absences
from language.facts.dating import Dating
from language.facts.legible import Bounds, legible
from language.facts.quantities import Quantity, quantities
from language.facts.rates import with_rate
from language.facts.roles import attribute
from language.facts.time_words import TimeWords, time_words
from language.facts.unitless import unitless

Field = Literal["title", "text"]

_AS_OF: Final = re.compile(r"截[至止](?:到|至)?(?:目前|北京时间|当地时间|昨日|今日)?[(（]?$")
_BY: Final = re.compile(r"\s?(?:之前|以前|前(?![后往来期夕方去线台])|底前)")
#: Parts of a whole that keep their own name (其中1人重伤), wherever they stand behind 其中.
_DEGREES: Final = frozenset({FactRole.SEVERELY_INJURED, FactRole.SLIGHTLY_INJURED})


def find(text: str, *, field: Field = "text", reference: datetime) -> list[Fact]:
    """Find the facts that `text` states, ordered by where they start.

    `reference` is when the text was published (with its time zone): 昨日 and 今年3月 are counted from it. Raises
    ValueError where it has none.
    """
    plain = legible(text)
    bounds = Bounds(plain)
    facts = [*_figures(plain, text, bounds, field), *_none_harmed(plain, text, bounds, field)]
    facts.extend(_times(plain, text, field, Dating(reference)))
    return sorted(facts, key=lambda fact: (fact.start, fact.end, fact.role or ""))


def _figures(plain: str, text: str, bounds: Bounds, field: Field) -> Iterator[Fact]:
    found = _apart(sorted([*quantities(plain), *unitless(plain)], key=lambda each: (each.start, -each.end)))
    roles = attribute(plain, bounds, found)
    parts: dict[int, set[FactRole]] = {}
    previous = 0
    for quantity, role in zip(found, roles, strict=True):
        clause, _ = bounds.clause(quantity.start, quantity.end)
        rated = with_rate(plain, quantity, max(clause, previous))
        previous = quantity.end
        if (
            rated is None
            or _mere_mention(rated, role)
            or standing.supposed(plain, bounds, quantity.start, quantity.end)
        ):
            continue
        yield Fact(
            field=field,
            start=rated.start,
            end=rated.end,
            quote=text[rated.start : rated.end],
            kind=rated.kind,
            role=role,
            low=rated.low,
            high=rated.high,
            unit=rated.unit,
            precision=rated.precision,
            denied=standing.denied(plain, bounds, quantity.start, quantity.end),
            part=rated.kind is FactKind.COUNT and _is_part(plain, bounds, quantity, role, parts),
        )


def _mere_mention(quantity: Quantity, role: FactRole | None) -> bool:
    """Tell whether a figure only introduces somebody or something (一名记者, 一栋老楼)."""
    if role is not None or quantity.kind is not FactKind.COUNT:
        return False
    return quantity.unit in ("room", "building", "case") or quantity.low == quantity.high == 1


def _apart(found: list[Quantity]) -> list[Quantity]:
    """Leave out a figure that lies inside the one before it."""
    kept: list[Quantity] = []
    for quantity in found:
        if not kept or quantity.start >= kept[-1].end:
            kept.append(quantity)
    return kept


def _is_part(
    plain: str, bounds: Bounds, quantity: Quantity, role: FactRole | None, parts: dict[int, set[FactRole]]
) -> bool:
    """Tell whether a figure is part of one named before.

    其中 reaches over its own clause, and beyond it to figures of the same role and to degrees of injury:
    5人受伤，其中1人重伤，2人失踪 are five injured and two missing.
    """
    word = standing.part_of(plain, bounds, quantity.start, quantity.end)
    if word is None:
        return False
    named = parts.setdefault(word, set())
    near = not any(sign in plain[word : quantity.start] for sign in "，,")
    if not near and role not in named and role not in _DEGREES:
        return False
    if role is not None:
        named.add(role)
    return True


def _none_harmed(plain: str, text: str, bounds: Bounds, field: Field) -> Iterator[Fact]:
    for absence in absences(plain):
        if standing.supposed(plain, bounds, absence.start, absence.end):
            continue
        denied = standing.denied(plain, bounds, absence.start, absence.end)
        yield from (_absent(absence, role, text, field, denied=denied) for role in absence.roles)


def _absent(absence: Absence, role: FactRole, text: str, field: Field, *, denied: bool) -> Fact:
    return Fact(
        field=field,
        start=absence.start,
        end=absence.end,
        quote=text[absence.start : absence.end],
        kind=FactKind.COUNT,
        role=role,
        low=0.0,
        high=None if absence.unreported else 0.0,
        unit="person",
        precision="at_least" if absence.unreported else "exact",
        denied=denied,
    )


def _times(plain: str, text: str, field: Field, dating: Dating) -> Iterator[Fact]:
    for words in time_words(plain):
        by = _BY.match(plain, words.end) is not None
        at = dating.at(words, ahead=by)
        if at is None:
            continue
        yield Fact(
            field=field,
            start=words.start,
            end=words.end,
            quote=text[words.start : words.end],
            kind=FactKind.TIME,
            role=_time_role(plain, words, by=by),
            at=at,
            precision="about" if plain[words.start : words.end].endswith(("许", "左右", "多")) else "exact",
        )


def _time_role(plain: str, words: TimeWords, *, by: bool) -> FactRole | None:
    if _AS_OF.search(plain[max(0, words.start - 8) : words.start]):
        return FactRole.AS_OF
    return FactRole.DEADLINE if by else None
