"""The timeline in the database: nobody rewrites it, many writers keep one chain, and an export verifies offline."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from services.cases.models import CaseRow, TimelineRow
from tests.integration.cases.chains import open_at, unguard
from tests.integration.cases.harness import AUDITOR, OFFICE, Cases, StartCases

SCRIPT = Path(__file__).parents[3] / "docs" / "verify_timeline.py"
WRITERS = 40


async def test_the_database_refuses_to_rewrite_a_timeline(cases: Cases) -> None:
    case = await open_at(cases, "III")
    mine = TimelineRow.case_id == case["id"]  # type: ignore[arg-type]
    for statement in (
        sa.update(TimelineRow).where(mine).values(body="{}"),  # type: ignore[arg-type]
        sa.delete(TimelineRow).where(mine),  # type: ignore[arg-type]
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with cases.runtime.database.writing() as session:
                await session.execute(statement)
    assert (await cases.get(f"/api/v1/cases/{case['id']}/timeline/verify"))["intact"]
    # a case that is deleted as a whole takes its timeline with it
    async with cases.runtime.database.writing() as session:
        await session.execute(sa.delete(CaseRow).where(CaseRow.id == case["id"]))  # type: ignore[arg-type]
    async with cases.runtime.database.reading() as session:
        left = await session.scalar(sa.select(sa.func.count()).select_from(TimelineRow).where(mine))  # type: ignore[arg-type]
    assert left == 0


async def test_many_writers_at_two_replicas_keep_one_chain_that_verifies_offline(
    cases: Cases, start: StartCases, tmp_path: Path
) -> None:
    other = await start()
    case = await open_at(cases, "III")
    path = f"/api/v1/cases/{case['id']}"
    before = (await cases.timeline(case["id"]))[-1]["sequence"]
    body = {"to": "group_leader", "text": "续报\u2028第二行"}
    posts = [
        one.post(f"{path}/reports", OFFICE, body, status=201) for _ in range(WRITERS // 2) for one in (cases, other)
    ]
    numbers = [answer["sequence"] for answer in await asyncio.gather(*posts)]
    assert sorted(numbers) == list(range(before + 1, before + WRITERS + 1))
    verdict = await other.get(f"{path}/timeline/verify")
    assert (verdict["intact"], verdict["entries"], verdict["faults"]) == (True, before + WRITERS, [])

    async def offline() -> subprocess.CompletedProcess[str]:
        answer = await cases.call("GET", f"{path}/timeline/export", AUDITOR)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/jsonl"
        (tmp_path / "t.jsonl").write_bytes(answer.content)
        command = [sys.executable, str(SCRIPT), str(tmp_path / "t.jsonl")]
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)

    ran = await offline()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"intact: {before + WRITERS} entries")

    await unguard(cases)
    async with cases.runtime.database.writing() as session:
        altered = sa.update(TimelineRow).where(
            TimelineRow.case_id == case["id"],  # type: ignore[arg-type]
            TimelineRow.sequence == before + 7,  # type: ignore[arg-type]
        )
        await session.execute(altered.values(body=sa.func.replace(TimelineRow.body, "续报", "无事")))
    ran = await offline()
    assert (ran.returncode, ran.stderr.strip()) == (1, f"entry {before + 7} was altered")
    verdict = await cases.get(f"{path}/timeline/verify")
    assert [one["sequence"] for one in verdict["faults"]] == [before + 7]
