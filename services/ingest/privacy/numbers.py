"""Runs of digits, however they are written, and what in them is a person's number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.masks import BANK_CARD, ID_CARD, MOBILE
from services.ingest.privacy.checks import LONGEST, SHORTEST, could_be_personal, mobile_lead
from services.ingest.privacy.context import Around
from services.ingest.privacy.glyphs import (
    CHECKS,
    DIGITS,
    HAN,
    HYPHENS,
    LETTERS,
    PLAIN,
    SPACE,
    UNSEEN,
    character_class,
    plain_plane,
)
from services.ingest.privacy.rules import SINGLES, reads_as_bank_card, reads_as_id_card, reads_as_mobile


@dataclass(frozen=True, slots=True)
class _Group:
    """Digits that stand together, from `start` to `end` of the run, and what parts them from the group before."""

    start: int
    end: int
    digits: str
    raw: str
    gap: str


#: start, end and mark
Found = tuple[int, int, str]


class _Reading:
    """A way to read characters as digits: `glyphs` are read anywhere, and a run of them is looked at if long enough."""

    def __init__(self, glyphs: Mapping[str, str], begin: str, *, doubtful: bool = False) -> None:
        self._table = {**glyphs, **CHECKS}
        self._doubtful = doubtful
        within = character_class("".join(self._table))
        unseen = character_class("".join(UNSEEN))
        self._runs = re.compile(rf"{begin}(?:(?:{SPACE}{{0,6}}|{HYPHENS})[{within}]){{10,}}[{unseen}]*")

    def numbers(self, text: str, begin: int, end: int, *, cards: bool) -> Iterator[Found]:
        """Yield the numbers that this reading finds from `begin` to `end`; bank cards only with `cards`."""
        for match in self._runs.finditer(text, begin, end):
            groups = self._groups(match[0])
            at = 0
            while at < len(groups):
                found = self._personal(groups, at, text, match.start(), cards)
                at += found[3] if found else 1
                if found:
                    yield match.start() + found[1], match.start() + found[2], found[0]

    def _groups(self, raw: str) -> list[_Group]:
        groups: list[_Group] = []
        digits: list[str] = []
        gap: list[str] = []
        start, end, before = 0, 0, ""
        for position, character in enumerate(raw):
            digit = self._table.get(character)
            if digit is None:
                if character not in UNSEEN:
                    gap.append(character)
                elif not gap:
                    end = position + 1
                continue
            if gap and digits:
                groups.append(_Group(start, end, "".join(digits), raw[start:end], before))
                digits = []
            if not digits:
                start, before = position, "".join(gap)
            gap = []
            digits.append(digit)
            end = position + 1
        return [*groups, _Group(start, end, "".join(digits), raw[start:end], before)]

    def _personal(
        self, groups: Sequence[_Group], at: int, text: str, begin: int, cards: bool
    ) -> tuple[str, int, int, int] | None:
        """Return mark, start, end and number of groups of the longest personal number that begins with group `at`."""
        best: tuple[str, int, int, int] | None = None
        digits = ""
        for count in range(1, min(LONGEST, len(groups) - at) + 1):
            digits += groups[at + count - 1].digits
            if len(digits) > LONGEST:
                break
            if len(digits) < SHORTEST:
                continue
            last = groups[at + count - 1]
            if not could_be_personal(digits) and (count == 1 or last.raw[-1] not in HAN):
                continue
            taken = groups[at : at + count]
            start, end = taken[0].start, taken[-1].end
            mark = self._mark(digits, taken, groups, at, Around(text, begin + start, begin + end), cards)
            if mark:
                best = (mark, start, end, count)
            elif count > 1 and not best and (shorter := _without_tail(taken[-1])):
                end = shorter.end
                around = Around(text, begin + start, begin + end)
                mark = self._mark(digits[:-1], [*taken[:-1], shorter], groups, at, around, cards)
                best = (mark, start, end, count) if mark else None
        return best or self._within(groups, at, text, begin, cards)

    def _within(
        self, groups: Sequence[_Group], at: int, text: str, begin: int, cards: bool
    ) -> tuple[str, int, int, int] | None:
        """Look for a number in one group that a word's numeral clings to, as in 「…八零零零一起来」."""
        group = groups[at]
        if not SHORTEST < len(group.digits) <= LONGEST + 2:
            return None
        places = [place for place, character in enumerate(group.raw) if character not in UNSEEN]
        for lead, tail in ((0, 1), (1, 0), (0, 2), (2, 0), (1, 1)):
            kept = places[lead : len(places) - tail]
            if not all(group.raw[place] in HAN for place in (*places[:lead], *places[len(places) - tail :])):
                continue
            digits = group.digits[lead : len(group.digits) - tail]
            if not could_be_personal(digits):
                continue
            first, last = kept[0], places[len(places) - tail] if tail else len(group.raw)
            start, end = group.start + first, group.start + last
            one = _Group(start, end, digits, group.raw[first:last], group.gap)
            mark = self._mark(digits, [one], [one], 0, Around(text, begin + start, begin + end), cards)
            if mark:
                return mark, start, end, 1
        return None

    def _mark(
        self, digits: str, taken: Sequence[_Group], groups: Sequence[_Group], at: int, around: Around, cards: bool
    ) -> str:
        sizes = tuple(len(group.digits) for group in taken)
        gaps = [group.gap for group in taken[1:]]
        if reads_as_id_card(digits, sizes, gaps, around):
            return ID_CARD
        if cards and (not self._doubtful or around.speaks_of_cards) and reads_as_bank_card(digits, sizes, gaps, around):
            return BANK_CARD
        lead = mobile_lead(digits)
        if lead is None or (self._doubtful and not around.speaks_of_calling):
            return ""
        # a country code stands in a group of its own, or glued to the number
        first = sizes[0] - lead
        if first < 0:
            return ""
        parts, gaps = ((first, *sizes[1:]), gaps) if first else (sizes[1:], gaps[1:])
        neighbours = _single_neighbours(groups, at, len(taken)) if parts == SINGLES else False
        return MOBILE if reads_as_mobile(parts, gaps, around, neighbours) else ""


