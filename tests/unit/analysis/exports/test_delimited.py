"""CSV for Excel: byte order mark, CRLF, nothing that runs."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.tables.cells import Cell, Heading, Kind
from services.analysis.exports.delimited import CsvWriter
from services.analysis.exports.writing import PIECE, About

HEADINGS = [Heading("标题", Kind.TEXT, 10), Heading("数", Kind.WHOLE, 10)]
ABOUT = About("说明", [])

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\r\n"), max_size=40)


def file_of(rows: list[list[Cell]], every: int = 2) -> bytes:
    """Return the file of rows, each `every` of which a new writer goes on with."""
    writer, pieces = CsvWriter(HEADINGS), []
    for start in range(0, len(rows), every):
        writer = CsvWriter(HEADINGS, json.loads(json.dumps(writer.state()))) if start else writer
        pieces += writer.add(rows[start : start + every])
    pieces += writer.finish(ABOUT)
    assert [number for number, _ in pieces] == list(range(writer.pieces))
    whole = b"".join(data for _, data in pieces)
    assert len(whole) == writer.size
    return whole


def read(file: bytes) -> list[list[str]]:
    """Return the cells of a CSV file."""
    assert file.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))


def test_a_file_is_as_excel_wants_it() -> None:
    at = datetime(2026, 3, 1, 23, 30, 5, tzinfo=UTC)
    file = file_of([['安置房,"漏水"\n两个月', 3], [at, -0.5], [None, 0]])
    assert file.decode() == ('\ufeff标题,数\r\n"安置房,""漏水""\n两个月",3\r\n2026-03-02 07:30:05,-0.5\r\n,0\r\n')


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_text_runs_as_a_formula(start: str) -> None:
    ((_, _), (shown, number)) = read(file_of([[f"{start}HYPERLINK(1)", -1]]))
    assert shown == f"'{start}HYPERLINK(1)"
    assert number == "-1", "numbers of ours are none"


@given(st.lists(texts, max_size=7))
def test_every_text_comes_back_but_for_the_apostrophe(given_texts: list[str]) -> None:
    rows = read(file_of([[text, index] for index, text in enumerate(given_texts)]))
    assert rows[0] == ["标题", "数"]
    for text, row in zip(given_texts, rows[1:], strict=True):
        assert row[0] in (text, f"'{text}")
        assert (row[0] != text) == text.startswith(tuple("=+-@\t\r\n＝＋－＠"))


def test_control_characters_go_and_pieces_are_small() -> None:
    assert read(file_of([["水\x00库\x1b", 1]]))[1][0] == "水库"
    writer = CsvWriter(HEADINGS)
    pieces = writer.add([["水" * 20_000, 1]] * 60)
    assert len(pieces) == 4
    assert max(len(data) for _, data in pieces) <= PIECE


def test_without_rows_there_is_a_heading() -> None:
    assert read(file_of([])) == [["标题", "数"]]
