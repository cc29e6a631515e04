"""Move a case to another version of the plan: what becomes of its clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from contracts.words import ClockKind, ClockState, Level
from services.cases.clocks import AT_OPENING, Clock, cancel, start
from services.cases.labels import CLOCK_NAMES
from services.cases.numbering import show_time
from services.cases.plan import Plan
from services.cases.plan.figures import Limit, show_duration

How = Literal["limit", "started", "ended"]


@dataclass(frozen=True, slots=True)
class ClockMove:
    """What a move does to a clock: another limit (`limit`), a new duty (`started`), one no longer owed (`ended`)."""

    how: How
    clock: Clock
    old_limit: timedelta | None
    new_limit: timedelta | None
    old_due_at: datetime | None
    new_due_at: datetime | None
    overdue: bool

    def as_json(self) -> dict[str, Any]:
        """Return the move ready for JSON; limits in seconds."""
        return {
            "how": self.how,
            "clock_id": self.clock.id,
            "kind": str(self.clock.kind),
            "level": str(self.clock.level),
            "old_limit": self.old_limit.total_seconds() if self.old_limit is not None else None,
            "new_limit": self.new_limit.total_seconds() if self.new_limit is not None else None,
            "old_due_at": self.old_due_at.isoformat() if self.old_due_at is not None else None,
            "new_due_at": self.new_due_at.isoformat() if self.new_due_at is not None else None,
            "overdue": self.overdue,
        }

    def say(self) -> str:
        """Return the move in one sentence of Chinese."""
        name = f"{CLOCK_NAMES[self.clock.kind]}时限"
        if self.how == "ended" or self.new_limit is None or self.new_due_at is None:
            return f"{name}取消（新版无此时限）"
        new = show_duration(self.new_limit)
        late = "，已超时" if self.overdue else ""
        if self.how == "started" or self.old_limit is None:
            return f"新增{name}{new}（{show_time(self.new_due_at)} 到期{late}）"
        return f"{name}由{show_duration(self.old_limit)}改为{new}（{show_time(self.new_due_at)} 到期{late}）"


def move_clocks(
    clocks: Sequence[Clock],
    old: Plan,
    new: Plan,
    level: Level,
    now: datetime,
    ids: Mapping[ClockKind, str],
    *,
    working: bool,
) -> list[ClockMove]:
    """Give the running clocks of a case at `level` the limits of another plan; returns what becomes of each.

    - A running clock keeps its start, and the time that it was paused for is not counted. One that a raise had made due
      earlier, because the milder level's duty was, is never put off. Where the new time is over, the move says so, and
      the next look at the clocks tells of the breach.
    - A clock that was breached stays so: it was due when it was due. Tasks keep the time that they were given.
    - A duty that the new plan does not know ends; one that only it knows starts now, while the case is worked on
      (`working`). `ids` holds a new id for every kind.
    """
    moves: list[ClockMove] = []
    for clock in clocks:
        if clock.state is not ClockState.RUNNING or clock.kind is ClockKind.TASK:
            continue
        before, after = old.limit(clock.level, clock.kind), new.limit(clock.level, clock.kind)
        if after is None:
            moves.append(_move("ended", cancel(clock, now), clock, before, after, now))
        elif before is None or before.within != after.within:
            moved = replace(clock, due_at=_due(clock, before, after))
            moves.append(_move("limit", warned_anew(moved, old, new, now), clock, before, after, now))
    for kind in AT_OPENING if working else ():
        known = any(clock.kind is kind and clock.state is not ClockState.CANCELLED for clock in clocks)
        started = start(ids[kind], kind, level, new, now)
        if started is not None and not known and old.limit(level, kind) is None:
            moves.append(_move("started", started, None, None, new.limit(level, kind), now))
    return moves


def _due(clock: Clock, before: Limit | None, after: Limit) -> datetime:
    paused = timedelta(seconds=clock.paused_seconds)
    due = clock.started_at + paused + after.within
    forward = before is not None and clock.due_at < clock.started_at + paused + before.within
    return min(due, clock.due_at) if forward else due


def warned_anew(clock: Clock, old: Plan, new: Plan, now: datetime) -> Clock:
    """Return a clock that warns of the shares of its new time that are still ahead, and of none twice."""
    told = old.clocks.warn_at.shares[: clock.warned]
    elapsed = clock.elapsed(now)
    warned = sum(1 for share in new.clocks.warn_at.shares if share <= elapsed and share <= max(told, default=0.0))
    return replace(clock, warned=warned)


def _move(
    how: How, moved: Clock, was: Clock | None, before: Limit | None, after: Limit | None, now: datetime
) -> ClockMove:
    return ClockMove(
        how=how,
        clock=moved,
        old_limit=before.within if before is not None else None,
        new_limit=after.within if after is not None else None,
        old_due_at=was.due_at if was is not None else None,
        new_due_at=moved.due_at if how != "ended" else None,
        overdue=how != "ended" and moved.due_at <= now and not moved.is_paused,
    )
