"""``huiying plan backtest FILE``: a plan replayed on the database of the cases service."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from contracts.words import Level
from huiying.client import data_folder
from huiying.errors import CommandError
from kit.database import Database
from kit.problems import Problem
from kit.settings import ServiceSettings
from services.cases.numbering import ZONE, show_time
from services.cases.plan import Plan, PlanError
from services.cases.plan.comparing import Difference
from services.cases.plan.loader import load_plan
from services.cases.plan.schema import ROMAN
from services.cases.schemas.backtests import BacktestOut
from services.cases.service.backtesting import Outcome, Window, backtest

_NAMES = {
    Difference.MISSED: "不再预警",
    Difference.ADDED: "新增",
    Difference.MILDER: "降级",
    Difference.GRAVER: "升级",
    Difference.LATER: "推迟",
    Difference.EARLIER: "提前",
    Difference.OTHER: "其他不同",
    Difference.SAME: "相同",
}


def run(file: Path, since: str | None, until: str | None, rows: int) -> BacktestOut:
    """Replay a plan file on the service's database; raises :class:`CommandError` where that is not possible."""
    try:
        plan = load_plan(file)
    except PlanError as error:
        raise CommandError(str(error.findings[0])) from None
    except OSError as error:
        raise CommandError(f"无法读取预案 / cannot read the plan {file}: {error.strerror}") from None
    # the service's own way from the environment to its database, without the secrets that it needs besides
    settings = ServiceSettings.model_construct(
        data=data_folder(), database_url=os.environ.get("HUIYING_DATABASE_URL", "")
    )
    url = settings.database_url_for("cases")
    if url.startswith("sqlite") and not Path(url.split("///", 1)[1]).exists():
        raise CommandError(f"没有数据库 / no database: {url} (HUIYING_DATA, HUIYING_DATABASE_URL)")
    try:
        window = Window.of(_instant(since), _instant(until), datetime.now(UTC))
        outcome = asyncio.run(_replay(url, plan, window, rows))
    except Problem as problem:
        raise CommandError(f"{problem.zh} / {problem.en}") from None
    except (SQLAlchemyError, OSError) as error:
        raise CommandError(f"数据库无法读取 / the database cannot be read: {type(error).__name__}") from None
    return BacktestOut.of(outcome, rows)


async def _replay(url: str, plan: Plan, window: Window, rows: int) -> Outcome:
    database = Database(url, "cases")
    shows = sys.stderr.isatty()

    def progress(played: int, of: int) -> None:
        print(f"\r{played}/{of}", end="", file=sys.stderr, flush=True)

    try:
        return await backtest(database, plan, window, rows=rows, progress=progress if shows else None)
    finally:
        if shows:
            print("\r", end="", file=sys.stderr)
        await database.dispose()


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"时间写法有误，应如 2026-03-01 或 2026-03-01T08:00+08:00 / not a time: {text}") from None
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


def show(found: BacktestOut, out: Console) -> None:
    """Print a backtest: the sentence, the levels, and the events that differ."""
    out.print(found.summary, highlight=False)
    out.print(f"{show_time(found.since)} — {show_time(found.until)}", highlight=False)
    levels = Table("级别", "将会预警", "实际预警")
    for one in found.levels:
        levels.add_row(f"{ROMAN[one.level]}级", str(one.would), str(one.came))
    levels.add_row("每天", f"{found.alerts_a_day_would:g}", f"{found.alerts_a_day_came:g}")
    levels.add_row("自动立单", str(found.cases_would), str(found.cases_came))
    out.print(levels)
    for name, shift in (("提前", found.earlier), ("推迟", found.later)):
        if shift.events:
            text = f"{name} {shift.events} 件，中位 {shift.median_minutes:g} 分钟，最多 {shift.largest_minutes:g} 分钟"
            out.print(text, highlight=False)
    differing = [row for row in found.rows if row.difference is not Difference.SAME]
    if not differing:
        out.print("没有不同的事件")
        return
    table = Table("不同", "事件", "将会", "实际", "理由")
    for row in differing:
        would = "\n".join(_line(one.level, one.at) for one in row.would)
        came = "\n".join(_line(one.level, one.at) for one in row.came)
        reason = row.would[-1].reason if row.would else ""
        table.add_row(_NAMES[row.difference], row.title or row.event_id, would or "—", came or "—", reason)
    out.print(table)
    if found.rows_left_off:
        out.print(f"另有 {found.rows_left_off} 个事件未列出（--rows）", highlight=False)


def _line(level: Level, at: datetime) -> str:
    return f"{ROMAN[level]}级 {show_time(at)}"
