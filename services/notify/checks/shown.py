"""The report of a check: as JSON, as CSV, and as a workbook with a sheet for units and one for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Self

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from pydantic import BaseModel

from kit.tables.cells import Cell, looks_like_formula, writable
from services.notify.checks.report import (
    NO_UNIT,
    Answer,
    Figures,
    UnitReport,
    by_unit,
    compare,
    figures,
    in_time,
    minutes,
)
from services.notify.checks.schemas import CommunicationCheckOut
from services.notify.checks.service import Found
from services.notify.texts import beijing

_UNIT_HEADINGS: Final = (
    "单位",
    "县（区）",
    "应答人数",
    "已送达",
    "按时应答",
    "逾期应答",
    "应答率",
    "应答中位数（分钟）",
    "未按时应答",
    "失效的联络方式",
)
_PEOPLE_HEADINGS: Final = (
    "单位",
    "姓名",
    "已送达",
    "应答时间（北京时间）",
    "用时（分钟）",
    "按时",
    "应答方式",
    "应答渠道",
    "失效的联络方式",
)
_VIAS: Final = {"link": "确认链接", "api": "系统"}


class FiguresOut(BaseModel):
    """Counts of people; `share` 0..1 and `median_minutes` are null where there is nothing to reckon from."""

    asked: int
    reached: int
    answered: int
    late: int
    share: float | None
    median_minutes: float | None

    @classmethod
    def of(cls, found: Figures) -> Self:
        """Show figures."""
        return cls.model_validate(found, from_attributes=True)


class FailedWayOut(BaseModel):
    """A way that failed; `reason` is left out for those who may not read contacts."""

    contact_name: str
    channel: str
    reason: str | None


class CheckUnitOut(FiguresOut):
    """One unit's part. `silent`: who did not answer in time."""

    unit: str
    county: bool
    silent: list[str]
    failed_ways: list[FailedWayOut]


class CheckPersonOut(BaseModel):
    """One person's part. `via` is link or api; `channel` the one whose link was used."""

    contact_id: str
    contact_name: str
    unit: str | None
    reached: bool
    answered_at: datetime | None
    minutes: float | None
    in_time: bool
    via: str | None
    channel: str | None


class ComparisonOut(BaseModel):
    """The closed check of the same people before this one, and what has changed since."""

    check_id: str
    started_at: datetime
    figures: FiguresOut
    share_change: float | None
    median_minutes_change: float | None
    lost: list[str]
    regained: list[str]


class ReportOut(BaseModel):
    """What a check has found so far; final once it is closed."""

    check: CommunicationCheckOut
    figures: FiguresOut
    units: list[CheckUnitOut]
    people: list[CheckPersonOut]
    previous: ComparisonOut | None


def report(found: Found, before: Found | None, *, plain: bool) -> ReportOut:
    """Return the report of a check; with the reasons of failures where `plain`."""
    check, answers = found.check, found.answers
    total = figures(answers, check.started_at, check.deadline)
    return ReportOut(
        check=CommunicationCheckOut.of(check),
        figures=FiguresOut.of(total),
        units=[
            CheckUnitOut(
                **FiguresOut.of(unit.figures).model_dump(),
                unit=unit.unit,
                county=unit.county,
                silent=list(unit.silent),
                failed_ways=[
                    FailedWayOut(contact_name=answer.name, channel=way.channel, reason=way.reason if plain else None)
                    for answer in _of(unit, answers)
                    for way in answer.failed
                ],
            )
            for unit in by_unit(answers, check.started_at, check.deadline)
        ],
        people=[
            CheckPersonOut(
                contact_id=answer.contact_id,
                contact_name=answer.name,
                unit=answer.unit,
                reached=answer.reached,
                answered_at=answer.at,
                minutes=minutes(answer, check.started_at),
                in_time=in_time(answer, check.deadline),
                via=answer.via,
                channel=answer.channel,
            )
            for answer in answers
        ],
        previous=_compared(found, total, before) if before is not None else None,
    )


def unit_rows(found: Found) -> list[list[Cell]]:
    """Return the table of units, with its heading."""
    check = found.check
    rows: list[list[Cell]] = [list(_UNIT_HEADINGS)]
    for unit in by_unit(found.answers, check.started_at, check.deadline):
        counts = unit.figures
        failed = [f"{answer.name}：{way.channel}" for answer in _of(unit, found.answers) for way in answer.failed]
        rows.append(
            [
                unit.unit,
                "是" if unit.county else "",
                counts.asked,
                counts.reached,
                counts.answered,
                counts.late,
                counts.share,
                counts.median_minutes,
                "、".join(unit.silent),
                "；".join(failed),
            ]
        )
    return rows


def people_rows(found: Found) -> list[list[Cell]]:
    """Return the table of people, with its heading."""
    check = found.check
    rows: list[list[Cell]] = [list(_PEOPLE_HEADINGS)]
    rows += [
        [
            answer.unit or NO_UNIT,
            answer.name,
            "是" if answer.reached else "否",
            beijing(answer.at) if answer.at else "",
            minutes(answer, check.started_at),
            "是" if in_time(answer, check.deadline) else "否",
            _VIAS.get(answer.via or "", ""),
            answer.channel or "",
            "；".join(way.channel for way in answer.failed),
        ]
        for answer in found.answers
    ]
    return rows


def as_csv(rows: Sequence[Sequence[Cell]]) -> bytes:
    """Return a table as CSV (RFC 4180), with the byte order mark by which Excel knows Chinese from gibberish."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def as_workbook(found: Found) -> bytes:
    """Return a workbook with both tables. Texts are written as texts, whatever they begin with."""
    book = Workbook(write_only=True)
    for title, rows in (("单位汇总", unit_rows(found)), ("人员明细", people_rows(found))):
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for number, row in enumerate(rows):
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, writable(value) if isinstance(value, str) else value)
                if isinstance(value, str):
                    cell.data_type = "s"
                if number == 0:
                    cell.font = Font(bold=True)
                cells.append(cell)
            sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _of(unit: UnitReport, answers: Sequence[Answer]) -> list[Answer]:
    return [answer for answer in answers if (answer.unit or NO_UNIT) == unit.unit]


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return f"'{writable(cell)}" if looks_like_formula(cell) else writable(cell)
    return cell


def _compared(found: Found, total: Figures, before: Found) -> ComparisonOut:
    then = figures(before.answers, before.check.started_at, before.check.deadline)
    change = compare(
        total,
        then,
        {answer.contact_id: in_time(answer, found.check.deadline) for answer in found.answers},
        {answer.contact_id: in_time(answer, before.check.deadline) for answer in before.answers},
        {answer.contact_id: answer.name for answer in found.answers},
    )
    return ComparisonOut(
        check_id=before.check.id,
        started_at=before.check.started_at,
        figures=FiguresOut.of(then),
        share_change=change.share_change,
        median_minutes_change=change.median_minutes_change,
        lost=list(change.lost),
        regained=list(change.regained),
    )
