"""What older versions stored of tasks and watches survives the migration that gave them states and briefs."""

from __future__ import annotations

import sqlalchemy as sa

from kit import migrations
from kit.database import migration_engine
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY
from services.cases.models import Base

_AT = "2026-03-02 00:00:00+00:00"
_CASE = (
    "INSERT INTO cases (id, number, title, summary, state, level, level_active, incident_type, plan_version, automatic,"
    " opened_by, watch_mode, drill, detected_at, opened_at, updated_at, sequence, head) VALUES ('c', 'YQ-2026-0001',"
    " '旧单', '', 'responding', 'II', true, 'other', '2019.1', false, '王办', 'surge', false,"
    " '{at}', '{at}', '{at}', 0, '')"
)
_TASK = (
    "INSERT INTO tasks (id, case_id, key, title, role, clause, position, done_at, done_by, evidence)"
    " VALUES ('{id}', 'c', '{id}', '核实', 'office', '', 0, {done}, NULL, '')"
)


async def test_done_tasks_are_done_and_a_watched_case_gets_its_briefs(database_url: str) -> None:
    url = ServiceSettings(database_url=database_url, internal_key=INTERNAL_KEY).database_url_for("cases")
    await migrations.upgrade(url, "cases", Base.metadata, "0005")
    engine = migration_engine(url, "cases")
    at = _AT if "postgresql" in url else _AT.removesuffix("+00:00") + ".000000"
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.text(_CASE.format(at=at).replace(":00:00", r"\:00\:00")))
            for id_, done in (("done", f"'{at}'"), ("open", "NULL")):
                text = _TASK.format(id=id_, done=done).replace(":00:00", r"\:00\:00")
                await connection.execute(sa.text(text))
        await migrations.upgrade(url, "cases", Base.metadata)
        async with engine.connect() as connection:
            rows = await connection.execute(
                sa.text("SELECT id, state, origin, created_at IS NULL FROM tasks ORDER BY id")
            )
            assert [tuple(row)[:3] for row in rows] == [("done", "done", "playbook"), ("open", "open", "playbook")]
            watched = await connection.execute(sa.text("SELECT case_id, briefs, started_by FROM surge_watches"))
            assert [tuple(row) for row in watched] == [("c", 0, "")]
    finally:
        await engine.dispose()
