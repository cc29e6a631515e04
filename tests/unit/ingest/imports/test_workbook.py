"""Workbooks: what people make of them, and what is built to do harm."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from kit.tables import workbook
from kit.tables.unreadable import Unreadable
from services.ingest.imports.reading import Options, PostFile

_SHEET = "xl/worksheets/sheet1.xml"


def saved(folder: Path, fill: Callable[[Worksheet, Workbook], Any]) -> Path:
    book = Workbook()
    fill(book.active, book)
    path = folder / "a.xlsx"
    book.save(path)
    return path


def posts(path: Path, **options: Any) -> list[Any]:
    return [record.post for record in PostFile(path, Options(**options)).records()]


def rewritten(path: Path, change: Callable[[str, bytes], bytes], more: dict[str, bytes] | None = None) -> Path:
    out = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return out


def plain(folder: Path) -> Path:
    def fill(sheet: Worksheet, _: Workbook) -> None:
        sheet.append(["正文", "链接"])
        sheet.append(["库区移民", "https://a.example.com/1"])

    return saved(folder, fill)


def test_dates_numbers_links_and_merged_cells(tmp_path: Path) -> None:
    def fill(sheet: Worksheet, _: Workbook) -> None:
        sheet.append(["一周舆情"])
        sheet.merge_cells("A1:F1")
        sheet.append(["媒体名称", "正文", "发布时间", "查看", "互动", None])
        sheet.append([None, None, None, None, "转发数", "点赞数"])
        sheet.merge_cells("E2:F2")
        sheet.append(["普洱日报", "库区移民", datetime(2026, 1, 2, 3, 4), "点此查看", "1.2万", 3])
        sheet.append([None, "安置房", 46024.5, "点此查看", None, 4.0])
        sheet.merge_cells("A4:A5")
        sheet.append([None, "补偿款", "2026年1月3日", '=HYPERLINK("https://a.example.com/3","看")', None, None])
        sheet["D4"].hyperlink = "https://a.example.com/1"
        sheet["D5"].hyperlink = "https://a.example.com/2"

    found = posts(saved(tmp_path, fill))
    assert found == [
        {
            "source": "普洱日报",
            "text": "库区移民",
            "published_at": "2026-01-02T03:04:00",
            "url": "https://a.example.com/1",
            "metrics": {"reposts": 12_000, "likes": 3},
        },
        {
            "source": "普洱日报",
            "text": "安置房",
            "published_at": "2026-01-02T12:00:00",
            "url": "https://a.example.com/2",
            "metrics": {"likes": 4},
        },
        {"text": "补偿款", "published_at": "2026-01-03T00:00:00", "url": "https://a.example.com/3"},
    ]


def test_the_first_sheet_with_anything_or_the_one_that_is_named(tmp_path: Path) -> None:
    def fill(sheet: Worksheet, book: Workbook) -> None:
        sheet.title = "空"
        hidden = book.create_sheet("隐藏")
        hidden.sheet_state = "hidden"
        for name in ("隐藏", "一月", "二月"):
            one = hidden if name == "隐藏" else book.create_sheet(name)
            one.append(["正文"])
            one.append([f"{name}的帖子"])

    path = saved(tmp_path, fill)
    assert posts(path) == [{"text": "一月的帖子"}]
    assert posts(path, sheet="二月") == posts(path, sheet="4") == [{"text": "二月的帖子"}]
    assert posts(path, sheet="隐藏") == [{"text": "隐藏的帖子"}]
    with pytest.raises(Unreadable, match="no sheet '三月'"):
        posts(path, sheet="三月")
    with pytest.raises(Unreadable, match="empty"):
        posts(saved(tmp_path, lambda *_: None))


def test_formulas_give_what_was_computed_and_never_run(tmp_path: Path) -> None:
    path = plain(tmp_path)
    cached = rewritten(
        path,
        lambda name, content: (
            content.replace(
                b"</sheetData>", b'<row r="3"><c r="A3" t="str"><f>A2&amp;"!"</f><v>A!</v></c></row></sheetData>'
            )
            if name == _SHEET
            else content
        ),
    )
    assert posts(cached)[1] == {"text": "A!"}


def test_a_workbook_under_another_name_is_read_and_noted(tmp_path: Path) -> None:
    path = plain(tmp_path).rename(tmp_path / "a.csv")
    file = PostFile(path)
    assert file.look().format == "xlsx"
    assert [note.en for note in file.look().notes] == ["a.csv is not what its name says; read as xlsx"]


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = plain(tmp_path)
    zeros = rewritten(path, lambda _, content: content, {"xl/media/a.xml": b" " * 8 * 2**20})
    with pytest.raises(Unreadable, match="packed too tightly"):
        posts(zeros)
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 1000)
    with pytest.raises(Unreadable, match="too large unpacked"):
        posts(path)


def test_row_numbers_without_end_are_refused(tmp_path: Path) -> None:
    path = rewritten(
        plain(tmp_path),
        lambda name, content: content.replace(b'<row r="2"', b'<row r="99999999999"') if name == _SHEET else content,
    )
    with pytest.raises(Unreadable, match="row's number"):
        posts(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("part", [_SHEET, "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"])
def test_entities_are_refused_in_every_part(tmp_path: Path, part: str, encoding: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("HOST-SECRET")

    def change(name: str, content: bytes) -> bytes:
        if name != part:
            return content
        body = content.decode().partition("?>")[2] if content.startswith(b"<?xml") else content.decode()
        head = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
        return (head + body.replace("库区移民", "&e;")).encode(encoding)

    with pytest.raises(Unreadable, match="document type"):
        posts(rewritten(plain(tmp_path), change))


def test_broken_workbooks_are_told(tmp_path: Path) -> None:
    path = plain(tmp_path)
    cut = rewritten(path, lambda name, content: content[: len(content) // 2] if name == _SHEET else content)
    with pytest.raises(Unreadable, match="broken"):
        posts(cut)
    none = tmp_path / "b.xlsx"
    none.write_bytes(path.read_bytes()[:500])
    with pytest.raises(Unreadable, match=r"no \.xlsx"):
        posts(none)


def test_progress_goes_up_to_the_file_s_size(tmp_path: Path) -> None:
    def fill(sheet: Worksheet, _: Workbook) -> None:
        sheet.append(["正文"])
        for number in range(100):
            sheet.append([f"第{number}条"])

    path = saved(tmp_path, fill)
    records = list(PostFile(path).records(skip=40))
    assert [record.number for record in records] == list(range(41, 101))
    assert records[0].line == 42
    positions = [record.position for record in records]
    assert positions == sorted(positions)
    assert positions[-1] == path.stat().st_size
