"""Deadlines: started by the plan, met by evidence, warning at shares of their time, escalating when breached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from contracts.words import ClockKind, ClockState, Level
from services.cases.plan.schema import EscalationStep, Plan

#: Kinds as officers call them.
KIND_NAMES: Final = {
    ClockKind.REPORT_UP: "上报",
    ClockKind.FIRST_RELEASE: "首次发布",
    ClockKind.PRESS_CONFERENCE: "新闻发布会",
    ClockKind.NEXT_UPDATE: "后续发布",
    ClockKind.ACKNOWLEDGE: "签收",
    ClockKind.TASK: "任务",
    ClockKind.REVIEW: "总结评估",
}
#: Kinds that start when a case is opened.
AT_OPENING: Final = (
    ClockKind.ACKNOWLEDGE,
    ClockKind.REPORT_UP,
    ClockKind.FIRST_RELEASE,
    ClockKind.PRESS_CONFERENCE,
)
#: Kinds that a raise of level starts anew even where they had been met: the graver level must be reported and received.
ANEW_AT_RAISE: Final = frozenset({ClockKind.ACKNOWLEDGE, ClockKind.REPORT_UP, ClockKind.PRESS_CONFERENCE})


@dataclass(frozen=True, slots=True)
class Clock:
    """One deadline.

    `warned` is how many of the plan's warning shares have been told, `escalated` how many escalation steps.
    `proposal_id` marks a clock that a pending raise started, `replaces` the clock it stands in for. A clock that was
    met after its breach keeps `breached_at`. `subject` is the task's id for kind `task`.
    """

    id: str
    kind: ClockKind
    level: Level
    started_at: datetime
    due_at: datetime
    state: ClockState = ClockState.RUNNING
    warned: int = 0
    escalated: int = 0
    breached_at: datetime | None = None
    ended_at: datetime | None = None
    proposal_id: str | None = None
    replaces: str | None = None
    subject: str | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the duty is still owed: running, or breached and not yet met."""
        return self.state in (ClockState.RUNNING, ClockState.BREACHED)

    def elapsed(self, now: datetime) -> float:
        """Return the share of the clock's time that has passed at `now`, 0..1."""
        whole = (self.due_at - self.started_at).total_seconds()
        return 1.0 if whole <= 0 else min(1.0, max(0.0, (now - self.started_at).total_seconds() / whole))

    def instant_of(self, share: float) -> datetime:
        """Return when `share` of the clock's time has passed."""
        return self.started_at + (self.due_at - self.started_at) * share


class TellingKind(StrEnum):
    """What a clock has to say."""

    WARNING = "warning"
    BREACHED = "breached"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True)
class Telling:
    """Something that a clock says once: a warning at `share`, the breach, or escalation step number `step`."""

    kind: TellingKind
    share: float = 1.0
    step: int | None = None


def start(id_: str, kind: ClockKind, level: Level, plan: Plan, at: datetime) -> Clock | None:
    """Return a clock of the plan's limit that runs from `at`; None where the level has no such limit."""
    limit = plan.limit(level, kind)
    return Clock(id_, kind, level, at, at + limit.within) if limit else None


def tick(
    clock: Clock, now: datetime, shares: Sequence[float], steps: Sequence[EscalationStep]
) -> tuple[Clock, list[Telling]]:
    """Move a clock to `now`; returns it with what it says for the first time.

    Of several warnings that fall due together only the last is told. Once breached it warns no more. Calling again
    with the same or an earlier time says nothing.
    """
    told: list[Telling] = []
    if clock.state is ClockState.RUNNING:
        if now >= clock.due_at:
            clock = replace(clock, state=ClockState.BREACHED, breached_at=clock.due_at, warned=len(shares))
            told.append(Telling(TellingKind.BREACHED))
        else:
            reached = sum(1 for share in shares if now >= clock.instant_of(share))
            if reached > clock.warned:
                clock = replace(clock, warned=reached)
                told.append(Telling(TellingKind.WARNING, share=shares[reached - 1]))
    if clock.state is ClockState.BREACHED:
        reached = sum(1 for step in steps if now >= clock.due_at + step.after)
        told += [Telling(TellingKind.ESCALATION, step=i) for i in range(clock.escalated, reached)]
        clock = replace(clock, escalated=max(clock.escalated, reached))
    return clock, told


def next_instant(clock: Clock, shares: Sequence[float], steps: Sequence[EscalationStep]) -> datetime | None:
    """Return when :func:`tick` will next have something to say, or None where it never will."""
    if clock.state is ClockState.RUNNING:
        return clock.instant_of(shares[clock.warned]) if clock.warned < len(shares) else clock.due_at
    if clock.state is ClockState.BREACHED and clock.escalated < len(steps):
        return clock.due_at + steps[clock.escalated].after
    return None


def meet(clock: Clock, at: datetime) -> Clock:
    """Record that the duty was done; a breached clock keeps the time of its breach. Closed clocks stay as they are."""
    return replace(clock, state=ClockState.MET, ended_at=at) if clock.is_open else clock


