"""`huiying plan backtest` on a database of the cases service."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from huiying.cli import app
from huiying.errors import CommandError
from kit.database import Database
from services.cases.models import Base, CoursePoint
from services.cases.plan.course import encode
from services.cases.plan.grading import HumanFacts, facts_of
from tests.unit.cases.seed import PATH, story

SINCE = ("--since", "2026-03-01", "--until", "2026-03-08")


async def fill(path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}", "cases")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with database.writing() as session:
        for minute, metrics in enumerate([{}, {"sources": 2}, {"sources": 3}]):
            figures = encode(facts_of(story(**metrics), HumanFacts()))
            at = 1_772_409_600_000 + minute * 60_000
            session.add(CoursePoint(event_id="event-1", at_ms=at, figures=figures, topics="resettlement"))
    await database.dispose()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUIYING_DATA", str(tmp_path))
    monkeypatch.delenv("HUIYING_DATABASE_URL", raising=False)
    return tmp_path


def test_a_plan_is_replayed_on_the_services_database(data: Path) -> None:
    asyncio.run(fill(data / "cases.db"))
    told = CliRunner().invoke(app, ["plan", "backtest", str(PATH), *SINCE])
    assert told.exit_code == 0, told.output
    assert "回放 1 个事件：预警 2 条（实际 0 条），自动立单 1 张" in told.output
    assert "新增" in told.output
    shown = json.loads(CliRunner().invoke(app, ["plan", "backtest", str(PATH), *SINCE, "--format", "json"]).output)
    assert [alert["level"] for alert in shown["rows"][0]["would"]] == ["IV", "III"]
    assert "因为 两个以上独立信源（2），定为 Ⅲ级" in shown["rows"][0]["would"][1]["reason"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([str(PATH)], "没有数据库"),
        (["missing.yaml"], "无法读取预案"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(data: Path, arguments: list[str], said: str) -> None:
    failed = CliRunner().invoke(app, ["plan", "backtest", *arguments])
    assert isinstance(failed.exception, CommandError)
    assert said in failed.exception.line


def test_a_time_that_is_none_is_refused(data: Path) -> None:
    asyncio.run(fill(data / "cases.db"))
    failed = CliRunner().invoke(app, ["plan", "backtest", str(PATH), "--since", "gestern"])
    assert isinstance(failed.exception, CommandError)
    assert "时间写法有误" in failed.exception.line
    empty = CliRunner().invoke(app, ["plan", "backtest", str(PATH), "--since", "2026-03-08", "--until", "2026-03-01"])
    assert isinstance(empty.exception, CommandError)
    assert "回放区间为空" in empty.exception.line
