"""Workbooks read back with openpyxl: values, looks, limits, and hand-over between writers."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from kit.tables.cells import Cell, Heading, Kind
from services.analysis.exports.workbook import CELL, MARK, SheetLimits, XlsxWriter, letters, serial, shortened
from services.analysis.exports.writing import PIECE, About, Piece

AT = datetime(2026, 3, 2, tzinfo=UTC)
HEADINGS = [
    Heading("标题", Kind.TEXT, 36),
    Heading("时间（北京时间）", Kind.TIME, 20),
    Heading("阅读", Kind.WHOLE, 10),
    Heading("得分", Kind.DECIMAL, 10),
    Heading("占比", Kind.SHARE, 10),
]
ABOUT = About("说明", [("内容", "信息"), ("行数", 2), ("导出人", "=张三"), ("完成时间", AT)])


def written(lines: list[list[Cell]], every: int = 2, **limits: int) -> tuple[bytes, XlsxWriter]:
    """Return the file of rows, each `every` of which a new writer goes on with."""
    bounds = SheetLimits(**limits)
    pieces: list[Piece] = []
    writer = XlsxWriter(HEADINGS, "信息", AT, limits=bounds)
    for start in range(0, len(lines), every):
        pieces += writer.add(lines[start : start + every])
        writer = XlsxWriter(HEADINGS, "信息", AT, json.loads(json.dumps(writer.state())), bounds)
    pieces += writer.finish(ABOUT)
    assert sorted(number for number, _ in pieces) == list(range(writer.pieces))
    assert max(len(data) for _, data in pieces) <= PIECE
    whole = b"".join(data for _, data in sorted(pieces))
    assert len(whole) == writer.size
    return whole, writer


def book(file: bytes) -> Any:
    """Return a file as openpyxl reads it."""
    return load_workbook(io.BytesIO(file))


def test_cells_have_their_types_and_looks() -> None:
    at = datetime(2026, 3, 1, 23, 30, 5, tzinfo=UTC)
    file, writer = written([['安置房 <漏水> & "两个月"\n无人维修 ', at, 12_345, -0.25, 0.5], ["", None, 0, 0.0, None]])
    read = book(file)
    assert read.sheetnames == ["信息", "说明"]
    sheet = read["信息"]
    assert [cell.value for cell in sheet[1]] == [heading.name for heading in HEADINGS]
    assert [cell.value for cell in sheet[2]] == [
        '安置房 <漏水> & "两个月"\n无人维修 ',
        datetime(2026, 3, 2, 7, 30, 5),
        12_345,
        -0.25,
        0.5,
    ]
    assert [cell.value for cell in sheet[3]][:4] == [None, None, 0, 0]
    assert [cell.number_format for cell in sheet[2]][1:] == ["yyyy\\-mm\\-dd\\ hh:mm:ss", "General", "0.000", "0.0%"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:E3"
    assert sheet["A1"].font.bold
    assert sheet.column_dimensions["A"].width == 36
    about = {row[0].value: row[1].value for row in read["说明"].iter_rows(min_row=2)}
    assert about == {"内容": "信息", "行数": 2, "导出人": "=张三", "完成时间": datetime(2026, 3, 2, 8)}
    assert read["说明"]["A1"].value == "说明"
    assert (writer.sheets, writer.cut) == (1, 0)


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x.example")'])
def test_no_text_is_a_formula_even_when_it_is_edited(text: str) -> None:
    cell = book(written([[text, None, None, None, None]])[0])["信息"]["A2"]
    assert cell.value == text
    assert cell.data_type != "f"
    assert cell.quotePrefix


def test_a_text_longer_than_a_cell_is_cut_with_a_mark() -> None:
    whole, long, wide = "水" * CELL, "水" * (CELL + 1), "😀" * (CELL // 2 + 1)
    file, writer = written([[text, None, None, None, None] for text in (whole, long, wide)])
    column = [row[0].value for row in book(file)["信息"].iter_rows(min_row=2)]
    assert column[0] == whole
    assert column[1] == "水" * (CELL - len(MARK)) + MARK
    assert column[2].endswith("😀" + MARK)
    assert all(len(text.encode("utf-16-le")) // 2 <= CELL for text in column)
    assert writer.cut == 2


@given(st.integers(CELL - 30, CELL + 5), st.text(st.sampled_from("水😀a"), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_a_cut_never_parts_a_character(before: int, after: str) -> None:
    text = "水" * before + after
    short = shortened(text)
    assert len(short.encode("utf-16-le")) // 2 <= CELL
    assert text.startswith(short.removesuffix(MARK))


def test_rows_beyond_a_sheet_go_on_in_another() -> None:
    rows: list[list[Cell]] = [[f"第{n}条", None, n, None, None] for n in range(10)]
    file, writer = written(rows, every=3, rows=5)
    read = book(file)
    assert read.sheetnames == ["信息", "信息 2", "信息 3", "说明"]
    assert writer.sheets == 3
    found = []
    for name in read.sheetnames[:-1]:
        sheet = read[name]
        assert sheet.max_row <= 5
        assert sheet["A1"].value == "标题"
        assert sheet.auto_filter.ref == f"A1:E{sheet.max_row}"
        found += [row[2].value for row in sheet.iter_rows(min_row=2)]
    assert found == list(range(10))


def test_a_sheet_keeps_clear_of_what_an_archive_can_hold() -> None:
    rows: list[list[Cell]] = [["水" * 1000, None, n, None, None] for n in range(20)]
    read = book(written(rows, every=20, bytes=12_000)[0])
    assert len(read.sheetnames) > 3
    found = [row[2].value for name in read.sheetnames[:-1] for row in read[name].iter_rows(min_row=2)]
    assert found == list(range(20))


def test_what_xml_cannot_say() -> None:
    texts = ["a\x00b\x0bc\ufffe", "一\r\n二\r三", "_x000D_ _x", "]]>"]
    file = written([[text, None, None, None, None] for text in texts])[0]
    column = [row[0].value for row in book(file)["信息"].iter_rows(min_row=2)]
    assert column[0] == "abc"
    assert column[1] == "一\n二\n三"
    assert column[3] == "]]>"
    assert b"_x005F_x000D_ _x" in _sheet(file), "Excel would read it as a line end"


def test_a_workbook_without_rows() -> None:
    read = book(written([])[0])
    assert read["信息"].max_row == 1
    assert read["信息"].auto_filter.ref == "A1:E1"


def test_the_names_of_columns_and_the_numbers_of_days() -> None:
    assert [letters(index) for index in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
    assert serial(datetime(2026, 3, 1, 16, tzinfo=UTC)) == 46083.0  # 2026-03-02 00:00 in Shanghai


def _sheet(file: bytes) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return archive.read("xl/worksheets/sheet1.xml")
