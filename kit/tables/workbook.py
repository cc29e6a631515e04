"""Rows of XLSX workbooks: sizes are bounded, entities refused, formulas never computed."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from kit.tables.unreadable import Unreadable

#: bytes that all parts of a workbook may have unpacked (100,000 rows of posts have 42 MB), and its shared strings,
#: which are held in memory
MAX_UNPACKED: Final = 2 * 2**30
MAX_STRINGS: Final = 256 * 2**20
_MAX_PARTS: Final = 10_000
#: how often a large part may be larger unpacked than packed: 100,000 equal rows are 23 times, deflate's most is 1,032
MAX_RATIO: Final = 200
_LARGE: Final = 4 * 2**20
#: links and merged areas that one sheet may have
_MAX_MARKS: Final = 2_000_000
_HYPERLINK: Final = re.compile(r'\s*=?\s*(?:_xlfn\.)?HYPERLINK\(\s*"((?:https?:)?//[^"]+)"', re.IGNORECASE)
#: columns looked at, and rows that a sheet may number (Excel's own limit)
_COLUMNS: Final = 1_000
_ROWS: Final = 1_048_576


@dataclass(slots=True)
class Marks:
    """What a sheet says beside its cells' values: links by row and column, areas merged over several rows."""

    links: dict[int, dict[int, str]] = field(default_factory=dict)
    #: (first column, first row, last column, last row) from 1
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    rows: int = 0


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row: its number from 1, its values, and the links of its cells by column, from 1."""

    number: int
    values: tuple[Any, ...]
    links: dict[int, str]


class Sheet:
    """One sheet of an opened workbook."""

    def __init__(self, name: str, sheet: Any, marks: Marks) -> None:
        self.name, self._sheet, self.marks = name, sheet, marks

    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows that hold anything; merged cells repeat their value downwards. Raises :class:`Unreadable`."""
        carried: dict[tuple[int, int, int, int], Any] = {}
        starts: dict[int, list[tuple[int, int, int, int]]] = {}
        for area in self.marks.merged:
            starts.setdefault(area[1], []).append(area)
        with _understood():
            for number, found in enumerate(self._sheet.iter_rows(values_only=True), start=1):
                values = list(found[:_COLUMNS])
                for area in [area for area in carried if area[3] < number]:
                    del carried[area]
                for (column, *_), value in carried.items():
                    if column <= len(values) and values[column - 1] is None:
                        values[column - 1] = value
                    elif column == len(values) + 1:
                        values.append(value)
                for area in starts.get(number, ()):
                    if area[0] <= len(values) and values[area[0] - 1] is not None:
                        carried[area] = values[area[0] - 1]
                if any(value is not None and value != "" for value in values):
                    yield SheetRow(number, tuple(values), self.marks.links.get(number, {}))


@contextmanager
def opened_sheet(path: Path, wanted: str | None = None) -> Iterator[Sheet]:
    """Give the sheet named `wanted` (or of that number, from 1), else the first visible one that holds anything.

    Raises :class:`Unreadable` where the file is no workbook, is built to do harm, or has no such sheet.
    """
    _inspect(path)
    with path.open("rb") as file:  # by its name openpyxl would judge it
        with _understood():
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            with _understood():
                sheet = _sheet(book, wanted)
                sheet.reset_dimensions()  # what a file says of its own size is not to be relied on
                marks = _marks(book._archive, sheet._worksheet_path)
            yield Sheet(str(sheet.title), sheet, marks)
        finally:
            book.close()


def _sheet(book: Any, wanted: str | None) -> Any:
    sheets = book.worksheets
    if wanted is not None:
        for sheet in sheets:
            if sheet.title.strip() == wanted.strip():
                return sheet
        if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(sheets):
            return sheets[int(wanted) - 1]
        names = "、".join(sheet.title for sheet in sheets)
        raise Unreadable(f"没有工作表「{wanted}」，有：{names}", f"there is no sheet {wanted!r}; there are: {names}")
    for sheet in sheets:
        if sheet.sheet_state == "visible":
            sheet.reset_dimensions()
            if any(value not in (None, "") for row in sheet.iter_rows(values_only=True) for value in row):
                return sheet
    raise Unreadable("工作簿是空的", "the workbook is empty")


