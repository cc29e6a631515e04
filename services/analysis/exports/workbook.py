"""XLSX as a stream: rows are packed as they come, and a run that was cut off can be gone on with.

openpyxl's and other writers hold a workbook, or a file of it, in one process until it is closed; here the sheets are
written by hand into an :class:`Archive`. Texts stand in their cells (``inlineStr``), never as formulas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from xml.sax.saxutils import escape

from kit.tables.cells import Cell, Heading, Kind, looks_like_formula, writable
from language.calendar import SHANGHAI
from services.analysis.exports import workbook_parts as parts
from services.analysis.exports.archive import Archive
from services.analysis.exports.workbook_parts import Style
from services.analysis.exports.writing import About, Piece

#: characters (UTF-16 units) that a cell may have, and rows that a sheet may have: Excel specifications and limits,
#: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
CELL: Final = 32_767
ROWS: Final = 1_048_576
MARK: Final = "……【过长，已截断】"

_EPOCH: Final = datetime(1899, 12, 30)
_DAY: Final = 86_400
#: a text that a reader would take for an escaped character (ECMA-376, 22.9.2.19)
_ESCAPED: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
#: what no text can hold as it stands; most have none of it
_SPECIAL: Final = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_x")
_STYLES: Final = {Kind.TIME: Style.TIME, Kind.DECIMAL: Style.DECIMAL, Kind.SHARE: Style.SHARE}


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """How much one sheet holds: rows with the heading, and bytes of XML, which keeps clear of ZIP64."""

    rows: int = ROWS
    bytes: int = 2**31


class XlsxWriter:
    """Writes a workbook: sheets of rows named `name`, then one that says what the file is."""

    def __init__(
        self,
        headings: Sequence[Heading],
        name: str,
        at: datetime,
        state: Mapping[str, Any] | None = None,
        limits: SheetLimits = SheetLimits(),
    ) -> None:
        self._headings, self._name, self._limits = headings, name, limits
        self._letters = [letters(index) for index in range(len(headings))]
        self._archive = Archive(at.astimezone(SHANGHAI), state["archive"] if state else None)
        self.cut: int = state["cut"] if state else 0
        #: rows, with the heading, of each sheet; the last is being written
        self._rows: list[int] = list(state["rows"]) if state else []

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._archive.size

    @property
    def pieces(self) -> int:
        """Pieces so far."""
        return self._archive.pieces

    @property
    def sheets(self) -> int:
        """Sheets of rows."""
        return len(self._rows)

    def state(self) -> dict[str, Any]:
        """Return what another writer needs to go on, as JSON."""
        return {"archive": self._archive.state(), "cut": self.cut, "rows": list(self._rows)}

    def add(self, rows: Sequence[Sequence[Cell]]) -> list[Piece]:
        """Return the pieces that rows make; a sheet that is full is followed by another."""
        pieces = [] if self._rows else self._begin()
        waiting: list[str] = []
        size = 0
        for row in rows:
            if self._rows[-1] >= self._limits.rows or self._archive.plain + size >= self._limits.bytes:
                pieces += self._archive.write("".join(waiting).encode())
                pieces += self._close_sheet()
                pieces += self._open_sheet()
                waiting, size = [], 0
            self._rows[-1] += 1
            line = self._row(row, self._rows[-1])
            waiting.append(line)
            size += 3 * len(line)  # as many bytes as a Chinese text may have
        if waiting:
            pieces += self._archive.write("".join(waiting).encode())
        return pieces

    def finish(self, about: About) -> list[Piece]:
        """Return the end of the rows, the sheet about the file, and what ties the sheets together."""
        pieces = self.add([]) if not self._rows else []
        pieces += self._close_sheet()
        total = len(self._rows) + 1
        names = [self._sheet_name(number) for number in range(1, total)]
        areas = ["$A$1:$" + self._letters[-1] + f"${rows}" for rows in self._rows]
        pieces += self._part(f"xl/worksheets/sheet{total}.xml", self._about(about))
        pieces += self._part("xl/workbook.xml", parts.workbook([*names, about.title], areas))
        pieces += self._part("xl/_rels/workbook.xml.rels", parts.workbook_relationships(total))
        pieces += self._part("[Content_Types].xml", parts.content_types(total))
        return pieces + self._archive.finish()

    def _begin(self) -> list[Piece]:
        pieces = self._part("_rels/.rels", parts.RELATIONSHIPS) + self._part("xl/styles.xml", parts.STYLES)
        return pieces + self._open_sheet()

    def _open_sheet(self) -> list[Piece]:
        self._rows.append(1)
        self._archive.open(f"xl/worksheets/sheet{len(self._rows)}.xml")
        start = parts.sheet_start([heading.width for heading in self._headings], frozen=True)
        named = zip(self._letters, self._headings, strict=True)
        cells = "".join(self._text(f"{letter}1", heading.name, Style.HEADING) for letter, heading in named)
        return self._archive.write(f'{start}<row r="1">{cells}</row>'.encode())

    def _close_sheet(self) -> list[Piece]:
        end = parts.sheet_end(f"A1:{self._letters[-1]}{self._rows[-1]}")
        return self._archive.write(end.encode()) + self._archive.close()

    def _part(self, name: str, content: bytes) -> list[Piece]:
        self._archive.open(name)
        return self._archive.write(content) + self._archive.close()

    def _sheet_name(self, number: int) -> str:
        return self._name if number == 1 else f"{self._name} {number}"

    def _row(self, row: Sequence[Cell], number: int) -> str:
        named = zip(self._letters, self._headings, row, strict=True)
        cells = [self._cell(f"{letter}{number}", cell, heading.kind) for letter, heading, cell in named]
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _about(self, about: About) -> bytes:
        rows = [f'<row r="1">{self._text("A1", about.title, Style.TITLE)}</row>']
        for number, (name, value) in enumerate(about.lines, 2):
            kind = Kind.TIME if isinstance(value, datetime) else Kind.TEXT
            cells = self._text(f"A{number}", name, Style.PLAIN) + self._cell(f"B{number}", value, kind)
            rows.append(f'<row r="{number}">{cells}</row>')
        return f"{parts.sheet_start((22, 100), frozen=False)}{''.join(rows)}{parts.sheet_end(None)}".encode()

    def _cell(self, place: str, cell: Cell, kind: Kind) -> str:
        if cell is None or cell == "":
            return ""
        if isinstance(cell, str):
            return self._text(place, cell, Style.QUOTED if looks_like_formula(cell) else Style.PLAIN)
        value = serial(cell) if isinstance(cell, datetime) else cell
        return f'<c r="{place}" s="{_STYLES.get(kind, Style.PLAIN).value}"><v>{value!r}</v></c>'

    def _text(self, place: str, text: str, style: Style) -> str:
        written = text if len(text) <= CELL // 2 and not _SPECIAL.search(text) else self._written(text)
        return f'<c r="{place}" s="{style.value}" t="inlineStr"><is><t xml:space="preserve">{written}</t></is></c>'

    def _written(self, text: str) -> str:
        shown = writable(text).replace("\r\n", "\n").replace("\r", "\n")
        if not fits(shown):
            self.cut += 1
            shown = shortened(shown)
        return escape(_ESCAPED.sub("_x005F_", shown))


def fits(text: str) -> bool:
    """Tell whether a cell has room for a text; Excel counts UTF-16 units, of which some characters have two."""
    return len(text) <= CELL // 2 or len(text.encode("utf-16-le")) // 2 <= CELL


def shortened(text: str) -> str:
    """Return as much of a text as a cell has room for, with a mark that says so."""
    room = (CELL - len(MARK)) * 2
    return text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + MARK


def serial(at: datetime) -> float:
    """Return an instant as Excel counts it in Shanghai: days since the end of 1899."""
    return (at.astimezone(SHANGHAI).replace(tzinfo=None) - _EPOCH).total_seconds() / _DAY


def letters(index: int) -> str:
    """Return the letters of a column, counted from 0: A, B, …, Z, AA."""
    before, last = divmod(index, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)
