"""Where a table's header is: under titles and empty rows, over two rows, or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.ingest.imports.columns import known
from services.ingest.imports.values import is_address, is_time, text_of

#: rows at the start of a table among which its header is looked for
SEARCHED: Final = 30
#: characters from which a cell is a text rather than a column's name
_LONG_NAME: Final = 30


@dataclass(frozen=True, slots=True)
class Header:
    """The columns' names, each once, and how many of the rows looked at come before the first record."""

    names: list[str]
    before: int


def header_of(rows: Sequence[Sequence[Any]], width: int = 0, chosen: Sequence[str] = ()) -> Header:
    """Find the header among a table's first rows; `width` is the columns that there are at least.

    It is the row with the most names that are known (or chosen); where none is known, the first row with as many cells
    as the rows below, unless that holds a date, an address or a long text: then there is no header. Columns without a
    name are called 第N列.
    """
    first = [[text_of(cell).strip() if cell is not None else "" for cell in row] for row in rows[:SEARCHED]]
    wanted = {name.strip() for name in chosen}
    scores = [sum(_is_name(cell, wanted) for cell in row) for row in first]
    best = max(range(len(first)), key=lambda at: scores[at], default=0)
    if not first:
        return Header([], 0)
    if scores[best]:
        names, begins = _with_neighbours(first, best, wanted)
        return Header(_each_once(names, width), begins)
    common = max(sum(bool(cell) for cell in row) for row in first)
    for at, row in enumerate(first):
        filled = [cell for cell in row if cell]
        if len(filled) * 2 > common:
            if any(is_time(cell) or is_address(cell) or len(cell) > _LONG_NAME for cell in filled):
                return Header(_each_once([], max(width, len(row))), at)
            return Header(_each_once(row, width), at + 1)
    return Header(_each_once([], width), 0)


def _is_name(cell: str, wanted: set[str]) -> bool:
    return bool(cell) and len(cell) <= _LONG_NAME and (cell in wanted or known(cell) is not None)


def _with_neighbours(rows: list[list[str]], best: int, wanted: set[str]) -> tuple[list[str], int]:
    """Join a header over two rows: the neighbour has nothing but names, where the other row has none or a heading."""
    names, begins = list(rows[best]), best + 1

    def joins(at: int) -> bool:
        if not 0 <= at < len(rows):
            return False
        filled = [cell for cell in rows[at] if cell]
        return bool(filled) and all(_is_name(cell, wanted) for cell in filled)

    if joins(best + 1):
        lower, begins = rows[best + 1], best + 2
        names += [""] * (len(lower) - len(names))
        names = [lower[place] if place < len(lower) and lower[place] else name for place, name in enumerate(names)]
    elif best and any(_is_name(cell, wanted) for cell in rows[best - 1]):
        upper = rows[best - 1]
        names += [""] * (len(upper) - len(names))
        names = [name or (upper[place] if place < len(upper) else "") for place, name in enumerate(names)]
    return names, begins


def _each_once(names: Sequence[str], width: int) -> list[str]:
    """Return the names, made unique, for at least `width` columns."""
    found: list[str] = []
    seen: dict[str, int] = {}
    last = max((place for place, name in enumerate(names, start=1) if name), default=0)
    for place in range(max(last, width)):
        name = (names[place] if place < len(names) else "").lstrip("\ufeff") or f"第{place + 1}列"
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
