"""Reading posts out of CSV, JSON Lines and XLSX files, a record at a time."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, Literal

from kit.tables import workbook
from kit.tables.text_lines import Lines, LineTooLong, check_start, encoding_of, is_gzip, opened
from kit.tables.unreadable import Unreadable
from services.ingest.imports import delimited, json_lines
from services.ingest.imports.columns import FIELDS, Column, known, read_columns
from services.ingest.imports.header import SEARCHED, header_of
from services.ingest.imports.reasons import Broken, Reason
from services.ingest.imports.refused import authors_of, by_column, by_place, without_author
from services.ingest.imports.rows import post_of, unexpected
from services.ingest.imports.values import is_address, is_nothing

Format = Literal["csv", "jsonl", "xlsx"]
#: What a file's name says that it holds.
_SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".xlsx": "xlsx", ".xlsm": "xlsx",
}  # fmt: skip
#: records after the header whose cells tell what the columns hold
_SAMPLE: Final = 200
#: the link of a row's title or text, where no column holds addresses; no column is called so
_LINK: Final = "\0link"
#: columns, and characters of the name of each, that a reason names
_NAMES: Final = 50
_LONGEST_NAME: Final = 30
#: bytes that tell whether a file is a text
_HEAD: Final = 2**20


class NoText(Unreadable):
    """No column holds the text."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to read a file: columns by field where their names are not understood, defaults, and which sheet."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    channel: str | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its number and last line in the file (from 1), the post or why it is none, the bytes read so far.

    Of one that is no post, `row` has the cells by column, else the line as it stands; its author's are left out, but
    nothing is masked yet.
    """

    number: int
    line: int
    post: dict[str, Any] | None
    problem: Reason | None
    position: int
    row: Mapping[str, Any] | str | None = None


@dataclass(slots=True)
class Found:
    """What a file turned out to be."""

    format: Format
    gzipped: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    columns: list[Column] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)


class PostFile:
    """A file of posts. `name` is what its sender calls it, where it lies under another.

    Looking at it (:meth:`look`) and reading it (:meth:`records`) raise :class:`Unreadable`, also half way through where
    an archive is broken, and OSError where the disk is.
    """

    def __init__(self, path: Path, options: Options | None = None, *, name: str | None = None) -> None:
        self.path, self._options = path, options or Options()
        self.size = path.stat().st_size
        self._name = (name if name is not None else path.name).lower()
        self._defaults = {
            key: value for key in ("source", "channel") if (value := getattr(self._options, key)) is not None
        }
        self._found: Found | None = None
        #: the number of the line that the header ends on
        self._header_line = 0
        self._names: list[str] = []
        self._by_keys: dict[tuple[str, ...], dict[str, str]] = {}

    @staticmethod
    def supports(name: str) -> bool:
        """Tell whether a file of this name may be read; one without an ending is known by its content."""
        return Path(name.lower().removesuffix(".gz")).suffix in ("", *_SUFFIXES)

    def look(self) -> Found:
        """Find out what the file is and which column fills which field; read once, from its start."""
        if self._found is None:
            unknown = sorted(set(self._options.mapping) - set(FIELDS))
            if unknown:
                raise Unreadable(
                    f"没有字段 {unknown[0]}，可用：{'、'.join(FIELDS)}",
                    f"there is no field {unknown[0]}; there are: {', '.join(FIELDS)}",
                )
            with _whole():
                found = self._what()
                look = {"csv": self._look_at_table, "jsonl": self._look_at_objects, "xlsx": self._look_at_sheet}
                look[found.format](found)
            self._found = found
        return self._found

    def records(self, skip: int = 0) -> Iterator[Record]:
        """Yield the records after the first `skip`, in order."""
        found = self.look()
        read = {"csv": self._table_records, "jsonl": self._object_records, "xlsx": self._sheet_records}
        with _whole():
            for number, (line, cells, position) in enumerate(read[found.format](found), start=1):
                if number <= skip:
                    continue
                if isinstance(cells, Broken):
                    yield Record(number, line, None, cells.reason, position, self._row(found, cells))
                else:
                    post, problem = self._post(found, cells)
                    row = None if post is not None else by_column(cells, authors_of(found.columns))
                    yield Record(number, line, post, problem, position, row)

    def check_start(self) -> None:
        """Raise :class:`Unreadable` where the file's first bytes show that it is not what its name says."""
        with _whole():
            if self._kind()[2] is None:
                with opened(self.path) as (_, plain):
                    check_start(head := plain.read1(_HEAD))
                _refuse_page(head.decode("utf-8", "replace"))

    def _post(self, found: Found, cells: Mapping[str, Any]) -> tuple[dict[str, Any] | None, Reason | None]:
        try:
            fields = self._fields(found, cells)
        except Exception as error:
            return None, unexpected(error)
        return post_of(fields, self._defaults)

    def _row(self, found: Found, broken: Broken) -> Mapping[str, Any] | str | None:
        if broken.cells:
            return by_place(broken.cells, self._names, authors_of(found.columns))
        return without_author(broken.line) or None

    def _kind(self) -> tuple[Format | None, bool, Found | None]:
        """Return what the name says, whether the file is gzipped, and what it is where that is a workbook."""
        stem = self._name.removesuffix(".gz")
        suffix = Path(stem).suffix
        said = _SUFFIXES.get(suffix)
        if not self.supports(self._name):
            raise Unreadable(
                f"只支持 .csv、.jsonl、.xlsx（前两种可加 .gz），不支持 {suffix}",
                f"only .csv, .jsonl and .xlsx (the first two optionally .gz), not {suffix}",
            )
        if self.size == 0:
            raise Unreadable("文件是空的", "the file is empty")
        gzipped = is_gzip(self.path)
        if not gzipped and workbook.is_workbook(self.path):
            return said, False, Found("xlsx", notes=_differs(said, "xlsx", self._name))
        if self._name.endswith(".gz") and not gzipped:
            raise Unreadable("文件名以 .gz 结尾，却不是 gzip 压缩文件", "named .gz, but Not a gzipped file")
        if said == "xlsx":
            with self.path.open("rb") as file:
                told = (
                    "旧版 .xls 或加密的工作簿，请另存为 .xlsx" if file.read(4) == b"\xd0\xcf\x11\xe0" else "并非工作簿"
                )
            raise Unreadable(
                f"文件不是 .xlsx：{told}", "the file is no .xlsx (an old .xls, encrypted, or something else)"
            )
        return said, gzipped, None

    def _what(self) -> Found:
        said, gzipped, found = self._kind()
        if found is not None:
            return found
        encoding = encoding_of(self.path)
        start = self._start(encoding)
        _refuse_page(start)
        content: Format = said or ("jsonl" if start.startswith(("{", "[")) else "csv")
        return Found(content, gzipped, encoding)

    def _start(self, encoding: str) -> str:
        with opened(self.path) as (_, plain):
            return plain.read1(4096).decode(encoding, "replace").lstrip("\ufeff \t\r\n")

    def _look_at_table(self, found: Found) -> None:
        with self._lines(found) as (lines, _):
            found.delimiter = delimited.delimiter_of(_some(lines, 60))
        with self._lines(found) as (lines, _):
            kept = list(islice(delimited.rows(lines, found.delimiter), SEARCHED + _SAMPLE))
        rows = [(line, cells) for line, cells in kept if not isinstance(cells, Broken)]
        before = self._find_header([cells for _, cells in rows])
        self._header_line = rows[before - 1][0] if before else 0
        self._choose(found, [self._by_name(cells) for _, cells in rows[before:]])

    def _look_at_sheet(self, found: Found) -> None:
        with workbook.opened_sheet(self.path, self._options.sheet) as sheet:
            found.sheet = sheet.name
            rows = list(islice(sheet.rows(), SEARCHED + _SAMPLE))
        before = self._find_header([row.values for row in rows])
        self._header_line = rows[before - 1].number if before else 0
        self._choose(found, [self._with_links(row) for row in rows[before:]])

    def _look_at_objects(self, found: Found) -> None:
        with self._lines(found) as (lines, _):
            samples = [row for _, row in islice(json_lines.rows(lines), _SAMPLE) if not isinstance(row, Broken)]
        names = list(dict.fromkeys(chain.from_iterable(samples)))
        found.columns = read_columns(names, samples, self._options.mapping)
        # objects need not be alike: what one calls text another may call content
        told = {name: column for row in samples for name, column in self._object_fields(found, row).items()}
        found.columns = [
            column if column.field or column.name not in told else Column(column.name, told[column.name], "name")
            for column in found.columns
        ]
        if samples:
            _check_text(found.columns)

    def _find_header(self, rows: list[Any]) -> int:
        widths = [len(row) for row in rows]
        width = max(set(widths), key=lambda one: (widths.count(one), one), default=0)
        header = header_of(rows, width, list(self._options.mapping.values()))
        self._names = header.names
        return header.before

    def _choose(self, found: Found, samples: list[dict[str, Any]]) -> None:
        for column in self._options.mapping.values():
            if column not in self._names:
                zh, en = _there_are(self._names)
                raise Unreadable(f"没有列「{column}」，{zh}", f"there is no column {column!r}; {en}")
        found.columns = read_columns(self._names, samples, self._options.mapping)
        _check_text(found.columns)

    def _fields(self, found: Found, cells: Mapping[str, Any]) -> dict[str, Any]:
        if found.format == "jsonl":
            return {field: cells[name] for name, field in self._object_fields(found, cells).items()}
        fields = {column.field: cells.get(column.name) for column in found.columns if column.field}
        return {"url": cells[_LINK], **fields} if _LINK in cells else fields

    def _object_fields(self, found: Found, row: Mapping[str, Any]) -> dict[str, str]:
        """Return which field each name of an object fills; only names that hold something are asked."""
        names = tuple(name for name, value in row.items() if not is_nothing(value))
        known = self._by_keys.get(names)
        if known is None:
            guessed = {
                column.field: column.name
                for column in found.columns
                if column.field and column.by in ("chosen", "content") and column.name in names
            }
            known = {column.name: column.field for column in read_columns(names, [row], guessed) if column.field}
            if len(self._by_keys) < 10_000:
                self._by_keys[names] = known
        return known

    def _by_name(self, cells: list[str]) -> dict[str, Any]:
        return dict(zip(self._names, cells, strict=False))

    def _with_links(self, row: workbook.SheetRow) -> dict[str, Any]:
        """Return a row's cells by name; a linked cell that shows no address is its link, where it may be."""
        cells = dict(zip(self._names, row.values, strict=False))
        columns = self._found.columns if self._found else []
        named = {column.field: column.name for column in columns if column.field}
        for place, url in row.links.items():
            name = self._names[place - 1] if place <= len(self._names) else None
            if name is None:
                continue
            if name == named.get("url") or (
                not named and not is_address(cells.get(name)) and len(str(cells.get(name))) < 8
            ):
                cells[name] = url
            elif "url" in named and is_nothing(cells.get(named["url"])):
                cells[named["url"]] = url
            elif "url" not in named and name in (named.get("title"), named.get("text")):
                cells[_LINK] = url
        return cells

    @contextmanager
    def _lines(self, found: Found) -> Iterator[tuple[Lines, Any]]:
        with opened(self.path) as (raw, plain):
            lines = Lines(plain, found.encoding or "utf-8-sig")
            try:
                yield lines, raw
            finally:
                lines.detach()

    def _table_records(self, found: Found) -> Iterator[tuple[int, dict[str, Any] | Broken, int]]:
        with self._lines(found) as (lines, raw):
            for line, cells in delimited.rows(lines, found.delimiter or ",", len(self._names)):
                if line > self._header_line:
                    yield line, cells if isinstance(cells, Broken) else self._by_name(cells), raw.tell()

    def _object_records(self, found: Found) -> Iterator[tuple[int, dict[str, Any] | Broken, int]]:
        with self._lines(found) as (lines, raw):
            for line, cells in json_lines.rows(lines):
                yield line, cells, raw.tell()

    def _sheet_records(self, found: Found) -> Iterator[tuple[int, dict[str, Any] | Broken, int]]:
        with workbook.opened_sheet(self.path, self._options.sheet) as sheet:
            rows = max(1, sheet.marks.rows)
            for count, row in enumerate(sheet.rows(), start=1):
                if row.number > self._header_line:
                    yield row.number, self._with_links(row), min(self.size, self.size * count // rows)


def _check_text(columns: list[Column]) -> None:
    if not any(column.field in ("text", "title") for column in columns):
        zh, en = _there_are([column.name for column in columns])
        raise NoText(f"没有正文列，{zh}", f"no column holds the text; {en}")


def _there_are(names: Sequence[str]) -> tuple[str, str]:
    """Say in both languages which columns there are; where no name is known, it may be somebody's data: not quoted."""
    if not any(known(name) for name in names):
        return f"共 {len(names)} 列，列名均不认识", f"there are {len(names)} columns, none with a name that is known"
    some = [name[:_LONGEST_NAME] for name in names[:_NAMES]]
    over = "…" if len(names) > len(some) else ""
    return f"有：{'、'.join(some)}{over}", f"there are: {', '.join(some)}{over}"


def _refuse_page(start: str) -> None:
    if start.lstrip("\ufeff \t\r\n")[:200].lower().startswith(("<!doctype", "<html", "<?xml", "<table")):
        raise Unreadable("文件是网页（HTML/XML），不是表格", "the file is HTML or XML, no table")


def _differs(said: Format | None, is_: Format, name: str) -> list[Reason]:
    if said in (None, is_):
        return []
    return [Reason(f"文件名 {name} 与内容不符，按 {is_} 读取", f"{name} is not what its name says; read as {is_}")]


def _some(lines: Lines, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        try:
            found.append(next(lines))
        except LineTooLong:
            continue
        except StopIteration:
            break
    return found


@contextmanager
def _whole() -> Iterator[None]:
    """Turn what a broken archive raises into :class:`Unreadable`."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Unreadable(f"压缩文件损坏：{error}", f"the archive is broken: {error}") from error
