"""Clocks tell each thing once, in order, and a raise of level never loses a duty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.words import ClockKind, ClockState, Level
from services.cases import clocks
from services.cases.clocks import Clock, TellingKind
from tests.unit.cases.seed import PLAN, START

SHARES = PLAN.clocks.warn_at.shares
STEPS = PLAN.clocks.escalation[Level.III]
HOUR = timedelta(hours=1)
IDS = {kind: f"new-{kind}" for kind in ClockKind}
MINUTES = st.integers(0, 6000)


def clock(kind: ClockKind = ClockKind.REPORT_UP, level: Level = Level.III) -> Clock:
    """Return a clock of the plan that started at START."""
    made = clocks.start(f"old-{kind}", kind, level, PLAN, START)
    assert made is not None
    return made


def opened(level: Level) -> list[Clock]:
    """Return the clocks that a case of `level` starts with."""
    made = [clocks.start(f"old-{kind}", kind, level, PLAN, START) for kind in clocks.AT_OPENING]
    return [one for one in made if one is not None]


def after(before: Sequence[Clock], changed: Sequence[Clock]) -> dict[str, Clock]:
    """Return all clocks by id once `changed` are stored."""
    return {one.id: one for one in [*before, *changed]}


def owed(found: dict[str, Clock], kind: ClockKind) -> list[Clock]:
    """Return the open clocks of a kind."""
    return [one for one in found.values() if one.kind is kind and one.is_open]


def test_a_clock_tells_half_four_fifths_the_end_and_escalates() -> None:
    one = clock()
    said = []
    for minutes in range(0, 500, 1):
        one, told = clocks.tick(one, START + timedelta(minutes=minutes), SHARES, STEPS)
        said += [(minutes, item.kind.value, item.share) for item in told]
    assert said == [
        (120, "warning", 0.5),
        (192, "warning", 0.8),
        (240, "breached", 1.0),
        (240, "escalation", 1.0),
        (360, "escalation", 1.0),
    ]
    assert one.state is ClockState.BREACHED
    assert one.breached_at == one.due_at


def test_warnings_that_fall_due_together_are_told_as_one() -> None:
    _, told = clocks.tick(clock(), START + timedelta(minutes=200), SHARES, STEPS)
    assert [(item.kind, item.share) for item in told] == [(TellingKind.WARNING, 0.8)]


def test_a_level_without_the_limit_has_no_such_clock() -> None:
    assert clocks.start("x", ClockKind.PRESS_CONFERENCE, Level.IV, PLAN, START) is None


@given(st.lists(MINUTES, max_size=40))
def test_whenever_it_is_looked_at_each_thing_is_told_at_most_once(looks: list[int]) -> None:
    one, said = clock(), []
    for minutes in looks:
        one, told = clocks.tick(one, START + timedelta(minutes=minutes), SHARES, STEPS)
        said += [(item.kind, item.share if item.kind is TellingKind.WARNING else item.step) for item in told]
        again, nothing = clocks.tick(one, START + timedelta(minutes=minutes), SHARES, STEPS)
        assert again == one
        assert nothing == []
    assert len(said) == len(set(said))
    kinds = [kind for kind, _ in said]
    if TellingKind.BREACHED in kinds:
        assert TellingKind.WARNING not in kinds[kinds.index(TellingKind.BREACHED) :]


@given(st.lists(MINUTES, min_size=1, max_size=20))
def test_the_next_instant_is_when_there_is_something_to_say(looks: list[int]) -> None:
    one = clock()
    for minutes in sorted(looks):
        now = START + timedelta(minutes=minutes)
        due = clocks.next_instant(one, SHARES, STEPS)
        moved, told = clocks.tick(one, now, SHARES, STEPS)
        assert bool(told) == (due is not None and due <= now)
        one = moved


@given(MINUTES, MINUTES)
def test_a_duty_done_is_never_told_of_again(done: int, later: int) -> None:
    one, _ = clocks.tick(clock(), START + timedelta(minutes=done), SHARES, STEPS)
    met = clocks.meet(one, START + timedelta(minutes=done))
    assert met.state is ClockState.MET
    assert clocks.is_late(met) == (done >= 240)
    same, told = clocks.tick(met, START + timedelta(minutes=done + later), SHARES, STEPS)
    assert (same, told) == (met, [])
    assert clocks.meet(met, START + 99 * HOUR) == met
    assert clocks.cancel(met, START + 99 * HOUR) == met


@given(st.sampled_from([Level.II, Level.I]), MINUTES)
def test_a_pending_raise_runs_the_graver_clocks_and_a_refusal_restores(to: Level, minutes: int) -> None:
    at = START + timedelta(minutes=minutes)
    before = [clocks.tick(one, at, SHARES, STEPS)[0] for one in opened(Level.III)]
    raised = after(before, clocks.raise_level(before, PLAN, to, at, "p1", IDS))
    for kind in clocks.AT_OPENING:
        limit = PLAN.limit(to, kind)
        assert limit is not None
        (mine,) = owed(raised, kind)
        assert mine.level is to
        assert at <= mine.due_at <= at + limit.within
    restored = after(list(raised.values()), clocks.restore(list(raised.values()), "p1", at + HOUR))
    for one in before:
        assert restored[one.id] == one
    assert all(not one.is_open for one in restored.values() if one.proposal_id)


def test_what_was_done_while_a_raise_was_pending_counts_after_its_refusal() -> None:
    before = opened(Level.III)
    raised = after(before, clocks.raise_level(before, PLAN, Level.II, START + HOUR, "p1", IDS))
    done = clocks.meet(raised["new-report_up"], START + 2 * HOUR)
    restored = after(
        list(after(list(raised.values()), [done]).values()),
        clocks.restore([*after(list(raised.values()), [done]).values()], "p1", START + 3 * HOUR),
    )
    assert restored["old-report_up"].state is ClockState.MET
    assert restored["old-first_release"].state is ClockState.RUNNING


def test_an_answer_to_the_milder_page_counts_for_it_alone() -> None:
    before = opened(Level.III)
    raised = after(before, clocks.raise_level(before, PLAN, Level.II, START + HOUR, "p1", IDS))
    met = clocks.meet_all(list(raised.values()), ClockKind.ACKNOWLEDGE, START + 2 * HOUR, since=START)
    assert [one.id for one in met] == ["old-acknowledge"]
    now = after(list(raised.values()), met)
    assert now["new-acknowledge"].is_open
    restored = after(list(now.values()), clocks.restore(list(now.values()), "p1", START + 3 * HOUR))
    assert restored["old-acknowledge"].state is ClockState.MET
    late = clocks.meet_all(list(raised.values()), ClockKind.ACKNOWLEDGE, START + 2 * HOUR, since=START + HOUR)
    assert [one.id for one in late] == ["old-acknowledge", "new-acknowledge"]


def test_a_release_that_was_made_stays_made_but_a_graver_level_is_reported_anew() -> None:
    before = [clocks.meet(one, START + HOUR) for one in opened(Level.III)]
    raised = after(before, clocks.raise_level(before, PLAN, Level.I, START + 2 * HOUR, "p1", IDS))
    assert owed(raised, ClockKind.FIRST_RELEASE) == []
    assert len(owed(raised, ClockKind.REPORT_UP)) == 1
    assert len(owed(raised, ClockKind.ACKNOWLEDGE)) == 1
    assert len(owed(raised, ClockKind.PRESS_CONFERENCE)) == 1


@given(MINUTES, MINUTES, st.sets(st.sampled_from(clocks.AT_OPENING)))
def test_a_second_raise_in_place_of_the_first_still_restores_the_beginning(
    first: int, second: int, done: set[ClockKind]
) -> None:
    at, later = START + timedelta(minutes=first), START + timedelta(minutes=first + second)
    other = {kind: f"newer-{kind}" for kind in ClockKind}
    before = opened(Level.III)
    once = after(before, clocks.raise_level(before, PLAN, Level.II, at, "p1", IDS))
    for kind in done:
        once[f"new-{kind}"] = clocks.meet(once[f"new-{kind}"], later)
    twice = after(
        list(once.values()),
        clocks.raise_level(list(once.values()), PLAN, Level.I, later, "p2", other, superseded="p1"),
    )
    for kind in clocks.AT_OPENING:
        assert len(owed(twice, kind)) == (0 if kind in done and kind not in clocks.ANEW_AT_RAISE else 1)
        for mine in owed(twice, kind):
            if once[f"new-{kind}"].is_open:  # asking again never gives more time
                assert mine.due_at <= max(later, once[f"new-{kind}"].due_at)
    restored = after(list(twice.values()), clocks.restore(list(twice.values()), "p2", later))
    for one in before:
        expected = ClockState.MET if one.kind in done else ClockState.RUNNING
        assert restored[one.id].state is expected
        assert restored[one.id].due_at == one.due_at
    assert all(not one.is_open for one in restored.values() if one.proposal_id)


def test_a_lower_level_gives_longer_and_drops_what_it_does_not_ask() -> None:
    before = opened(Level.I)
    lowered = after(before, clocks.lower_level(before, PLAN, Level.III, START + HOUR))
    assert lowered["old-press_conference"].state is ClockState.CANCELLED
    assert lowered["old-first_release"].due_at == START + 48 * HOUR
    assert lowered["old-first_release"].warned == 0
    breached = [replace(one, state=ClockState.BREACHED, breached_at=one.due_at) for one in before]
    kept = after(breached, clocks.lower_level(breached, PLAN, Level.III, START + HOUR))
    assert kept["old-report_up"] == breached[1]


@given(MINUTES)
def test_elapsed_is_a_share(minutes: int) -> None:
    one = clock()
    assert 0 <= one.elapsed(START + timedelta(minutes=minutes)) <= 1
    assert one.elapsed(START - HOUR) == 0
    assert clocks.remaining(one, START) == 4 * HOUR
