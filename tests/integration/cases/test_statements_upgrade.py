"""Statements of older versions survive: each is a text of one version, and what was withdrawn says why."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from kit import migrations
from kit.database import Json, UtcDateTime, migration_engine
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY
from services.cases.models import Base, StatementRow

_AT = datetime(2026, 3, 2, tzinfo=UTC)
_CASES = sa.table(
    "cases",
    *(sa.column(name) for name in ("id", "number", "title", "summary", "state", "level", "level_active")),
    *(sa.column(name) for name in ("incident_type", "plan_version", "automatic", "opened_by", "watch_mode", "drill")),
    *(sa.column(name, UtcDateTime()) for name in ("detected_at", "opened_at", "updated_at")),
    *(sa.column(name) for name in ("sequence", "head")),
)
_STATEMENTS = sa.table(
    "statements",
    *(sa.column(name) for name in ("id", "case_id", "number", "title", "text", "state", "author_id", "author")),
    sa.column("disclosure", Json),
    sa.column("comment"),
    *(sa.column(name, UtcDateTime()) for name in ("created_at", "published_at", "withdrawn_at")),
    sa.column("version"),
)
_CASE = {
    "id": "c",
    "number": "YQ-2026-0001",
    "title": "旧单",
    "summary": "",
    "state": "responding",
    "level": "IV",
    "level_active": True,
    "incident_type": "other",
    "plan_version": "2019.1",
    "automatic": False,
    "opened_by": "王办",
    "watch_mode": "routine",
    "drill": False,
    "detected_at": _AT,
    "opened_at": _AT,
    "updated_at": _AT,
    "sequence": 0,
    "head": "",
}


def _statement(number: int, state: str, comment: str) -> dict[str, object]:
    return {
        "id": f"s{number}",
        "case_id": "c",
        "number": number,
        "title": f"通报{number}",
        "text": "已恢复供水",
        "state": state,
        "author_id": "user-王办",
        "author": "王办",
        "disclosure": {"index_number": f"1042-/YQ-2026-0001-{number}"},
        "comment": comment,
        "created_at": _AT,
        "published_at": _AT,
        "withdrawn_at": _AT if state == "withdrawn" else None,
        "version": 4,
    }


async def test_texts_that_await_approval_are_looked_at_again_and_givers_are_known_by_login(database_url: str) -> None:
    url = ServiceSettings(database_url=database_url, internal_key=INTERNAL_KEY).database_url_for("cases")
    await migrations.upgrade(url, "cases", Base.metadata, "0009")
    engine = migration_engine(url, "cases")
    later = {"kind": "first_bulletin", "revision": 1, "withdrawn_reason": "", "correction_reason": ""}
    statements = sa.table(
        "statements",
        *(sa.column(column.name, column.type) for column in _STATEMENTS.columns),
        *(sa.column(name) for name in later),
        sa.column("submitted_at", UtcDateTime()),
    )
    handovers = sa.table(
        "handovers",
        *(sa.column(name) for name in ("id", "text", "state", "given_by_id", "given_by", "to_role", "to_unit")),
        *(sa.column(name) for name in ("to_person", "version")),
        sa.column("cases", Json),
        sa.column("created_at", UtcDateTime()),
    )
    given = {"id": "h", "text": "", "state": "signed", "given_by_id": "u-1", "given_by": "wang.jg"}
    given |= {"to_role": "office", "to_unit": "", "to_person": ""}
    try:
        async with engine.begin() as connection:
            await connection.execute(_CASES.insert().values(_CASE))
            for number, state in ((1, "submitted"), (2, "draft")):
                row = {**_statement(number, state, ""), **later, "published_at": None}
                row["submitted_at"] = _AT if state == "submitted" else None
                await connection.execute(statements.insert().values(row))
            await connection.execute(handovers.insert().values({**given, "cases": [], "created_at": _AT, "version": 1}))
        await migrations.upgrade(url, "cases", Base.metadata)
        rows = sa.select(StatementRow.number, StatementRow.told, StatementRow.next_at).order_by(StatementRow.number)
        async with engine.connect() as connection:
            assert [tuple(row) for row in await connection.execute(rows)] == [(1, [], _AT), (2, [], None)]
            givers = await connection.execute(sa.text("SELECT given_by_login FROM handovers"))
            assert [tuple(row) for row in givers] == [("wang.jg",)]
    finally:
        await engine.dispose()


async def test_old_statements_are_texts_of_one_version(database_url: str) -> None:
    url = ServiceSettings(database_url=database_url, internal_key=INTERNAL_KEY).database_url_for("cases")
    await migrations.upgrade(url, "cases", Base.metadata, "0006")
    engine = migration_engine(url, "cases")
    try:
        async with engine.begin() as connection:
            await connection.execute(_CASES.insert().values(_CASE))
            await connection.execute(
                _STATEMENTS.insert(), [_statement(1, "withdrawn", "数据有误"), _statement(2, "published", "同意")]
            )
        await migrations.upgrade(url, "cases", Base.metadata)
        async with engine.connect() as connection:
            rows = await connection.execute(
                sa.text("SELECT number, kind, revision, withdrawn_reason, index_number FROM statements ORDER BY number")
            )
            assert [tuple(row) for row in rows] == [
                (1, "first_bulletin", 1, "数据有误", None),
                (2, "follow_up", 1, "", None),
            ]
            versions = await connection.execute(
                sa.text(
                    "SELECT statement_id, revision, title, written_by FROM statement_versions ORDER BY statement_id"
                )
            )
            assert [tuple(row) for row in versions] == [("s1", 1, "通报1", "王办"), ("s2", 1, "通报2", "王办")]
    finally:
        await engine.dispose()
