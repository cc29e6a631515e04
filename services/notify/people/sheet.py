"""Files of contacts as tables: their columns, what stands in their cells, and how both are written."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from contracts.words import Role
from kit.tables import text_lines, workbook
from kit.tables.cells import looks_like_formula
from kit.tables.unreadable import Unreadable
from services.notify.people.quiet import QuietWindow
from services.notify.recipients import ROLE_NAMES

#: bytes and rows that a file may have
MAX_BYTES: Final = 5 * 2**20
MAX_ROWS: Final = 5_000
#: rows among which the header is looked for
_SEARCHED: Final = 10
#: what empties a field; an empty cell leaves it as it is
CLEAR: Final = "-"

#: what the columns are called, the first as they are written
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("姓名", "联络员", "name"),
    "username": ("登录名", "用户名", "账号", "username"),
    "unit": ("单位", "所在单位", "unit"),
    "roles": ("角色", "roles"),
    "language": ("语言", "language"),
    "quiet_hours": ("静默时段", "quiet_hours"),
    "enabled": ("启用", "enabled"),
}
WAY_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "channel": ("渠道", "channel"),
    "address": ("地址", "address"),
    "secret": ("密钥", "secret"),
}
YES_NO: Final = {"是": True, "yes": True, "true": True, "1": True, "否": False, "no": False, "false": False, "0": False}
LANGUAGES: Final = {"中文": "zh", "zh": "zh", "英文": "en", "en": "en"}
_ROLES: Final = {word: role for role, name in ROLE_NAMES.items() for word in (name, role.value)}
_FIELDS: Final = {name: key for key, names in COLUMNS.items() for name in names}
_WAY_FIELDS: Final = {name: key for key, names in WAY_COLUMNS.items() for name in names}
_NUMBERED: Final = re.compile(r"(\D+?)(\d{1,2})")
_WINDOW: Final = re.compile(r"(每天|周([一二三四五六日天]+))?(\d\d:\d\d)[-–—~至](\d\d:\d\d)")
_DAYS: Final = {sign: number for number, sign in enumerate("一二三四五六日", start=1)} | {"天": 7}
_SEPARATORS: Final = re.compile(r"[、,，;；/\s]+")


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of the file: its number from 1, its cells by field, and its ways in order, by field."""

    number: int
    cells: dict[str, str] = field(default_factory=dict)
    ways: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """A file of contacts, and the columns of it that mean nothing here."""

    lines: list[SheetLine]
    ignored: list[str]


def read_sheet(path: Path) -> ContactSheet:
    """Read a CSV or XLSX file of contacts. Raises :class:`Unreadable` where it is none, or is too long."""
    rows = _workbook_rows(path) if workbook.is_workbook(path) else _text_rows(path)
    header: list[str] | None = None
    lines: list[SheetLine] = []
    for looked, (number, cells) in enumerate(rows):
        if header is None:
            if any(_FIELDS.get(_key(cell)) == "name" for cell in cells):
                header = cells
            elif looked >= _SEARCHED:
                break
            continue
        if len(lines) >= MAX_ROWS:
            raise Unreadable(f"文件超过 {MAX_ROWS} 行", f"the file has more than {MAX_ROWS} rows")
        lines.append(_line(number, header, cells))
    if header is None:
        raise Unreadable("找不到表头：须有“姓名”一列", "there is no header: a column 姓名 (name) is wanted")
    known = [cell for cell in header if _FIELDS.get(_key(cell)) or _way_field(cell)]
    return ContactSheet(lines, [cell for cell in header if cell and cell not in known])


def parse_roles(text: str) -> list[Role]:
    """Return roles from their names in Chinese or English, parted by 、 or commas. Raises ValueError."""
    words = [word for word in _SEPARATORS.split(unicodedata.normalize("NFKC", text)) if word]
    by_name = {unicodedata.normalize("NFKC", name): role for name, role in _ROLES.items()}
    unknown = [word for word in words if word not in by_name]
    if unknown:
        known = "、".join(ROLE_NAMES.values())
        raise ValueError(f"没有角色“{'、'.join(unknown)}”，可用：{known} / no such role: {', '.join(unknown)}")
    return list(dict.fromkeys(by_name[word] for word in words))


def parse_quiet_hours(text: str) -> list[QuietWindow]:
    """Return windows written as 每天 22:00-07:00；周六日 00:00-24:00. Raises ValueError."""
    windows = []
    for part in re.split(r"[;；]", unicodedata.normalize("NFKC", text)):
        written = "".join(part.split())
        if not written:
            continue
        match = _WINDOW.fullmatch(written)
        if match is None:
            raise ValueError(
                f"静默时段须写作“每天 22:00-07:00；周六日 00:00-24:00”，无法读取“{part.strip()}” / quiet hours"
            )
        days = tuple(_DAYS[sign] for sign in match[2]) if match[2] else tuple(range(1, 8))
        try:
            windows.append(QuietWindow(weekdays=days, start=match[3], end=match[4]))
        except ValidationError:
            raise ValueError(f"静默时段的时间不正确：{part.strip()} / quiet hours: not a time") from None
    return windows


def _line(number: int, header: Sequence[str], cells: Sequence[str]) -> SheetLine:
    fields: dict[str, str] = {}
    ways: dict[int, dict[str, str]] = {}
    for name, cell in zip(header, cells, strict=False):
        if not cell:
            continue
        if (key := _FIELDS.get(_key(name))) is not None:
            fields.setdefault(key, cell)
        elif (way := _way_field(name)) is not None:
            ways.setdefault(way[1], {}).setdefault(way[0], cell)
    return SheetLine(number, fields, [ways[at] for at in sorted(ways)])


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().rstrip("*").strip().lower()


def _way_field(name: str) -> tuple[str, int] | None:
    match = _NUMBERED.fullmatch(_key(name))
    key = _WAY_FIELDS.get(match[1].strip()) if match else None
    return (key, int(match[2])) if match and key else None


def _workbook_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    with workbook.opened_sheet(path) as sheet:
        for row in sheet.rows():
            yield row.number, [_text(value) for value in row.values]


def _text_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        text = path.read_bytes().decode(text_lines.encoding_of(path))
    except UnicodeDecodeError as error:
        raise Unreadable("文件编码无法识别", "the file's encoding is not known") from error
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, [_text(cell) for cell in cells]
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(f"第 {begins} 行无法读取：{error}", f"line {begins} cannot be read: {error}") from error


def _text(value: Any) -> str:
    """Return a cell as text; the apostrophe that guards what looks like a formula is taken off again."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, date):
        value = value.isoformat()
    text = str(value).replace("\x00", "").strip()
    return text[1:] if text.startswith("'") and looks_like_formula(text[1:]) else text
