"""Recent answers: given again for a term, worked out once, and never kept where working them out fails."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from kit.clock import ManualClock
from services.analysis.recent import TERM, Recent


class Work:
    """Answers with how often it was asked."""

    def __init__(self) -> None:
        self.times = 0
        self.broken = False

    async def __call__(self) -> int:
        self.times += 1
        await asyncio.sleep(0.005)
        if self.broken:
            raise RuntimeError
        return self.times


async def test_an_answer_holds_for_its_term_and_each_question_has_its_own() -> None:
    clock, work = ManualClock(datetime(2026, 3, 2, tzinfo=UTC)), Work()
    recent: Recent[str, int] = Recent(clock)
    assert await asyncio.gather(*(recent.get("a", work) for _ in range(9))) == [1] * 9
    assert await recent.get("b", work) == 2
    clock.advance(TERM - timedelta(seconds=1))
    assert await recent.get("a", work) == 1
    clock.advance(timedelta(seconds=1))
    assert await recent.get("a", work) == 3
    assert set(recent._kept) == {"a"}, "what is over is forgotten"


async def test_a_fault_and_one_who_goes_away_leave_it_to_the_next() -> None:
    clock, work = ManualClock(datetime(2026, 3, 2, tzinfo=UTC)), Work()
    recent: Recent[str, int] = Recent(clock)
    work.broken = True
    with pytest.raises(RuntimeError):
        await recent.get("a", work)
    work.broken = False
    first, second = (asyncio.create_task(recent.get("a", work)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 3
    assert first.cancelled()