def meet_all(
    clocks: Sequence[Clock],
    kind: ClockKind,
    at: datetime,
    *,
    since: datetime | None = None,
    subject: str | None = None,
) -> list[Clock]:
    """Record evidence that a duty was done; returns the clocks that it met.

    With `since` (when the thing answered was sent) only clocks that had started by then are met, and with them those
    that rest while a pending raise stands in for them: an answer to the milder level's page stays an answer when the
    raise is refused.
    """
    resting = {clock.replaces for clock in clocks if clock.is_open and clock.replaces}
    met: list[Clock] = []
    for clock in clocks:
        if clock.kind is not kind or (subject is not None and clock.subject != subject):
            continue
        if since is not None and clock.started_at > since:
            continue
        if clock.is_open:
            met.append(meet(clock, at))
        elif since is not None and clock.id in resting and clock.state is ClockState.CANCELLED:
            met.append(replace(clock, state=ClockState.MET, ended_at=at))
    return met


def cancel(clock: Clock, at: datetime) -> Clock:
    """Record that the duty is no longer owed. Closed clocks stay as they are."""
    return replace(clock, state=ClockState.CANCELLED, ended_at=at) if clock.is_open else clock


def is_late(clock: Clock) -> bool:
    """Tell whether the duty was done late, or is late."""
    return clock.breached_at is not None


def raise_level(
    clocks: Sequence[Clock],
    plan: Plan,
    to: Level,
    at: datetime,
    proposal_id: str,
    ids: Mapping[ClockKind, str],
    *,
    superseded: str | None = None,
) -> list[Clock]:
    """Start the clocks of a graver level while its approval is pending (fail safe); returns every clock that changed.

    A duty still owed gets a clock that is due at the earlier of its old time and `at` plus the graver limit, and the
    old clock rests as cancelled until the decision. Duties of :data:`ANEW_AT_RAISE` start anew even where they were
    met; a release that was made stays made. `ids` holds a new id for every kind. Clocks of a pending proposal that
    this one takes the place of (`superseded`) hand on what they stood in for.
    """
    changed: list[Clock] = []
    by_id = {clock.id: clock for clock in clocks}
    for kind in (*AT_OPENING, ClockKind.NEXT_UPDATE):
        mine = [clock for clock in clocks if clock.kind is kind]
        owed = next((clock for clock in mine if clock.is_open), None)
        stand_in = next((clock for clock in mine if superseded and clock.proposal_id == superseded), None)
        rests = by_id.get(stand_in.replaces or "") if stand_in is not None else None
        if stand_in is not None and rests is not None and stand_in.state is ClockState.MET:
            changed.append(replace(rests, state=ClockState.MET, ended_at=stand_in.ended_at))
            rests = None
        limit = plan.limit(to, kind)
        if limit is None or (owed is None and kind not in ANEW_AT_RAISE):
            continue
        due = at + limit.within
        replaces = rests.id if rests is not None else None
        if owed is not None:
            changed.append(cancel(owed, at))
            due = max(at, min(due, owed.due_at)) if owed.state is ClockState.RUNNING else due
            if owed is not stand_in:
                replaces = owed.id
        changed.append(Clock(ids[kind], kind, to, at, due, proposal_id=proposal_id, replaces=replaces))
    return changed


def restore(clocks: Sequence[Clock], proposal_id: str, at: datetime) -> list[Clock]:
    """Undo a refused raise: its clocks are cancelled, those they stood in for run again as they were.

    A duty that was done meanwhile counts for the clock that comes back. Returns every clock that changed.
    """
    resting = {clock.id: clock for clock in clocks}
    changed: list[Clock] = []
    for clock in clocks:
        if clock.proposal_id != proposal_id:
            continue
        old = resting.get(clock.replaces or "")
        if old is not None and old.state is ClockState.CANCELLED:
            state = ClockState.BREACHED if old.breached_at else ClockState.RUNNING
            back = replace(old, state=state, ended_at=None)
            if clock.state is ClockState.MET and clock.ended_at is not None:
                back = meet(back, clock.ended_at)
            changed.append(back)
        changed.append(cancel(clock, at))
    return changed


def lower_level(clocks: Sequence[Clock], plan: Plan, to: Level, at: datetime) -> list[Clock]:
    """Give running duties the longer time of a lower level, and end those it does not know; returns what changed.

    A clock that was breached stays breached.
    """
    changed: list[Clock] = []
    for clock in clocks:
        if not clock.is_open or clock.kind is ClockKind.TASK:
            continue
        limit = plan.limit(to, clock.kind)
        if limit is None:
            changed.append(cancel(clock, at))
        elif clock.state is ClockState.RUNNING:
            changed.append(
                replace(clock, level=to, due_at=max(clock.due_at, clock.started_at + limit.within), warned=0)
            )
    return changed


def remaining(clock: Clock, now: datetime) -> timedelta:
    """Return the time left; negative once the clock is overdue."""
    return clock.due_at - now
