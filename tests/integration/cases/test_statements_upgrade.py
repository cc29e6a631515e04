"""Statements of older versions survive: each is a text of one version, and what was withdrawn says why."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from kit import migrations
from kit.database import Json, UtcDateTime, migration_engine
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY
from services.cases.models import Base

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
