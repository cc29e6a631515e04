"""CSV as RFC 4180 has it, in UTF-8 with the byte order mark by which Excel knows Chinese from gibberish."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from kit.tables.cells import Cell, Heading, looks_like_formula, writable
from language.calendar import SHANGHAI
from services.analysis.exports.writing import About, Piece, parts_of

_BOM: Final = "\ufeff"


class CsvWriter:
    """Writes CSV. Times are those of Asia/Shanghai; a text that might be run as a formula gets an apostrophe first."""

    sheets = 0
    cut = 0

    def __init__(self, headings: Sequence[Heading], state: Mapping[str, Any] | None = None) -> None:
        self._headings = headings
        self.pieces: int = state["pieces"] if state else 0
        self.size: int = state["size"] if state else 0

    def add(self, rows: Sequence[Sequence[Cell]]) -> list[Piece]:
        """Return the pieces that rows make; before the first stands the heading."""
        text = io.StringIO()
        if self.pieces == 0:
            text.write(_BOM)
        lines = csv.writer(text, lineterminator="\r\n")
        if self.pieces == 0:
            lines.writerow(heading.name for heading in self._headings)
        lines.writerows([_shown(cell) for cell in row] for row in rows)
        return [self._piece(part) for part in parts_of(text.getvalue().encode())]

    def finish(self, about: About) -> list[Piece]:
        """Return the heading of a file without rows; CSV has no room for `about`."""
        return self.add([]) if self.pieces == 0 else []

    def state(self) -> dict[str, Any]:
        """Return how many pieces and bytes there are."""
        return {"pieces": self.pieces, "size": self.size}

    def _piece(self, data: bytes) -> Piece:
        number = self.pieces
        self.pieces += 1
        self.size += len(data)
        return number, data


def _shown(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, str):
        text = writable(cell)
        return f"'{text}" if looks_like_formula(text) else text
    return cell
