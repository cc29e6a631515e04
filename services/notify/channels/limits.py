"""What a channel may carry: how long a message may be, how often one receiver may be told, and how texts are split."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import regex

#: Addresses in texts; a split never falls into one that fits into a message. Chinese text and punctuation end it.
URL: Final = regex.compile(r"https?://[^\s\p{Han}，。、；：？！“”‘’（）《》【】]+")
#: What may not be torn apart: an address, or a character with all that combines with it (UAX #29).
_ATOM: Final = regex.compile(rf"{URL.pattern}|\X")
_GRAPHEME: Final = regex.compile(r"\X")
_SENTENCE_ENDS: Final = frozenset("。！？；\n")
_PAUSES: Final = frozenset("，、：,; \t")


class Unit(StrEnum):
    """In what a vendor counts length."""

    BYTES = "bytes"
    CHARACTERS = "characters"


@dataclass(frozen=True)
class Size:
    """The greatest length of one message. Bytes are those of UTF-8, characters are code points."""

    most: int
    unit: Unit = Unit.CHARACTERS

    def of(self, text: str) -> int:
        """Return the length of `text` in this unit."""
        return len(text.encode("utf-8", "surrogatepass")) if self.unit is Unit.BYTES else len(text)


@dataclass(frozen=True)
class Rate:
    """At most `count` messages within any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True)
class Limits:
    """The limits of a channel; `rates` hold for each address. None and empty mean that there are none."""

    size: Size | None = None
    rates: tuple[Rate, ...] = ()


def pieces(text: str, size: Size) -> list[str]:
    """Return `text` in as many pieces as `size` asks for, each within it; more than one are numbered （1/3）.

    Pieces end with a sentence where they can, else at a pause, else between two characters: never inside an address or
    inside what combines to one character, unless that alone is longer than a message. Without their numbers the pieces
    joined are `text`. Raises ValueError where `size` leaves no room for a number and a character.
    """
    if size.of(text) <= size.most:
        return [text]
    digits = 1
    while True:
        room = size.most - size.of(_number("9" * digits, "9" * digits))
        if room < 4:
            raise ValueError(f"no text fits into {size.most} {size.unit}")
        found = _cut_up(text, room, size)
        if len(str(len(found))) <= digits:
            return [f"{_number(index, len(found))}{piece}" for index, piece in enumerate(found, 1)]
        digits += 1


def shortened(text: str, most: int) -> str:
    """Return `text` in at most `most` characters (code points); one that was longer ends with “…”."""
    if len(text) <= most:
        return text
    kept = ""
    for grapheme in _GRAPHEME.findall(text):
        if len(kept) + len(grapheme) > most - 1:
            break
        kept += grapheme
    return kept + "…"


def _number(index: object, total: object) -> str:
    return f"（{index}/{total}）"


def _cut_up(text: str, room: int, size: Size) -> list[str]:
    found: list[str] = []
    piece: list[str] = []
    used = 0
    for atom in _atoms(text, room, size):
        length = size.of(atom)
        if used + length > room:
            end = _end(piece)
            found.append("".join(piece[:end]))
            piece = piece[end:]
            used = sum(size.of(one) for one in piece)
        piece.append(atom)
        used += length
    return [*found, "".join(piece)]


def _atoms(text: str, room: int, size: Size) -> list[str]:
    """Return what `text` consists of; what is too long for a message alone is taken apart."""
    found: list[str] = []
    for atom in _ATOM.findall(text):
        if size.of(atom) <= room:
            found.append(atom)
            continue
        for grapheme in _GRAPHEME.findall(atom):
            found.extend([grapheme] if size.of(grapheme) <= room else list(grapheme))
    return found


def _end(piece: list[str]) -> int:
    """Return after which atom to end a full piece: in its second half, so that pieces do not become many and small."""
    for marks in (_SENTENCE_ENDS, _PAUSES):
        for index in range(len(piece), len(piece) // 2, -1):
            if piece[index - 1][-1] in marks:
                return index
    return len(piece)
