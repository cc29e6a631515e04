"""Records of CSV files: the delimiter found, and a stray quote never swallowing the records after it."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Final

from kit.tables.text_lines import MAX_LINE, Lines, LineTooLong
from services.ingest.imports.columns import known
from services.ingest.imports.reasons import Broken, Reason

DELIMITERS: Final = (",", "\t", ";", "，", "|")
#: characters of one record, over all its lines; a post's text has at most 100,000
_MAX_RECORD: Final = 500_000
_SAMPLE: Final = 40

#: A record's last line, and its cells or why it is none.
Row = tuple[int, "list[str] | Broken"]


def delimiter_of(lines: list[str]) -> str:
    """Return the delimiter that parts the first lines best; the comma where none does.

    That is the one under which most columns' names are known, then the one that makes most columns, alike in most.
    """
    best, most = ",", (0, 1.0)
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter)
        try:
            rows = [row for row in islice(reader, _SAMPLE) if any(row)]
        except csv.Error:
            continue
        if not rows:
            continue
        widths = [len(row) for row in rows]
        common = max(set(widths), key=widths.count)
        names = max(sum(known(cell) is not None for cell in row) for row in rows)
        score = names, common * widths.count(common) / len(widths)
        if common > 1 and score > most:
            best, most = delimiter, score
    return best


class _Source:
    """Lines for :mod:`csv`, with those of the record at hand kept, so that they can be read anew."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._again: deque[tuple[int, str]] = deque()
        self.record: list[tuple[int, str]] = []
        self._size = 0
        self.number = 0
        self.ended = False

    def __iter__(self) -> _Source:
        return self

    def __next__(self) -> str:
        if self._size > _MAX_RECORD:
            raise csv.Error("the record is too long")
        if self._again:
            self.number, line = self._again.popleft()
        else:
            try:
                line = next(self._lines)
            except StopIteration:
                self.ended = True
                raise
            finally:
                self.number = self._lines.number
        self.record.append((self.number, line))
        self._size += len(line)
        return line

    def begin(self) -> None:
        """Begin a record."""
        self.record, self._size = [], 0

    def give_back(self) -> tuple[int, str]:
        """Take back all lines of the record but the first, to be read anew; returns the first and its number."""
        first, *rest = self.record
        self._again.extendleft(reversed(rest))
        self.ended = False
        self.begin()
        return first


def rows(lines: Lines, delimiter: str, width: int | None = None) -> Iterator[Row]:
    """Yield the records of a CSV text. Empty lines are passed over.

    A quote that is never closed costs its own line alone: a record that does not end, or that spans lines and has more
    than `width` cells, is given up at its first line, and reading goes on at the second.
    """
    csv.field_size_limit(MAX_LINE)
    source = _Source(lines)
    # strict, so that a quote that closes in the middle of a later line is noticed
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        source.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except LineTooLong:
            yield source.number, Broken(Reason("一行过长", f"a line has more than {MAX_LINE:,} characters"))
            continue
        except csv.Error:
            if len(source.record) > 1 or source.ended:
                yield _unclosed(source.give_back(), delimiter)
                continue
            # a quote within a text costs nothing
            cells = next(csv.reader([source.record[0][1]], delimiter=delimiter))
        if len(source.record) > 1 and width is not None and _filled(cells) > width:
            yield _unclosed(source.give_back(), delimiter)
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if width is not None and _filled(cells) > width:
            yield (
                source.number,
                Broken(
                    Reason(
                        f"有 {len(cells)} 列，表头只有 {width} 列（正文含分隔符时须加引号）",
                        f"has {len(cells)} columns, the header {width} (a text with delimiters needs quotes)",
                    ),
                    cells,
                ),
            )
            continue
        yield source.number, cells


_UNCLOSED: Final = Reason("引号没有配对", "a quote is not closed")


def _unclosed(first: tuple[int, str], delimiter: str) -> Row:
    number, line = first
    return number, Broken(_UNCLOSED, [cell.strip('" \t\r\n') for cell in line.split(delimiter)])


def _filled(cells: list[str]) -> int:
    """Return how many cells there are, empty ones at the end not counted."""
    count = len(cells)
    while count and not cells[count - 1].strip():
        count -= 1
    return count
