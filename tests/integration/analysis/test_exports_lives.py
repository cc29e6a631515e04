"""Exports live through dead replicas, and end: done, cancelled, expired, failed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from contracts.words import Role
from kit.auth import Principal
from kit.clock import ManualClock
from kit.leases import TERM
from kit.testing import MakeRuntime
from services.analysis import models
from services.analysis.exports import runner, store
from services.analysis.models import Base, table
from tests.integration.analysis.exporting import (
    CHUNKS,
    Exporting,
    a_post,
    read_csv,
    read_xlsx,
    replica,
    seeded,
    signed,
)

SHANGHAI = timezone(timedelta(hours=8))


@pytest.mark.usefixtures("small_batches")
async def test_a_replica_that_dies_in_the_middle_is_followed_by_another(
    one: Exporting, make_runtime: MakeRuntime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seeded(one, 40)
    other = await replica(make_runtime, clock)
    for format in ("csv", "xlsx"):
        id_ = await one.ask(format=format)
        real, calls = store.add_chunks, 0

        async def dying(session: Any, *args: Any, real: Any = real) -> None:
            nonlocal calls
            calls += 1
            if calls == 4:
                raise asyncio.CancelledError  # as when the process is killed: nothing of ours runs after it
            await real(session, *args)

        with monkeypatch.context() as patch:
            patch.setattr(store, "add_chunks", dying)
            with pytest.raises(asyncio.CancelledError):
                await one.exports.runner.step()
        half = await other.job(id_)
        assert (half["state"], half["rows"], half["available"]) == ("running", 21, False)
        assert 0 < half["percent"] < 100
        await other.call("GET", f"/exports/{id_}/file", status=409)

        await other.exports.runner.step()
        assert (await other.job(id_))["rows"] == 21, "the lease of the dead still runs"
        async with other.runtime.database.writing() as session:
            past = datetime.now(SHANGHAI) - timedelta(seconds=TERM)
            await session.execute(sa.update(Base.metadata.tables["lease"]).values(expires_at=past))
        await other.put(table(models.Post), [a_post(-60, id=f"new-{format}", reads=0)])
        await other.exports.runner.step()
        assert (await other.job(id_))["state"] == "done"
        file = (await one.call("GET", f"/exports/{id_}/file")).content
        rows = read_csv(file) if format == "csv" else read_xlsx(file)
        shown = [post["id"] for post in await one.listed("/posts") if not post["id"].startswith("new")]
        assert [row["编号"] for row in rows if not row["编号"].startswith("new")] == shown
        assert f"new-{format}" not in {row["编号"] for row in rows}, "newer than where it stood"
        # and the dead one, if it was only slow, changes nothing any more
        await one.exports.runner.step()
        assert (await one.call("GET", f"/exports/{id_}/file")).content == file
    await other.client.aclose()


@pytest.mark.usefixtures("small_batches")
async def test_a_replica_that_lost_its_lease_writes_nothing(one: Exporting, monkeypatch: pytest.MonkeyPatch) -> None:
    await seeded(one, 20)
    id_ = await one.ask()
    real = store.advance

    async def late(session: Any, *args: Any) -> bool:
        await session.execute(sa.update(Base.metadata.tables["lease"]).values(holder="somebody else"))
        await one.runtime.leases.confirm(session, f"export:{id_}")
        return await real(session, *args)

    monkeypatch.setattr(store, "advance", late)
    with pytest.raises(TimeoutError):
        await one.exports.runner.step()
    assert (await one.job(id_))["rows"] == 0
    assert await one.all(CHUNKS) == []


@pytest.mark.usefixtures("small_batches")
async def test_cancelled_in_the_middle_nothing_stays(one: Exporting, monkeypatch: pytest.MonkeyPatch) -> None:
    await seeded(one, 40)
    id_ = await one.ask()
    real = store.advance
    seen: list[int] = []

    async def watched(session: Any, *args: Any) -> bool:
        done = await real(session, *args)
        seen.append(args[1])
        return done

    read = runner.reading.batch

    async def slow(session: Any, wanted: Any, limit: int, after: Any) -> Any:
        if len(seen) == 2:
            answer = await one.call("POST", f"/exports/{id_}/cancel")
            assert answer.json()["state"] == "cancelled"
        return await read(session, wanted, limit, after)

    monkeypatch.setattr(store, "advance", watched)
    monkeypatch.setattr(runner.reading, "batch", slow)
    await one.exports.runner.step()
    job = await one.job(id_)
    assert (job["state"], job["rows"]) == ("cancelled", 14)
    assert len(await one.all(CHUNKS)) == 2
    await one.exports.runner.sweep()
    assert await one.all(CHUNKS) == []
    assert await one.all(Base.metadata.tables["lease"]) == []
    await one.call("GET", f"/exports/{id_}/file", status=409)
    problem = (await one.call("POST", f"/exports/{id_}/cancel", status=409)).json()
    assert problem["type"].endswith("export.ended")


async def test_a_file_expires_and_the_trail_stays(one: Exporting, clock: ManualClock) -> None:
    await seeded(one, 3)
    job, _ = await one.made()
    clock.advance(timedelta(days=6, hours=23))
    await one.exports.runner.sweep()
    await one.call("GET", f"/exports/{job['id']}/file")
    clock.advance(timedelta(hours=1))
    assert not (await one.job(job["id"]))["available"]
    await one.call("GET", f"/exports/{job['id']}/file", status=410)
    assert len(await one.all(CHUNKS)) == 1
    assert await one.exports.runner.sweep() == 1
    assert await one.exports.runner.sweep() == 0
    assert await one.all(CHUNKS) == []
    kept = await one.job(job["id"])
    assert (kept["state"], kept["rows"], kept["created_by"]) == ("done", 3, "用户u1")
    await one.call("GET", f"/exports/{job['id']}/file", status=410)


async def test_a_user_has_so_many_at_once(one: Exporting) -> None:
    await seeded(one, 3)
    first = await one.ask()
    await one.ask()
    answer = await one.call("POST", "/exports", status=429, json={"what": "posts"})
    assert answer.headers["retry-after"] == "30"
    await one.ask(user="u2")
    await one.call("POST", f"/exports/{first}/cancel")
    await one.ask()
    await one.exports.runner.step()
    both = await asyncio.gather(
        *(one.client.post("/api/v1/exports", json={"what": "posts"}, headers=signed("u9")) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in both) == [202, 202, 429, 429]


async def test_a_fault_is_told_and_keeps_no_slot(one: Exporting, monkeypatch: pytest.MonkeyPatch) -> None:
    await seeded(one, 3)
    id_ = await one.ask()
    with monkeypatch.context() as patch:
        patch.setattr(runner.reading, "batch", lambda *_: 1 / 0)
        await one.exports.runner.step()
    job = await one.job(id_, **{"Accept-Language": "zh"})
    assert (job["state"], job["problem"]) == ("failed", "系统内部错误：ZeroDivisionError")
    await one.made()
    await one.made()


async def test_it_runs_by_itself(make_runtime: MakeRuntime, clock: ManualClock) -> None:
    one = await replica(make_runtime, clock)
    one.exports.register()
    await one.runtime.start()
    await seeded(one, 5)
    id_ = await one.ask(format="xlsx")
    async with asyncio.timeout(20):
        while (await one.job(id_))["state"] != "done":
            await asyncio.sleep(0.02)
    await one.call("DELETE", f"/exports/{id_}", status=204)
    async with asyncio.timeout(20):
        while await one.all(CHUNKS):
            await asyncio.sleep(0.02)
    await one.client.aclose()


async def test_a_file_that_goes_while_it_is_read_breaks_off(one: Exporting) -> None:
    await seeded(one, 3)
    job, _ = await one.made()
    _, content = await one.exports.file(job["id"], Principal("u1", "u1", frozenset({Role.OFFICE})))
    async with one.runtime.database.writing() as session:
        await session.execute(sa.delete(CHUNKS))
    with pytest.raises(RuntimeError, match="was deleted while"):
        _ = [piece async for piece in content]
