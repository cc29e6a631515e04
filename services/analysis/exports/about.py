"""What an export says of itself: on the sheet 说明 of a workbook, and in the notes of its job."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from kit.tables.cells import Cell
from language.calendar import SHANGHAI
from services.analysis.exports.columns import chosen
from services.analysis.exports.schemas import wanted_of
from services.analysis.exports.words import word
from services.analysis.exports.workbook import CELL
from services.analysis.exports.writing import About

#: what is exported, by language: also the name of the sheet and the beginning of the file's name
NAMES: Final = {"posts": ("信息", "Posts"), "events": ("舆情事件", "Events")}

_FIELDS: Final = {
    "q": "关键词",
    "topic": "监测专题",
    "sentiment": "情感",
    "incident_type": "事件类型",
    "place": "地区",
    "channel": "渠道",
    "source": "来源",
    "event": "事件编号",
    "since": "发布时间不早于",
    "until": "发布时间早于",
    "status": "状态",
    "level": "响应级别",
}


def name_of(what: str, *, chinese: bool) -> str:
    """Return what is exported in a word."""
    return NAMES[what][0 if chinese else 1]


def filename(job: Any) -> str:
    """Return the name of an export's file: what, and when it was asked for in Shanghai."""
    at = job.created_at.astimezone(SHANGHAI)
    chinese = job.language == "zh"
    name = f"{name_of(job.what, chinese=chinese)}{'导出' if chinese else ''}"
    return f"{name}_{at:%Y%m%d-%H%M%S}.{job.format}"


def plain_filename(job: Any) -> str:
    """Return the same in ASCII, for what cannot read the other."""
    return f"{job.what}_{job.created_at.astimezone(SHANGHAI):%Y%m%d-%H%M%S}.{job.format}"


def notes(job: Any, *, chinese: bool) -> list[str]:
    """Return what a reader of the file must know of it."""
    found: list[str] = []
    if job.truncated == "rows":
        found.append(
            f"已达到导出上限 {job.rows} 行，其余未导出；请缩小筛选范围，分次导出"
            if chinese
            else f"Ended at the limit of {job.rows} rows; the rest is not in the file: narrow the filter"
        )
    elif job.truncated == "bytes":
        found.append(
            "已达到文件大小上限，其余未导出；请缩小筛选范围，分次导出"
            if chinese
            else "Ended at the limit of a file's size; the rest is not in the file: narrow the filter"
        )
    if job.sheets > 1:
        found.append(
            f"超过一个工作表的行数上限，分为 {job.sheets} 个工作表"
            if chinese
            else f"More rows than a sheet holds: there are {job.sheets} sheets"
        )
    if job.cut_cells:
        found.append(
            f"有 {job.cut_cells} 个单元格超过 {CELL} 个字符，已截断并注明；CSV 格式不截断"
            if chinese
            else f"{job.cut_cells} cells had more than {CELL:,} characters: they are cut, with a mark; CSV cuts none"
        )
    return found


def about(job: Any, finished_at: datetime) -> About:
    """Return what the file says of itself. `job` has the counts as they are at its end."""
    chinese = job.language == "zh"
    columns = "、".join if chinese else "; ".join
    headings = columns(column.heading(chinese=chinese).name for column in chosen(job.what, job.columns))
    wanted: list[tuple[str, Cell]] = [
        (f"筛选：{_FIELDS.get(name, name)}" if chinese else f"Filter: {name}", _said(value, chinese=chinese))
        for name, value in wanted_of(job.what, job.filter).model_dump(exclude_none=True).items()
    ]
    if not wanted:
        wanted = [("筛选", "无（全部）") if chinese else ("Filter", "none (everything)")]
    said = [("注意" if chinese else "Note", note) for note in notes(job, chinese=chinese)]
    if chinese:
        lines: list[tuple[str, Cell]] = [
            ("内容", name_of(job.what, chinese=True)),
            *wanted,
            ("导出人", job.created_by),
            ("提交时间（北京时间）", job.created_at),
            ("完成时间（北京时间）", finished_at),
            ("行数", job.rows),
            ("列", headings),
            *said,
            ("作者", "不含作者信息：系统不保存、不展示、不导出作者账号"),
            ("隐私", "正文中已隐去的个人号码保持隐去；请按规定保管，用后删除"),
        ]
        return About("说明", lines)
    return About(
        "About",
        [
            ("Content", name_of(job.what, chinese=False)),
            *wanted,
            ("Exported by", job.created_by),
            ("Asked for (UTC+8)", job.created_at),
            ("Finished (UTC+8)", finished_at),
            ("Rows", job.rows),
            ("Columns", headings),
            *said,
            ("Authors", "not part of it: no author is stored, shown or exported"),
            ("Privacy", "personal numbers that were masked stay masked; keep the file safe and delete it after use"),
        ],
    )


def _said(value: Any, *, chinese: bool) -> Cell:
    if isinstance(value, StrEnum):
        return word(value, chinese=chinese)
    return value if isinstance(value, datetime) else str(value)
