"""Files of contacts as tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from contracts.words import Role
from kit.tables.unreadable import Unreadable
from services.notify.people.sheet import parse_quiet_hours, parse_roles, read_sheet
from services.notify.people.written import template_file
from services.notify.ways import ChannelName


def test_a_text_with_titles_above_its_header_in_the_encoding_of_an_old_office(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(
        "联络网,,,\n,,,\n姓名*,单 位,邮箱,渠道1,地址1\n张三,,甲,邮件,'+86\n\n李四,澜沧县,,,\n".encode("gb18030")
    )
    sheet = read_sheet(path)
    assert sheet.ignored == ["单 位", "邮箱"]
    assert [(line.number, line.cells, line.ways) for line in sheet.lines] == [
        (4, {"name": "张三"}, [{"channel": "邮件", "address": "+86"}]),
        (6, {"name": "李四"}, []),
    ]


def test_a_workbook_with_numbers_and_gaps(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["姓名", "渠道2", "地址2", "渠道1", "地址1", "启用"])
    book.active.append(["张三", "webhook", "b", "email", 13800000000.0, True])
    book.active.append([])
    book.active.append(["李四", None, None, "log", None, None])
    path = tmp_path / "a.xlsx"
    book.save(path)
    lines = read_sheet(path).lines
    assert [(line.number, line.cells) for line in lines] == [
        (2, {"name": "张三", "enabled": "是"}),
        (4, {"name": "李四"}),
    ]
    assert lines[0].ways == [{"channel": "email", "address": "13800000000"}, {"channel": "webhook", "address": "b"}]


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"%PDF-1.7", b"\x00\x01", '姓名,单位\n"张三,x\n'.encode()])
def test_what_is_no_file_of_contacts_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(Unreadable):
        read_sheet(path)


def test_roles_and_quiet_hours_as_people_write_them() -> None:
    assert parse_roles("办公室、县（区）联络员, expert") == [Role.OFFICE, Role.COUNTY, Role.EXPERT]
    with pytest.raises(ValueError, match="皇帝"):
        parse_roles("皇帝")
    (night, weekend) = parse_quiet_hours("22:00至07:00；周六天 00:00-24:00")
    assert (night.start, night.end, weekend.weekdays) == ("22:00", "07:00", (6, 7))
    for wrong in ("晚上", "每天 22-7", "每天 25:00-07:00", "周八 22:00-07:00"):
        with pytest.raises(ValueError, match="静默时段"):
            parse_quiet_hours(wrong)


def test_the_template_is_a_file_of_no_contacts(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(template_file({ChannelName.EMAIL: "邮件", ChannelName.LOG: "运行日志"}))
    sheet = read_sheet(path)
    assert (sheet.lines, sheet.ignored) == ([], [])
    notes = load_workbook(path)["填写说明"]
    assert "邮件、运行日志" in "".join(str(row[1]) for row in notes.iter_rows(values_only=True))
