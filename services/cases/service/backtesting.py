"""Replaying a plan on what was heard: what it would have raised, beside what was raised."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kit.clock import Clock
from kit.database import Database
from kit.problems import Problem
from services.cases.plan import Plan
from services.cases.plan.backtest import Course, Point, Raised, Replay
from services.cases.plan.comparing import Comparison, compare
from services.cases.plan.saying import explain
from services.cases.service.courses import milliseconds
from services.cases.store import courses as stored

#: A replay reads at most this many points; a longer window is refused, so that an answer comes within a minute.
MAX_POINTS: Final = 4_000_000
#: The window where none is given.
DEFAULT_WINDOW: Final = timedelta(days=30)

#: Is told how many points of how many have been played.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when alerts and cases are compared."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, since: datetime | None, until: datetime | None, now: datetime) -> Window:
        """Fill in what was not given: until now, 30 days; raises a 422 where it ends before it begins."""
        end = min(until or now, now)
        begin = since if since is not None else end - DEFAULT_WINDOW
        if begin >= end:
            raise Problem(
                422,
                "invalid-fields",
                zh="回放区间为空：since 须早于 until，且不能晚于现在",
                en="The window is empty: `since` must lie before `until` and before now",
            )
        return cls(begin, end)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A replay's outcome. `titles` and `reasons` are of the first rows; a reason is that of an alert to come."""

    plan: Plan
    window: Window
    events: int
    points: int
    comparison: Comparison
    titles: dict[str, str]
    reasons: dict[tuple[str, int, float], str]

    def reason(self, raised: Raised) -> str:
        """Return why an alert would have been raised, in one sentence; empty beyond the first rows."""
        return self.reasons.get((raised.event_id, raised.rank, raised.at), "")


async def backtest(
    database: Database, plan: Plan, window: Window, *, rows: int = 500, progress: Progress | None = None
) -> Outcome:
    """Replay `plan` on the courses of events that changed within `window`, from the beginning of each.

    Reads in one transaction and computes off the event loop. Titles and reasons are added to the first `rows` events.
    Raises a 422 where the window holds more than :data:`MAX_POINTS` points.
    """
    since_ms, until_ms = milliseconds(window.since), milliseconds(window.until)
    async with database.reading() as session:
        events, points = await stored.count_points(session, since_ms, until_ms)
        if points > MAX_POINTS:
            raise Problem(
                422,
                "backtest.too-long",
                zh=f"该区间有 {points} 个数据点，超过 {MAX_POINTS}；请缩短区间",
                en=f"The window holds {points} points, more than {MAX_POINTS}; choose a shorter one",
                points=points,
            )
        decisions = await stored.decisions(session)
        replay = Replay(plan, await stored.links(session, until_ms), decisions)
        async for some in stored.courses(session, since_ms, until_ms):
            await asyncio.to_thread(_take, replay, some)
            if progress is not None:
                progress(replay.points, points)
        came = await stored.alerts_between(session, window.since, window.until)
        cases = await stored.cases_between(session, window.since, window.until)
        since, until = window.since.timestamp(), window.until.timestamp()
        comparison = await asyncio.to_thread(lambda: compare(replay.finish(), came, cases, since, until))
        first = comparison.rows[:rows]
        titles = await stored.titles(session, [row.event_id for row in first])
    would = [raised for row in first for raised in row.would]
    return Outcome(
        plan=plan,
        window=window,
        events=events,
        points=points,
        comparison=comparison,
        titles=dict(titles),
        reasons=await asyncio.to_thread(_reasons, replay, would),
    )


def _take(replay: Replay, some: Sequence[Course | list[Point]]) -> None:
    replay.take([course for course in some if isinstance(course, Course)])
    for course in some:
        if not isinstance(course, Course):
            replay.take_points(course)


def _reasons(replay: Replay, would: list[Raised]) -> dict[tuple[str, int, float], str]:
    return {(one.event_id, one.rank, one.at): explain(one.level, replay.grade(one).reasons) for one in would}


class Backtesting:
    """Backtests asked for over HTTP: one at a time on a replica, so that they never crowd out the rest."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._running = asyncio.Lock()

    async def run(self, plan: Plan, since: datetime | None, until: datetime | None, rows: int) -> Outcome:
        """Replay a plan; 503 with Retry-After where another replay is under way."""
        window = Window.of(since, until, self._clock.now())
        if self._running.locked():
            raise Problem(
                503,
                "backtest.busy",
                zh="另一次回放正在进行，请稍后再试",
                en="Another backtest is running; try again shortly",
                headers={"Retry-After": "10"},
            )
        async with self._running:
            return await backtest(self._database, plan, window, rows=rows)
