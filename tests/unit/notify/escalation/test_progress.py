"""Whom an escalation tells when: for any policy and course of time each step once a round, in order, until over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import Level, NotificationKind
from services.notify.escalation.policy import Policy
from services.notify.escalation.progress import Call, Progress, answered_step, begin, follow, hand_on

START = datetime(2026, 3, 1, 19, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def policy(*delays: int, repeat: int = 0, wait: int = 10, everyone: tuple[int, ...] = ()) -> Policy:
    steps = [
        {"delay_minutes": delay, "targets": [{"kind": "contact", "contact_id": f"c{i}"}], "everyone": i in everyone}
        for i, delay in enumerate(delays)
    ]
    return Policy.model_validate(
        {
            "name": "p",
            "kinds": [NotificationKind.ALERT_RAISED],
            "levels": [Level.II],
            "steps": steps,
            "repeat": repeat,
            "repeat_after_minutes": wait,
        }
    )


def taken(rules: Policy, progress: Progress, now: datetime) -> tuple[list[Call], Progress]:
    """Take everything that is due at `now`."""
    calls: list[Call] = []
    while True:
        call, progress = follow(rules, progress, now)
        if call is None:
            return calls, progress
        calls.append(call)


def minutes(rules: Policy, until: int) -> tuple[dict[int, list[tuple[int, int]]], int | None]:
    """Let time pass minute by minute; returns the calls by minute, and when it was over."""
    found: dict[int, list[tuple[int, int]]] = {}
    progress = begin(rules, START)
    for minute in range(until + 1):
        calls, progress = taken(rules, progress, START + minute * MINUTE)
        if calls:
            found[minute] = [(call.round, call.step) for call in calls]
        if progress.over:
            return found, minute
    return found, None


def test_steps_and_rounds_come_in_their_time() -> None:
    found, over = minutes(policy(0, 10, 10, repeat=1, wait=15), 200)
    assert found == {0: [(0, 0)], 10: [(0, 1)], 20: [(0, 2)], 35: [(1, 0)], 45: [(1, 1)], 55: [(1, 2)]}
    assert over == 70


def test_steps_without_delay_are_told_together() -> None:
    found, over = minutes(policy(0, 0, 5, wait=1), 20)
    assert found == {0: [(0, 0), (0, 1)], 5: [(0, 2)]}
    assert over == 6


def test_a_jump_of_an_hour_takes_each_due_step_once_and_repeats_nothing() -> None:
    rules = policy(0, 10, 10, repeat=5, wait=5)
    calls, progress = taken(rules, begin(rules, START), START)
    assert [(call.round, call.step) for call in calls] == [(0, 0)]
    later = START + 60 * MINUTE
    calls, progress = taken(rules, progress, later)
    assert [(call.round, call.step) for call in calls] == [(0, 1), (0, 2)]
    assert progress.due_at == later + 5 * MINUTE
    calls, progress = taken(rules, progress, later + 5 * MINUTE)
    assert [(call.round, call.step) for call in calls] == [(1, 0)]
    assert progress.due_at == later + 15 * MINUTE


def test_a_step_that_was_late_does_not_put_off_the_next() -> None:
    rules = policy(0, 10, 10)
    _, progress = taken(rules, begin(rules, START), START)
    calls, progress = taken(rules, progress, START + 13 * MINUTE)
    assert [call.step for call in calls] == [1]
    assert progress.due_at == START + 20 * MINUTE


def test_a_clock_set_back_leaves_the_wait_as_it_was() -> None:
    rules = policy(0, 10)
    _, progress = taken(rules, begin(rules, START), START)
    back = START - timedelta(days=2)
    calls, progress = taken(rules, progress, back)
    assert calls == []
    assert progress.due_at == back + 10 * MINUTE
    calls, _ = taken(rules, progress, back + 10 * MINUTE)
    assert [call.step for call in calls] == [1]


def test_handing_on_takes_the_next_step_at_once_and_counts_from_there() -> None:
    rules = policy(0, 10, 10)
    _, progress = taken(rules, begin(rules, START), START)
    now = START + 2 * MINUTE
    calls, progress = taken(rules, hand_on(progress, now), now)
    assert [call.step for call in calls] == [1]
    assert progress.due_at == now + 10 * MINUTE


def test_handing_on_after_the_last_step_begins_the_next_round() -> None:
    rules = policy(0, repeat=1, wait=60)
    _, progress = taken(rules, begin(rules, START), START)
    calls, progress = taken(rules, hand_on(progress, START), START)
    assert [(call.round, call.step) for call in calls] == [(1, 0)]
    calls, progress = taken(rules, hand_on(progress, START), START)
    assert calls == []
    assert progress.over


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    delays = draw(st.lists(st.integers(0, 30), min_size=1, max_size=5))
    everyone = draw(st.sets(st.integers(0, 4)))
    repeat, wait = draw(st.integers(0, 3)), draw(st.integers(1, 30))
    return policy(*delays, repeat=repeat, wait=wait, everyone=tuple(everyone))


MOVES = st.one_of(
    st.tuples(st.just("clock"), st.integers(-180, 180)),
    st.tuples(st.just("hand_on"), st.just(0)),
    st.tuples(st.just("crash"), st.just(0)),
    st.tuples(st.just("acknowledge"), st.integers(0, 4)),
    st.tuples(st.just("stop"), st.just(0)),
)


@given(policies(), st.lists(MOVES, max_size=60))
def test_each_step_once_a_round_in_order_and_never_after_the_end(rules: Policy, moves: list[tuple[str, int]]) -> None:
    """A crash loses what was computed and not committed: it is computed again from the row, with the same result."""
    now = START
    progress, committed, ended = begin(rules, now), [], False
    acknowledged: set[str] = set()
    for move, value in moves:
        if move == "clock":
            now += value * MINUTE
        elif move == "hand_on" and not ended:
            progress = hand_on(progress, now)
        elif move == "stop":
            ended = True
        elif move == "acknowledge" and value < len(rules.steps):
            acknowledged.add(f"c{value}")
            told = {call: [f"c{call.step}"] for call in committed}
            ended = ended or answered_step(rules, told, {}, acknowledged) is not None
        if move == "crash":
            lost = follow(rules, progress, now)
            assert follow(rules, progress, now) == lost
            continue
        while not ended:
            call, after = follow(rules, progress, now)
            progress = after
            if call is None:
                ended = after.over
                break
            assert call not in committed
            committed.append(call)
    order = [(round_, step) for round_ in range(rules.repeat + 1) for step in range(len(rules.steps))]
    assert [(call.round, call.step) for call in committed] == order[: len(committed)]
    assert [call.turn for call in committed] == list(range(1, len(committed) + 1))
    if progress.over:
        assert len(committed) == len(order)


@given(policies(), st.lists(st.integers(0, 500), max_size=12))
def test_nothing_comes_early_and_time_alone_brings_it_to_its_end(rules: Policy, jumps: list[int]) -> None:
    """However time jumps forward, waits between rounds are kept; and in the end everyone has been told."""
    now, progress, calls = START, begin(rules, START), []
    last_round: datetime | None = None
    for jump in (*jumps, *([10_000] * (2 * rules.repeat + 3))):
        now += jump * MINUTE
        made, progress = taken(rules, progress, now)
        for call in made:
            if call.step == 0 and call.round:
                assert last_round is not None
                assert now - last_round >= rules.wait
        if any(call.step == len(rules.steps) - 1 for call in made):
            last_round = now
        # at most what is left of one round and the whole of another that begins with it
        assert len({call.round for call in made}) <= 2
        calls += made
    assert progress.over
    assert len(calls) == (rules.repeat + 1) * len(rules.steps)


PEOPLE = {Call(0, 0, 1): ["a", "b"], Call(0, 1, 2): ["c", "d"]}


@pytest.mark.parametrize(
    ("acknowledged", "everyone", "step"),
    [
        (set(), (), None),
        ({"a"}, (), 0),
        ({"d"}, (), 1),
        ({"z"}, (), None),
        ({"e"}, (), 2),
        ({"a"}, (0,), None),
        ({"a", "b"}, (0,), 0),
        ({"a", "c"}, (0,), 1),
        ({"e"}, (2,), None),
    ],
)
def test_who_ends_it(acknowledged: set[str], everyone: tuple[int, ...], step: int | None) -> None:
    """`e` is a target of the third step, whose turn has not come, and knows of it by the notification itself."""
    rules = policy(0, 10, 10, everyone=everyone)
    assert answered_step(rules, PEOPLE, {2: ["e"]}, acknowledged) == step