def is_workbook(path: Path) -> bool:
    """Tell whether a file is an XLSX workbook, by its parts."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _inspect(path: Path) -> None:
    """Refuse what would unpack without bound, and XML that declares entities."""
    with _understood(), zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise _bomb("解压后过大", "too large unpacked")
        for part in parts:
            # reading stops at the size that the archive declares, so that the declared sizes are the bound
            if part.file_size > _LARGE and part.file_size > MAX_RATIO * max(1, part.compress_size):
                raise _bomb(f"{part.filename} 压缩比异常", f"{part.filename} is packed too tightly")
            if part.filename.lower().endswith("sharedstrings.xml") and part.file_size > MAX_STRINGS:
                raise _bomb("共享字符串过大", "the shared strings are too large")
            if part.flag_bits & 1:
                raise Unreadable("工作簿已加密", "the workbook is encrypted")
            if part.filename.lower().endswith((".xml", ".rels")):
                with archive.open(part) as file:
                    _refuse_doctype(file, part.filename)


def _bomb(zh: str, en: str) -> Unreadable:
    return Unreadable(f"工作簿不可信：{zh}", f"the workbook is not to be trusted: {en}")


class _Begun(Exception):
    """The root element has begun: no document type can follow."""


def _refuse_doctype(file: IO[bytes], name: str) -> None:
    parser = expat.ParserCreate()

    def doctype(*_: Any) -> None:
        raise _bomb(f"{name} 含文档类型声明", f"{name} declares a document type")

    def begun(*_: Any) -> None:
        raise _Begun

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = begun
    try:
        while chunk := file.read(16_384):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except _Begun:
        return


def _marks(archive: zipfile.ZipFile, path: str) -> Marks:
    """Read a sheet once for its links (set on cells, or by the formula HYPERLINK), merged areas and rows."""
    marks = Marks()
    targets = _targets(archive, path)
    cell = ""
    formula: list[str] | None = None

    def link(reference: str, url: str) -> None:
        column, row, *_ = _area(reference)
        if len(marks.links) < _MAX_MARKS:
            marks.links.setdefault(row, {})[column] = url

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal cell, formula
        match name.rpartition("}")[2]:
            case "row":
                marks.rows += 1
                if not 0 < int(attributes.get("r", "1")) <= _ROWS:
                    raise _bomb("行号过大", "a row's number is too large")
            case "c":
                cell = attributes.get("r", "")
            case "f":
                formula = []
            case "hyperlink":
                ids = [value for key, value in attributes.items() if key.endswith("}id")]
                if ids and ids[0] in targets:
                    link(attributes.get("ref", ""), targets[ids[0]])
            case "mergeCell":
                area = _area(attributes.get("ref", ""))
                if area[3] > area[1] and len(marks.merged) < _MAX_MARKS:
                    marks.merged.append(area)

    def end(name: str) -> None:
        nonlocal formula
        if formula is not None and name.rpartition("}")[2] == "f":
            if cell and (found := _HYPERLINK.match("".join(formula))):
                link(cell, found[1])
            formula = None

    def characters(words: str) -> None:
        if formula is not None and len(formula) < 100:
            formula.append(words)

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    with archive.open(path) as file:
        while chunk := file.read(2**16):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    return marks


def _area(reference: str) -> tuple[int, int, int, int]:
    left, top, right, bottom = range_boundaries(reference)
    return left or 1, top or 1, right or 1, bottom or 1


def _targets(archive: zipfile.ZipFile, path: str) -> dict[str, str]:
    """Return the addresses that a sheet's relationships name, by their ids."""
    folder, _, name = path.rpartition("/")
    try:
        file = archive.open(f"{folder}/_rels/{name}.rels")
    except KeyError:
        return {}
    found: dict[str, str] = {}

    def start(_name: str, attributes: dict[str, str]) -> None:
        target = attributes.get("Target", "")
        if target.lower().startswith(("http://", "https://")):
            found[attributes.get("Id", "")] = target

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    with file:
        parser.Parse(file.read(), True)
    return found


@contextmanager
def _understood() -> Iterator[None]:
    """Turn what libraries raise on a broken workbook into :class:`Unreadable`."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        InvalidFileException,
        expat.ExpatError,
        ParseError,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        EOFError,
        NotImplementedError,
        SyntaxError,  # lxml's
    ) as error:
        raise Unreadable(
            f"工作簿损坏或不是 .xlsx：{type(error).__name__}: {error}",
            f"the workbook is broken or no .xlsx: {type(error).__name__}: {error}",
        ) from error
