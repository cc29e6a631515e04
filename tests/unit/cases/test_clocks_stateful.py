"""Clocks through any sequence of looks, pauses, raises, refusals, evidence and restarts, against plain models."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.words import ClockKind, ClockState, Level, Role
from services.cases import clocks
from services.cases.clocks import Clock, TellingKind
from services.cases.lifecycle import Refused
from services.cases.plan.pausing import PauseRule
from tests.unit.cases.seed import PLAN, START

SHARES = PLAN.clocks.warn_at.shares
LIMIT = timedelta(minutes=100)
RULE = PauseRule(
    kinds=(ClockKind.TASK,),
    levels=tuple(Level),
    reasons=("等待",),
    at_most=timedelta(minutes=60),
    roles=(Role.OFFICE,),
    default="project",
)
MINUTES = st.integers(0, 45).map(lambda minutes: timedelta(minutes=minutes))


def restarted(clock: Clock) -> Clock:
    """Return a clock as another replica reads it out of the database."""
    return Clock(**asdict(clock))


class PausedClock(RuleBasedStateMachine):
    """One clock beside a stopwatch that only counts minutes in which it was not paused."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.clock = Clock("c", ClockKind.TASK, Level.III, START, START + LIMIT)
        self.worked = timedelta()
        self.paused: timedelta | None = None  # what is left of the pause
        self.spent = timedelta()
        self.said: list[tuple[TellingKind, float]] = []

    def _running(self) -> bool:
        return self.clock.is_open

    @rule(by=MINUTES)
    def time_passes(self, by: timedelta) -> None:
        self.now += by
        if not self._running():
            return
        if self.paused is not None:
            still = min(by, self.paused)
            self.spent += still
            self.paused -= still
            by -= still
            if self.paused == timedelta():
                self.paused = None
        self.worked += by

    @rule()
    def looked_at(self) -> None:
        self.clock, told = clocks.tick(restarted(self.clock), self.now, SHARES, ())
        self.said += [(one.kind, one.share) for one in told]
        again, nothing = clocks.tick(self.clock, self.now, SHARES, ())
        assert (again, nothing) == (self.clock, [])

    @precondition(lambda self: self._running())
    @rule(lasting=st.none() | st.integers(1, 90).map(lambda minutes: timedelta(minutes=minutes)))
    def pause(self, lasting: timedelta | None) -> None:
        self.looked_at()
        left = RULE.at_most - self.spent
        if self.clock.state is not ClockState.RUNNING or self.paused is not None or left <= timedelta():
            with pytest.raises(Refused):
                clocks.pause(self.clock, RULE, self.now, lasting)
            return
        self.clock = clocks.pause(self.clock, RULE, self.now, lasting)
        self.paused = min(left, lasting or left)

    @rule()
    def resume(self) -> None:
        self.looked_at()
        if self.paused is None or not self._running():
            with pytest.raises(Refused):
                clocks.resume(self.clock, self.now)
            return
        self.clock = clocks.resume(self.clock, self.now)
        self.paused = None

    @precondition(lambda self: self.worked > timedelta(minutes=70))
    @rule()
    def meet(self) -> None:
        self.looked_at()
        self.clock = clocks.meet(self.clock, self.now)
        self.paused = None

    @invariant()
    def it_stands_where_the_stopwatch_does(self) -> None:
        seen, _ = clocks.tick(self.clock, self.now, SHARES, ())
        if seen.is_open:
            assert seen.elapsed(self.now) == pytest.approx(min(1.0, self.worked / LIMIT))
            assert (seen.state is ClockState.BREACHED) == (self.worked >= LIMIT)
            assert clocks.remaining(seen, self.now) == LIMIT - self.worked
            assert seen.is_paused == (self.paused is not None)
        assert seen.paused_seconds <= RULE.at_most.total_seconds()
        assert clocks.is_late(seen) == (self.worked >= LIMIT)

    @invariant()
    def each_thing_is_said_once_and_in_time(self) -> None:
        said = [one for one in self.said if one[0] is not TellingKind.RESUMED]
        assert len(said) == len(set(said))
        for kind, share in said:
            assert self.worked >= LIMIT * (share if kind is TellingKind.WARNING else 1)

    @invariant()
    def it_is_looked_at_again_no_later_than_it_has_something_to_say(self) -> None:
        due = clocks.next_instant(self.clock, SHARES, ())
        _, told = clocks.tick(self.clock, self.now, SHARES, ())
        assert bool(told) == (due is not None and due <= self.now)


