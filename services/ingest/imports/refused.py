"""What is kept of a row that cannot be taken: its cells as they were read, without its author's."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from services.ingest.imports.columns import Column, known
from services.ingest.imports.values import is_nothing

#: a member of a JSON object that nobody could read whole: its name and its value, as far as that goes
_MEMBER: Final = re.compile(r'("(?:[^"\\]|\\.)*")\s*:\s*("(?:[^"\\]|\\.)*"?|\{[^{}]*\}?|\[[^\[\]]*\]?|[^,}\]]*)')


def is_authors(name: str) -> bool:
    """Tell whether a column of this name tells who wrote."""
    return known(name) == "author"


def authors_of(columns: Collection[Column]) -> frozenset[str]:
    """Return the names of the columns that tell who wrote, used or not."""
    return frozenset(column.name for column in columns if column.field == "author" or is_authors(column.name))


def by_column(cells: Mapping[str, Any], authors: Collection[str]) -> dict[str, Any]:
    """Return what is in the cells that hold anything, without the author's."""
    return {
        name: value
        for name, value in cells.items()
        if name not in authors and not is_authors(name) and not is_nothing(value) and name.isprintable()
    }


def by_place(cells: Sequence[str], names: Sequence[str], authors: Collection[str]) -> dict[str, Any]:
    """Return the cells of a record with more or fewer cells than columns, which may stand in columns after their own.

    The author may be in any cell that a delimiter within a text can have moved it to: none of them is given.
    """
    moved = max(0, len(cells) - len(names)) if len(cells) >= len(names) else len(names)
    hidden = {place + shift for place, name in enumerate(names) if name in authors for shift in range(moved + 1)}
    return {
        (names[place] if place < len(names) else f"第{place + 1}列"): cell.strip()
        for place, cell in enumerate(cells)
        if place not in hidden and cell.strip()
    }


def without_author(line: str) -> str:
    """Return a line that is no JSON without the members that tell who wrote."""

    def judged(match: re.Match[str]) -> str:
        try:
            name = str(json.loads(match[1]))
        except ValueError:
            name = match[1]
        return f"{match[1]}: …" if is_authors(name) else match[0]

    return _MEMBER.sub(judged, line)
