"""What 10,000 running clocks cost, and how long a burst of 1,000 that run out at once takes: `python bench/clocks.py`.

2,500 cases of level IV with four clocks each, which are at any point of their time. The pass of the cases service is
run as in production, once a second, over an hour of simulated time: every warning and breach that falls due is told,
with its entry, its notices and its messages in the outbox. CPU is that of this process and, on PostgreSQL, of the
server's processes. Then 1,000 further cases, a clock of each of which runs out at the same instant.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psutil
import sqlalchemy as sa
from pydantic import SecretStr

from contracts.words import CaseState, ClockKind, IncidentType, Level, WatchMode
from kit import embedded, migrations
from kit.clock import ManualClock
from kit.ids import new_id
from kit.logging import configure
from kit.runtime import Runtime
from services.cases import clocks
from services.cases.models import Base, CaseRow, ClockRow
from services.cases.plan import Plan
from services.cases.service.deadlines import Deadlines
from services.cases.service.desk import Desk
from services.cases.settings import CasesSettings

CASES: Final = 2500
KINDS: Final = (ClockKind.REPORT_UP, ClockKind.FIRST_RELEASE, ClockKind.NEXT_UPDATE, ClockKind.REVIEW)
IDLE: Final = 100
PASSES: Final = 3600
BURST: Final = 1000
START: Final = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Cost:
    """Seconds of CPU of this process and of the database's, of wall clock, and how many things were told."""

    own: float
    server: float
    wall: float
    told: int


def main() -> None:
    """Measure on SQLite and, where it can be started, on PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append", help="default: both")
    parser.add_argument("--passes", type=int, default=PASSES, help="passes, one a simulated second")
    given = parser.parse_args()
    passes: int = given.passes
    configure("bench", level="warning")
    for name in given.database or ("sqlite", "postgresql"):
        with _database(name) as (url, server):
            idle, quiet, burst = asyncio.run(_measure(url, server, passes))
        print(f"{name}: {CASES * len(KINDS):,} running clocks")
        print(f"  a pass with nothing due: {_cpu(idle) / IDLE * 1000:.2f} ms of CPU, {_cpu(idle) / IDLE:.2%} of one")
        share = _cpu(quiet) / passes
        print(
            f"  {passes:,} passes, one a second, {quiet.told:,} tellings: {_cpu(quiet):.1f} s of CPU "
            f"({quiet.own:.1f} own, {quiet.server:.1f} server), {share:.2%} of one CPU"
        )
        print(
            f"  {burst.told:,} clocks that run out at once: {burst.wall:.1f} s, {_cpu(burst):.1f} s of CPU, "
            f"{_cpu(burst) / burst.told * 1000:.1f} ms each",
            flush=True,
        )


def _cpu(cost: Cost) -> float:
    return cost.own + cost.server


@contextmanager
def _database(name: str) -> Iterator[tuple[str, Path | None]]:
    with tempfile.TemporaryDirectory(prefix="huiying-clocks-", ignore_cleanup_errors=True) as folder:
        if name == "sqlite":
            yield f"sqlite:///{folder}/{{service}}.db", None
            return
        Path(folder).chmod(0o755)
        server = embedded.EmbeddedPostgres(Path(folder))
        server.start()
        try:
            yield server.url(), Path(folder)
        finally:
            server.stop()


async def _measure(url: str, server: Path | None, passes: int) -> tuple[Cost, Cost, Cost]:
    settings = CasesSettings(
        database_url=url, redis_url="redis://127.0.0.1:1/0", internal_key=SecretStr("of-no-use-0123456789-0123456789")
    )
    clock = ManualClock(START)
    runtime = Runtime(settings, "cases", Base, clock=clock)
    try:
        await migrations.upgrade(settings.database_url_for("cases"), "cases", Base.metadata)
        desk = Desk.of(runtime)
        await desk.plans.begin(settings.plan_path())
        async with runtime.database.reading() as session:
            plan = await desk.plans.in_force(session)
        deadlines = Deadlines(desk)
        rng = random.Random(1)
        await _fill(runtime, plan, clock.now(), [[rng.random() for _ in KINDS] for _ in range(CASES)], KINDS)
        idle = await _run(deadlines, clock, IDLE, timedelta(), server)
        quiet = await _run(deadlines, clock, passes, timedelta(seconds=1), server)
        await _fill(runtime, plan, clock.now(), [[0.999999]] * BURST, (ClockKind.REPORT_UP,))
        clock.advance(timedelta(minutes=1))
        async with runtime.database.reading() as session:
            due = await session.scalar(
                sa.select(sa.func.count()).select_from(ClockRow).where(ClockRow.next_at <= clock.now())  # type: ignore[arg-type,operator]
            )
        told, wall, own, served = 0, time.perf_counter(), time.process_time(), _server_cpu(server)
        while some := await deadlines.move_on():
            told += some
        burst = Cost(time.process_time() - own, _server_cpu(server) - served, time.perf_counter() - wall, int(due or 0))
        assert told >= burst.told >= BURST
        return idle, quiet, burst
    finally:
        await runtime.database.dispose()
        await runtime.redis.aclose()


async def _run(deadlines: Deadlines, clock: ManualClock, passes: int, by: timedelta, server: Path | None) -> Cost:
    told, wall, own, served = 0, time.perf_counter(), time.process_time(), _server_cpu(server)
    for _ in range(passes):
        clock.advance(by)
        told += await deadlines.move_on()
    return Cost(time.process_time() - own, _server_cpu(server) - served, time.perf_counter() - wall, told)


def _server_cpu(folder: Path | None) -> float:
    """Return the seconds of CPU that the database's processes have taken, ended ones of its backends included."""
    if folder is None:
        return 0.0
    total = 0.0
    for process in psutil.process_iter(["name"]):
        if not (process.info["name"] or "").startswith("postgres"):
            continue
        try:
            line = " ".join(process.parent().cmdline() if process.parent() else []) + " ".join(process.cmdline())
            if str(folder) not in line:
                continue
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
        except psutil.Error:
            continue
    return total


