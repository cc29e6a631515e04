"""A case moved to another plan: clocks keep their start, get the new limit, and none is late without being told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.words import ClockKind, ClockState, Level
from services.cases.clocks import AT_OPENING, Clock, start
from services.cases.moving import ClockMove, move_clocks, warned_anew
from services.cases.plan import Plan
from services.cases.plan.figures import Limit
from tests.unit.cases.plans import SHIPPED, Shipped
from tests.unit.cases.seed import PLAN, START

IDS = {kind: f"new-{kind}" for kind in ClockKind}
HOUR = timedelta(hours=1)


def with_limits(plan: Plan, level: Level, limits: dict[ClockKind, timedelta | None]) -> Plan:
    """Return a plan with other limits at a level; None takes one away."""
    mine = {
        **plan.clocks.limits[level],
        **{kind: Limit(within=length, default="project") for kind, length in limits.items() if length is not None},
    }
    kept = {kind: limit for kind, limit in mine.items() if limits.get(kind, limit) is not None}
    clocks = plan.clocks.model_copy(update={"limits": {**plan.clocks.limits, level: kept}})
    return plan.model_copy(update={"clocks": clocks})


def running(kind: ClockKind, level: Level = Level.II) -> Clock:
    """Return a clock of the seed's plan that runs since START."""
    clock = start(f"old-{kind}", kind, level, PLAN, START)
    assert clock is not None
    return clock


def moved(clocks: list[Clock], new: Plan, after: timedelta, *, working: bool = True) -> list[ClockMove]:
    """Move clocks of level II from the seed's plan `after` their start."""
    return move_clocks(clocks, PLAN, new, Level.II, START + after, IDS, working=working)


def test_a_running_clock_keeps_its_start_and_gets_the_new_limit() -> None:
    new = with_limits(PLAN, Level.II, {ClockKind.FIRST_RELEASE: 4 * HOUR})
    (move,) = moved([running(ClockKind.FIRST_RELEASE), running(ClockKind.REPORT_UP)], new, HOUR / 2)
    assert (move.how, move.clock.id, move.clock.started_at) == ("limit", "old-first_release", START)
    assert (move.old_due_at, move.new_due_at) == (START + 5 * HOUR, START + 4 * HOUR)
    assert not move.overdue
    assert move.say() == "首次发布时限由5 小时改为4 小时（2026-03-02 12:00 到期）"


def test_a_new_time_that_is_over_is_said() -> None:
    new = with_limits(PLAN, Level.II, {ClockKind.FIRST_RELEASE: HOUR})
    (move,) = moved([running(ClockKind.FIRST_RELEASE)], new, 2 * HOUR)
    assert move.overdue
    assert move.clock.state is ClockState.RUNNING  # the next look at the clocks tells of the breach
    assert "已超时" in move.say()


def test_a_duty_that_the_new_plan_does_not_know_ends_and_one_that_only_it_knows_starts_now() -> None:
    without = with_limits(PLAN, Level.II, {ClockKind.PRESS_CONFERENCE: None})
    (ended,) = moved([running(ClockKind.PRESS_CONFERENCE)], without, HOUR)
    assert (ended.how, ended.clock.state, ended.new_due_at) == ("ended", ClockState.CANCELLED, None)
    back = move_clocks([], without, PLAN, Level.II, START + HOUR, IDS, working=True)
    assert [(move.how, move.clock.kind, move.clock.started_at) for move in back] == [
        ("started", ClockKind.PRESS_CONFERENCE, START + HOUR)
    ]
    assert move_clocks([], without, PLAN, Level.II, START + HOUR, IDS, working=False) == []


def test_what_was_breached_met_or_is_a_task_stays_as_it_is() -> None:
    new = with_limits(PLAN, Level.II, {ClockKind.FIRST_RELEASE: 30 * HOUR, ClockKind.REPORT_UP: 30 * HOUR})
    breached = replace(running(ClockKind.REPORT_UP), state=ClockState.BREACHED, breached_at=START + HOUR)
    met = replace(running(ClockKind.FIRST_RELEASE), state=ClockState.MET, ended_at=START + HOUR)
    task = Clock("task", ClockKind.TASK, Level.II, START, START + HOUR, subject="t")
    assert moved([breached, met, task], new, 2 * HOUR) == []


def test_time_that_a_clock_stood_still_is_not_counted() -> None:
    clock = replace(running(ClockKind.REPORT_UP), due_at=START + 2 * HOUR, paused_seconds=3600.0)
    new = with_limits(PLAN, Level.II, {ClockKind.REPORT_UP: HOUR / 2})
    (move,) = moved([clock], new, HOUR)
    assert move.new_due_at == START + 1.5 * HOUR


def test_a_clock_that_a_raise_brought_forward_is_not_put_off() -> None:
    clock = replace(running(ClockKind.FIRST_RELEASE), due_at=START + 2 * HOUR)
    (move,) = moved([clock], with_limits(PLAN, Level.II, {ClockKind.FIRST_RELEASE: 4 * HOUR}), HOUR)
    assert move.new_due_at == START + 2 * HOUR


@given(
    st.sampled_from(SHIPPED),
    st.sampled_from(SHIPPED),
    st.sampled_from(Level),
    st.floats(0, 60),
    st.sampled_from([ClockState.RUNNING, ClockState.MET, ClockState.CANCELLED, ClockState.BREACHED]),
)
def test_between_any_two_plans_every_running_clock_is_by_the_new_one(
    one: Shipped, other: Shipped, level: Level, hours: float, state: ClockState
) -> None:
    old, new = one.plan, other.plan
    now = START + hours * HOUR
    clocks = [clock for kind in AT_OPENING if (clock := start(f"c-{kind}", kind, level, old, START)) is not None]
    clocks = [clocks[0], *(replace(clock, state=state) for clock in clocks[1:])]
    moves = move_clocks(clocks, old, new, level, now, IDS, working=True)
    by_id = {move.clock.id: move for move in moves}
    for clock in clocks:
        limit = new.limit(level, clock.kind)
        after = by_id[clock.id].clock if clock.id in by_id else clock
        if clock.state is not ClockState.RUNNING:
            assert after == clock
        elif limit is None:
            assert after.state is ClockState.CANCELLED
        else:
            assert (after.started_at, after.due_at) == (START, START + limit.within)
            if clock.id in by_id:
                assert by_id[clock.id].overdue == (after.due_at <= now)
    for move in moves:
        assert move.say()
        assert move.as_json()["how"] == move.how


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 2))
def test_no_warning_is_told_twice(elapsed: float, told: int) -> None:
    water = SHIPPED[1].plan
    clock = replace(running(ClockKind.FIRST_RELEASE), warned=told)
    now = clock.instant_of(elapsed)
    again = warned_anew(clock, PLAN, water, now)
    counted = water.clocks.warn_at.shares[: again.warned]
    last_told = PLAN.clocks.warn_at.shares[told - 1] if told else 0.0
    assert all(share <= last_told for share in counted)
    assert all(share > last_told or share > elapsed for share in water.clocks.warn_at.shares[again.warned :])
