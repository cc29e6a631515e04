"""Measure how long a changed plan takes to be replayed on 30 days of stored courses.

    python bench/backtest.py [--events 5000] [--points 200] [--database sqlite:///…]

Makes a database with the courses of `--events` events, `--points` points each on average, and the alerts that the
seed's plan would have raised on them; then replays a changed plan as `POST /api/v1/plans/backtest` does, from the
database to the report, on one core. The peer in the same run grades the same points one by one with `grade()` and the
same holding rules, on every event of a sample, whose time is scaled to all points; its suggestions must be the same.
The seconds to make the data are not counted. Seeds are fixed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import platform
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from bench.backtest_parts.courses import events
from contracts.words import AlertStatus, Level
from kit.database import Database
from services.cases.models import AlertRow, Base, CoursePoint
from services.cases.plan import Plan, load_plan
from services.cases.plan.backtest import Point, Replay
from services.cases.plan.course import decode
from services.cases.plan.grading import grade_facts
from services.cases.plan.holding import Holding, Rules, Seen, consider
from services.cases.schemas.backtests import BacktestOut
from services.cases.service.backtesting import Window, backtest

PLAN = Path(__file__).parents[1] / "plans" / "puer-resettlement-2019.yaml"
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 30
SEED = 7
SAMPLE = 30


def changed(plan: Plan) -> Plan:
    """Return the plan with stricter figures, as an officer might try them: three sources, half the interactions."""
    grading = plan.grading
    triggers = tuple(
        trigger.model_copy(update={"at_least": 3.0}) if trigger.key == "two_sources" else trigger
        for trigger in grading.triggers
    )
    counts = tuple(
        count.model_copy(
            update={
                "levels": {
                    level: bound.model_copy(update={"at_least": bound.at_least / 2}) if bound.at_least else bound
                    for level, bound in count.levels.items()
                }
            }
        )
        if count.key == "interactions"
        else count
        for count in grading.counts
    )
    meta = plan.meta.model_copy(update={"version": f"{plan.version}-changed"})
    grading = grading.model_copy(update={"triggers": triggers, "counts": counts})
    return plan.model_copy(update={"meta": meta, "grading": grading})


async def fill(database: Database, plan: Plan, count: int, points: int) -> int:
    """Store courses and the alerts of `plan` on them; returns how many points."""
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    replay = Replay(plan)
    total = 0
    async with database.writing() as session:
        for course in events(count, points, SINCE, DAYS, SEED):
            total += len(course)
            await session.execute(CoursePoint.__table__.insert(), [point._asdict() for point in course])  # type: ignore[attr-defined]
            replay.take_points(course)
        rows = [
            AlertRow(
                id=f"alert-{i:06d}",
                event_id=one.event_id,
                event_title=f"第 {one.event_id} 号事件",
                level=Level.of_rank(one.rank),
                rank=one.rank,
                status=AlertStatus.OPEN,
                reasons=[],
                plan_version=plan.version,
                raised_at=datetime.fromtimestamp(one.at, UTC),
            )
            for i, one in enumerate(replay.finish())
        ]
        session.add_all(rows)
    return total


def one_by_one(plan: Plan, course: list[Point]) -> list[tuple[str, int, float]]:
    """Return what is suggested of an event by grading every point plainly."""
    rules, holding, suggested = Rules.of(plan.grading), Holding(), 0
    found = []
    for point in course:
        facts = decode([float(number) for number in point.figures.split(",")])
        seen = Seen.of(grade_facts(plan, point.topics.split(","), facts))
        at = point.at_ms / 1000
        holding, suggestion = consider(holding, seen, at, rules, suggested=suggested, decided=0)
        if suggestion is not None:
            suggested = max(suggested, suggestion.rank)
            found.append((point.event_id, suggestion.rank, at))
    return found


async def measure(url: str, count: int, points: int) -> None:
    """Fill a database, replay, and print."""
    plan = load_plan(PLAN)
    other = changed(plan)
    database = Database(url, "cases")
    try:
        total = await fill(database, plan, count, points)
        cpus = len(os.sched_getaffinity(0))
        print(f"Python {platform.python_version()}, numpy {np.__version__}, {cpus} core(s), {database.dialect}")
        print(f"{count} events, {total} points over {DAYS} days")
        window = Window(SINCE, SINCE + timedelta(days=DAYS))
        started, cpu = time.perf_counter(), time.process_time()
        outcome = await backtest(database, other, window, rows=200)
        shown = BacktestOut.of(outcome, 200)
        wall, spent = time.perf_counter() - started, time.process_time() - cpu
    finally:
        await database.dispose()
    courses = list(itertools.islice(events(count, points, SINCE, DAYS, SEED), SAMPLE))
    started = time.perf_counter()
    plain = [suggestion for course in courses for suggestion in one_by_one(other, course)]
    peer = time.perf_counter() - started
    taken = sum(map(len, courses))
    names = {course[0].event_id for course in courses}
    ours = [(one.event_id, one.rank, one.at) for row in outcome.comparison.rows for one in row.would]
    same = sorted(plain) == sorted(one for one in ours if one[0] in names)
    scaled = peer * total / taken
    print(f"backtest, database to report: {wall:.2f} s wall, {spent:.2f} s CPU; {total / wall:,.0f} points/s")
    print(f"grade() one by one, without the database: {scaled:.1f} s (measured on {taken} points in {peer:.2f} s)")
    print(f"ratio: {scaled / wall:.0f} x; the same suggestions on the sample: {'yes' if same else 'NO'}")
    print(shown.summary)
    if not same:
        raise SystemExit(1)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--database", default="", help="an empty database; default: SQLite in a folder of its own")
    arguments = parser.parse_args()
    # one core, so that the figure holds for the smallest machine
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory(prefix="huiying-backtest-") as folder:
        url = arguments.database or f"sqlite+aiosqlite:///{folder}/cases.db"
        asyncio.run(measure(url, arguments.events, arguments.points))


if __name__ == "__main__":
    main()