class Levels(RuleBasedStateMachine):
    """The clocks of a case whose level is raised, refused, lowered, and whose duties are done."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.level, self.count = START, Level.III, 0
        self.clocks: dict[str, Clock] = {}
        self.pending: str | None = None
        self.proposed = Level.III
        self.before: dict[str, Clock] = {}
        self.met_since: set[ClockKind] = set()
        self.owed: set[ClockKind] = set()

    @initialize(level=st.sampled_from([Level.IV, Level.III, Level.II]))
    def open(self, level: Level) -> None:
        self.level = level
        for kind in clocks.AT_OPENING:
            made = clocks.start(f"first-{kind}", kind, level, PLAN, self.now)
            if made is not None:
                self.clocks[made.id] = made
                self.owed.add(kind)

    def _save(self, changed: list[Clock]) -> None:
        self.clocks |= {one.id: restarted(one) for one in changed}

    @rule(by=st.integers(0, 600))
    def time_passes(self, by: int) -> None:
        self.now += timedelta(minutes=by)
        for one in list(self.clocks.values()):
            steps = PLAN.clocks.escalation[one.level]
            moved, _ = clocks.tick(one, self.now, SHARES, steps)
            self._save([moved])

    @precondition(lambda self: self.level is not Level.I and self.proposed is not Level.I)
    @rule()
    def propose_raise(self) -> None:
        to = Level.of_rank(max(self.level.rank, self.proposed.rank if self.pending else 0) + 1)
        if self.pending is None:
            self.before, self.met_since = dict(self.clocks), set()
        self.count += 1
        proposal = f"p{self.count}"
        ids = {kind: f"{proposal}-{kind}" for kind in ClockKind}
        soonest = {one.kind: one.due_at for one in self.clocks.values() if one.state is ClockState.RUNNING}
        changed = clocks.raise_level(
            list(self.clocks.values()), PLAN, to, self.now, proposal, ids, superseded=self.pending
        )
        self._save(changed)
        self.pending, self.proposed = proposal, to
        self.owed |= {kind for kind in clocks.ANEW_AT_RAISE if PLAN.limit(to, kind)}
        for one in self.clocks.values():
            if one.is_open and one.kind in soonest:  # a raise never gives more time
                assert one.due_at <= max(self.now, soonest[one.kind])

    @precondition(lambda self: self.pending is not None)
    @rule()
    def refuse(self) -> None:
        assert self.pending is not None
        self._save(clocks.restore(list(self.clocks.values()), self.pending, self.now))
        for one in self.before.values():
            back = self.clocks[one.id]
            assert back.due_at == one.due_at
            if one.is_open:
                assert back.state is (ClockState.MET if one.kind in self.met_since else one.state)
            else:
                assert back == one
        assert all(not one.is_open for one in self.clocks.values() if one.proposal_id == self.pending)
        self.owed = {one.kind for one in self.before.values() if one.is_open} - self.met_since
        self.pending, self.proposed = None, self.level

    @precondition(lambda self: self.pending is not None)
    @rule()
    def approve(self) -> None:
        self.level, self.pending = self.proposed, None

    @precondition(lambda self: self.pending is None and self.level is not Level.IV)
    @rule()
    def lower(self) -> None:
        to = Level.of_rank(self.level.rank - 1)
        before = dict(self.clocks)
        self._save(clocks.lower_level(list(self.clocks.values()), PLAN, to, self.now))
        for one in before.values():
            if one.is_open:  # a lowering takes no time away
                assert self.clocks[one.id].due_at >= one.due_at
        self.owed -= {kind for kind in ClockKind if PLAN.limit(to, kind) is None}
        self.level = self.proposed = to

    @rule(kind=st.sampled_from(clocks.AT_OPENING))
    def meet(self, kind: ClockKind) -> None:
        met = clocks.meet_all(list(self.clocks.values()), kind, self.now)
        proved = [replace(one, met_by={"entry": self.count}) for one in met]
        self._save(proved)
        if met:
            self.met_since.add(kind)
        self.owed.discard(kind)

    @invariant()
    def every_duty_is_owed_by_exactly_one_clock(self) -> None:
        owed: dict[ClockKind, list[Any]] = {}
        for one in self.clocks.values():
            if one.is_open:
                owed.setdefault(one.kind, []).append(one)
        assert set(owed) == self.owed
        assert all(len(found) == 1 for found in owed.values())

    @invariant()
    def what_was_met_says_by_what(self) -> None:
        assert all(one.met_by is not None for one in self.clocks.values() if one.state is ClockState.MET)


PausedClock.TestCase.settings = Levels.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None
)
TestPausedClock = PausedClock.TestCase
TestLevels = Levels.TestCase