async def _fill(
    runtime: Runtime, plan: Plan, now: datetime, shares: list[list[float]], kinds: tuple[ClockKind, ...]
) -> None:
    """Store cases with a clock of every kind, of whose time `shares` have passed, with all told that was due."""
    cases, rows = [], []
    taken = int(time.monotonic_ns())
    for number, passed in enumerate(shares):
        started = now - timedelta(days=1)
        case = {
            "id": new_id(),
            "number": f"B-{taken}-{number}",
            "title": "补偿款发放迟缓",
            "summary": "",
            "state": CaseState.RESPONDING,
            "level": Level.IV,
            "level_active": True,
            "incident_type": IncidentType.OTHER,
            "plan_version": plan.version,
            "automatic": False,
            "opened_by": "bench",
            "watch_mode": WatchMode.ROUTINE,
            "drill": False,
            "detected_at": started,
            "opened_at": started,
            "updated_at": started,
            "sequence": 0,
            "head": "",
        }
        cases.append(case)
        for kind, share in zip(kinds, passed, strict=True):
            limit = plan.limit(Level.IV, kind)
            assert limit is not None
            made = clocks.start(new_id(), kind, Level.IV, plan, now - limit.within * share)
            assert made is not None
            told = (plan.clocks.warn_at.shares, plan.clocks.escalation[Level.IV])
            made, _ = clocks.tick(made, now, *told)
            due = clocks.next_instant(made, *told)
            rows.append({**ClockRow(**_values(made), case_id=case["id"], next_at=due).model_dump()})
    async with runtime.database.writing() as session:
        for table, values in ((CaseRow, cases), (ClockRow, rows)):
            for at in range(0, len(values), 500):
                await session.execute(sa.insert(table), values[at : at + 500])


def _values(clock: clocks.Clock) -> dict[str, object]:
    return {name: getattr(clock, name) for name in clock.__slots__}


if __name__ == "__main__":
    main()
