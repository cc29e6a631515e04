"""Contacts written as a file: the export, and the template that an import is filled into. Secrets are in neither."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from contracts.words import ChannelName, Role
from kit.tables.cells import looks_like_formula, writable
from services.notify.addressing import ways_of
from services.notify.models import Contact
from services.notify.people.quiet import QuietWindow
from services.notify.people.sheet import COLUMNS, WAY_COLUMNS
from services.notify.recipients import ROLE_NAMES

Format = Literal["xlsx", "csv"]
MEDIA_TYPES: Final[dict[Format, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
_WAYS: Final = 3
_BOM: Final = "\ufeff"
_LANGUAGES: Final = {"zh": "中文", "en": "英文"}


def contacts_file(contacts: Iterable[Contact], titles: Mapping[ChannelName, str], fmt: Format) -> bytes:
    """Return contacts as a file that can be imported again; texts that might run as formulas are guarded."""
    rows = [_row(contact, titles) for contact in contacts]
    ways = max(_WAYS, *((len(row) - len(COLUMNS)) // 2 for row in rows)) if rows else _WAYS
    header = [names[0] for names in COLUMNS.values()]
    for number in range(1, ways + 1):
        header += [f"{WAY_COLUMNS['channel'][0]}{number}", f"{WAY_COLUMNS['address'][0]}{number}"]
    rows = [[*row, *[""] * (len(header) - len(row))] for row in rows]
    if fmt == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows([header, *([_guarded(cell) for cell in row] for row in rows)])
        return (_BOM + text.getvalue()).encode()
    return _workbook(("联络网", [header, *rows]))


def template_file(titles: Mapping[ChannelName, str]) -> bytes:
    """Return an empty workbook to be filled in, with a sheet that says how."""
    header = [names[0] + ("*" if key == "name" else "") for key, names in COLUMNS.items()]
    for number in range(1, _WAYS + 1):
        header += [f"{names[0]}{number}" for names in WAY_COLUMNS.values()]
    notes = [
        ["列", "填写说明"],
        ["姓名*", "必填。按登录名（无登录名的按姓名和单位）认人：已有的更新，没有的新增"],
        ["登录名", "系统登录名，本人据此签收通知"],
        ["单位", "单位名录中的名称或别称"],
        ["角色", "可填多个，以顿号分隔：" + "、".join(ROLE_NAMES.values())],
        ["语言", "中文或英文，不填为中文"],
        ["静默时段", "如：每天 22:00-07:00；周六日 00:00-24:00。Ⅰ、Ⅱ级和须立即签收的通知不受影响"],
        ["启用", "是或否，不填为是"],
        ["渠道1", "按先后次序填写，至少一种：" + "、".join(titles.values())],
        ["地址1", "该渠道上的地址，如邮箱"],
        ["密钥1", "仅需签名的渠道填写；不填则保留原有密钥"],
        ["空格", "空格不改动原有内容；填 - 表示清空（登录名、单位、角色、静默时段）"],
        ["渠道的更新", "填写了任何渠道的，以表中的渠道整体替换原有渠道"],
    ]
    return _workbook(("联络网", [header]), ("填写说明", notes))


def _row(contact: Contact, titles: Mapping[ChannelName, str]) -> list[str]:
    cells = {
        "name": contact.name,
        "username": contact.username or "",
        "unit": contact.unit or "",
        "roles": "、".join(ROLE_NAMES[Role(role)] for role in contact.roles),
        "language": _LANGUAGES[contact.language],
        "quiet_hours": "；".join(str(QuietWindow.model_validate(window)) for window in contact.quiet_hours),
        "enabled": "是" if contact.enabled else "否",
    }
    ways = [text for way in ways_of(contact) for text in (titles[way.channel], way.address)]
    return [*(cells[key] for key in COLUMNS), *ways]


def _workbook(*sheets: tuple[str, Sequence[Sequence[str]]]) -> bytes:
    book = Workbook(write_only=True)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for index in range(len(rows[0])):
            sheet.column_dimensions[get_column_letter(index + 1)].width = 18
        for number, row in enumerate(rows):
            sheet.append([_cell(sheet, text, bold=number == 0) for text in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, text: str, *, bold: bool) -> Any:
    cell = WriteOnlyCell(sheet, writable(text))
    cell.data_type = "s"  # never a formula
    cell.quotePrefix = looks_like_formula(text)
    cell.font = Font(bold=bold)
    return cell


def _guarded(text: str) -> str:
    plain = writable(text)
    return f"'{plain}" if looks_like_formula(plain) else plain
