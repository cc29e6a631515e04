"""Deadlines: started by the plan, met by evidence, warning at shares of their time, escalating when breached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from contracts.words import ClockKind, ClockState, Level
from services.cases.lifecycle import Refused
from services.cases.plan.figures import show_duration
from services.cases.plan.pausing import PauseRule
from services.cases.plan.schema import EscalationStep, Plan

#: Kinds that start when a case is opened.
AT_OPENING: Final = (
    ClockKind.ACKNOWLEDGE,
    ClockKind.REPORT_UP,
    ClockKind.FIRST_RELEASE,
    ClockKind.PRESS_CONFERENCE,
)
#: Kinds that a raise of level starts anew even where they had been met: the graver level must be reported and received.
ANEW_AT_RAISE: Final = frozenset({ClockKind.ACKNOWLEDGE, ClockKind.REPORT_UP, ClockKind.PRESS_CONFERENCE})
#: What a clock's `met_by` records of the timeline entry that met it: its number, its kind, and the thing it tells of.
EVIDENCE: Final = (
    "entry",
    "kind",
    "notification_id",
    "statement_id",
    "task_id",
    "alert_id",
    "conference_id",
    "information_id",
    "review_id",
)


@dataclass(frozen=True, slots=True)
class Clock:
    """One deadline.

    `warned` is how many of the plan's warning shares have been told, `escalated` how many escalation steps.
    `proposal_id` marks a clock that a pending raise started, `replaces` the clock it stands in for. A clock that was
    met after its breach keeps `breached_at`. `subject` is the task's id for kind `task`.

    A paused clock stays `running`, with `paused_at`, and goes on by itself at `paused_until`; `paused_seconds` is what
    earlier pauses took, which `due_at` has been put off by already. `met_by` is the evidence that met it.
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
    paused_at: datetime | None = None
    paused_until: datetime | None = None
    paused_seconds: float = 0.0
    met_by: dict[str, Any] | None = None

    @property
    def is_paused(self) -> bool:
        """Tell whether it stands still."""
        return self.paused_at is not None and self.state is ClockState.RUNNING

    @property
    def is_open(self) -> bool:
        """Tell whether the duty is still owed: running, or breached and not yet met."""
        return self.state in (ClockState.RUNNING, ClockState.BREACHED)

    def elapsed(self, now: datetime) -> float:
        """Return the share of the clock's time that has passed at `now`, 0..1; pauses do not count."""
        whole = (self.due_at - self.started_at).total_seconds() - self.paused_seconds
        if self.paused_at is not None:
            now = min(now, self.paused_at)
        passed = (now - self.started_at).total_seconds() - self.paused_seconds
        return 1.0 if whole <= 0 else min(1.0, max(0.0, passed / whole))

    def instant_of(self, share: float) -> datetime:
        """Return when `share` of the clock's time will have passed, of a share that had not before its last pause."""
        paused = timedelta(seconds=self.paused_seconds)
        return self.started_at + paused + (self.due_at - self.started_at - paused) * share


class TellingKind(StrEnum):
    """What a clock has to say."""

    WARNING = "warning"
    BREACHED = "breached"
    ESCALATION = "escalation"
    #: a pause has come to its end by itself
    RESUMED = "resumed"


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

    Of several warnings that fall due together only the last is told. Once breached it warns no more. A paused clock
    says nothing until its pause is over, when it goes on. Calling again with the same or an earlier time says nothing.
    """
    told: list[Telling] = []
    if clock.is_paused:
        if clock.paused_until is None or now < clock.paused_until:
            return clock, told
        clock = go_on(clock, clock.paused_until)
        told.append(Telling(TellingKind.RESUMED))
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
    if clock.is_paused:
        return clock.paused_until
    if clock.state is ClockState.RUNNING:
        return clock.instant_of(shares[clock.warned]) if clock.warned < len(shares) else clock.due_at
    if clock.state is ClockState.BREACHED and clock.escalated < len(steps):
        return clock.due_at + steps[clock.escalated].after
    return None


def meet(clock: Clock, at: datetime) -> Clock:
    """Record that the duty was done; a breached clock keeps the time of its breach. Closed clocks stay as they are."""
    return replace(go_on(clock, at), state=ClockState.MET, ended_at=at) if clock.is_open else clock


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


def pause(clock: Clock, rule: PauseRule, at: datetime, lasting: timedelta | None = None) -> Clock:
    """Let a running clock stand still for `lasting`, at most for what is left of the rule's time (default: all).

    Raises :class:`Refused` where it does not run, stands still already, or has had all the rule's time.
    """
    if clock.state is not ClockState.RUNNING:
        raise Refused("clock_not_running", "只能暂停尚未到期的时限", "Only a clock that runs can be paused")
    if clock.paused_at is not None:
        raise Refused("clock_paused", "该时限已暂停", "The clock is paused already")
    left = rule.at_most - timedelta(seconds=clock.paused_seconds)
    if left <= timedelta():
        raise Refused(
            "pause_used_up",
            f"该时限的暂停时间已用完（最长{show_duration(rule.at_most)}，{rule.origin}）",
            f"The clock has been paused for as long as the plan allows ({rule.at_most}, {rule.origin})",
        )
    return replace(clock, paused_at=at, paused_until=at + min(left, lasting or left))


def resume(clock: Clock, at: datetime) -> Clock:
    """Let a paused clock go on; raises :class:`Refused` where it is not paused."""
    if not clock.is_paused:
        raise Refused("clock_not_paused", "该时限未暂停", "The clock is not paused")
    return go_on(clock, at)


def go_on(clock: Clock, at: datetime) -> Clock:
    """Return a clock that is paused no longer, due as much later as it stood still; others stay as they are."""
    if not clock.is_paused or clock.paused_at is None:
        return clock
    still = max(timedelta(), min(at, clock.paused_until or at) - clock.paused_at)
    return replace(
        clock,
        due_at=clock.due_at + still,
        paused_seconds=clock.paused_seconds + still.total_seconds(),
        paused_at=None,
        paused_until=None,
    )


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
            changed.append(replace(rests, state=ClockState.MET, ended_at=stand_in.ended_at, met_by=stand_in.met_by))
            rests = None
        limit = plan.limit(to, kind)
        if limit is None or (owed is None and kind not in ANEW_AT_RAISE):
            continue
        due = at + limit.within
        replaces = rests.id if rests is not None else None
        if owed is not None:
            changed.append(cancel(owed, at))
            due = max(at, min(due, go_on(owed, at).due_at)) if owed.state is ClockState.RUNNING else due
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
                back = replace(meet(back, clock.ended_at), met_by=clock.met_by)
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
            due = clock.started_at + limit.within + timedelta(seconds=clock.paused_seconds)
            changed.append(replace(clock, level=to, due_at=max(clock.due_at, due), warned=0))
    return changed


def remaining(clock: Clock, now: datetime) -> timedelta:
    """Return the time left; negative once the clock is overdue. It stands still while the clock is paused."""
    return clock.due_at - (min(now, clock.paused_at) if clock.paused_at is not None else now)
