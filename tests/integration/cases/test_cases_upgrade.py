"""What an older version stored goes on: a pending proposal waits since it was made, clocks run, entries are kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from kit import migrations
from kit.database import Database
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY
from services.cases import store
from services.cases.approvals import Signature
from services.cases.models import Base

AT = datetime(2026, 3, 2, tzinfo=UTC)
OLD_SIGNATURE = {
    "step": 0,
    "person_id": "u",
    "person": "王办",
    "role": "office",
    "decision": "approve",
    "at": AT.isoformat(),
    "comment": "",
}


async def test_rows_of_before_delegations_survive(database_url: str) -> None:
    settings = ServiceSettings(database_url=database_url, internal_key=INTERNAL_KEY)
    url = settings.database_url_for("cases")
    await migrations.upgrade(url, "cases", Base.metadata, "0004")
    database = Database(url, "cases")
    try:
        async with database.writing() as session:
            await session.execute(sa.insert(_old("cases")), [_case()])
            await session.execute(sa.insert(_old("approvals")), [_approval("a1", "pending"), _approval("a2", None)])
            await session.execute(sa.insert(_old("clocks")), [_clock()])
            await session.execute(sa.insert(_old("timeline")), [_entry()])
        await migrations.upgrade(url, "cases", Base.metadata)
        async with database.reading() as session:
            rows = {row.id: row for row in await store.approvals(session, "c")}
            assert (rows["a1"].waiting_since, rows["a1"].next_at) == (AT, AT)
            assert (rows["a2"].waiting_since, rows["a2"].next_at) == (None, None)
            assert rows["a1"].told == rows["a1"].climbed == []
            (signature,) = (Signature.of_json(item) for item in rows["a1"].signatures)
            assert (signature.holder, signature.deputy) == (None, False)
            (clock,) = await store.clocks(session, "c")
            assert (clock.is_paused, clock.paused_seconds, clock.met_by) == (False, 0.0, None)
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.writing() as session:
                await session.execute(sa.text("DELETE FROM timeline"))
    finally:
        await database.dispose()


def _old(name: str) -> sa.TableClause:
    """Return a table with the columns that it is told values for."""
    columns = {"cases": _case(), "approvals": _approval("", None), "clocks": _clock(), "timeline": _entry()}[name]
    declared = Base.metadata.tables[name].c
    return sa.table(name, *(sa.column(key, declared[key].type) for key in columns))


def _case() -> dict[str, object]:
    return {
        "id": "c",
        "number": "YQ-2026-0001",
        "title": "t",
        "summary": "",
        "state": "reported",
        "level": "III",
        "level_active": False,
        "incident_type": "other",
        "plan_version": "2019.1",
        "automatic": False,
        "opened_by": "王办",
        "watch_mode": "routine",
        "drill": False,
        "detected_at": AT,
        "opened_at": AT,
        "updated_at": AT,
        "sequence": 1,
        "head": "h",
    }


def _approval(id_: str, seat: str | None) -> dict[str, object]:
    return {
        "id": id_,
        "case_id": "c",
        "kind": "activate",
        "from_level": "III",
        "to_level": "III",
        "chain_level": "III",
        "state": "pending" if seat else "approved",
        "seat": seat,
        "step": 1,
        "proposer": "王办",
        "reason": "r",
        "reasons": [],
        "signatures": [OLD_SIGNATURE],
        "proposed_at": AT,
    }


def _clock() -> dict[str, object]:
    return {
        "id": "k",
        "case_id": "c",
        "kind": "report_up",
        "level": "III",
        "started_at": AT,
        "due_at": AT,
        "state": "running",
        "warned": 0,
        "escalated": 0,
    }


def _entry() -> dict[str, object]:
    return {"case_id": "c", "sequence": 1, "kind": "opened", "at": AT, "body": "{}", "previous": "0", "hash": "h"}