def _without_tail(group: _Group) -> _Group | None:
    """Return a group without the numeral that it ends in and that may be a word's; None where it ends in none."""
    if len(group.raw) < 2 or group.raw[-1] not in HAN:
        return None
    return _Group(group.start, group.end - 1, group.digits[:-1], group.raw[:-1], group.gap)


def _single_neighbours(groups: Sequence[_Group], at: int, count: int) -> bool:
    """Tell whether single digits go on before or after: then eleven of them are part of a longer row."""
    before, after = groups[at - 1] if at else None, groups[at + count] if at + count < len(groups) else None
    return any(group is not None and len(group.digits) == 1 for group in (before, after))


_PLAIN: Final = {character: DIGITS[character] for character in PLAIN}
#: a numeral begins no number in 星期一, 第一; classes stand first: so searches leap
_SPELT: Final = rf"[{character_class(''.join(DIGITS))}](?<![周期第初][{HAN}])"
#: nor does a letter within a word
_DOUBTFUL: Final = (
    rf"[{character_class(''.join({**DIGITS, **LETTERS}))}](?<![周期第初][{HAN}])"
    rf"(?:(?<![{character_class(''.join(LETTERS))}])|(?<![A-Za-z].)|(?<=[vVwW][xX].))"
)
#: in this order, so that no part of a number is taken for one, and then a numeral of the text hides none
_READINGS: Final = (
    _Reading(DIGITS, _SPELT),
    _Reading(_PLAIN, f"[{PLAIN}]"),
    _Reading({**DIGITS, **LETTERS}, _DOUBTFUL, doubtful=True),
)
#: where a run holds none of these, the reading finds no more than those before it
_WORTH: Final = tuple(
    re.compile(f"[{character_class(''.join(characters))}]")
    for characters in (DIGITS, DIGITS.keys() - set(PLAIN), LETTERS)
)
#: all that any reading looks at; most texts hold no such run
_ANY: Final = character_class("".join({**DIGITS, **LETTERS, **CHECKS}))
_RUNS: Final = re.compile(
    rf"[{_ANY}](?:(?:{SPACE}{{0,6}}|{HYPHENS})[{_ANY}]){{10,}}[{character_class(''.join(UNSEEN))}]*"
)


def mask_numbers(text: str, *, cards: bool = True) -> str:
    """Return a text with mobile, ID-card and (with `cards`) bank-card numbers replaced by their marks."""
    seen = plain_plane(text)
    found = [one for run in _RUNS.finditer(seen) for one in _numbers(seen, run.start(), run.end(), cards)]
    out: list[str] = []
    done = 0
    for start, end, mark in found:
        out += [text[done:start], mark]
        done = end
    return "".join([*out, text[done:]]) if out else text


def _numbers(text: str, begin: int, end: int, cards: bool) -> list[Found]:
    """Return the numbers of a run in their order: each reading looks at what those before have left."""
    found: list[Found] = []
    for reading, worth in zip(_READINGS, _WORTH, strict=True):
        if not worth.search(text, begin, end):
            continue
        edges = [begin, *(edge for start, stop, _ in found for edge in (start, stop)), end]
        found += [
            one
            for start, stop in zip(edges[::2], edges[1::2], strict=True)
            if stop - start >= SHORTEST
            for one in reading.numbers(text, start, stop, cards=cards)
        ]
        found.sort()
    return found
