"""Clocks and the timeline over HTTP."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from contracts.words import ClockKind, ClockState, Level
from services.cases.clocks import Clock, is_late, remaining
from services.cases.labels import CLOCK_NAMES
from services.cases.models import TimelineRow
from services.cases.plan import Plan
from services.cases.timeline import Verdict


class ClockOut(BaseModel):
    """A deadline. `elapsed` is the share of its time that has passed, 0..1; `remaining` seconds, negative when late."""

    id: str
    kind: ClockKind
    name: str = Field(examples=["首次发布"])
    level: Level
    state: ClockState
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None
    breached_at: datetime | None
    late: bool
    elapsed: float
    remaining: float | None
    source: str | None = Field(description="where the figure comes from")
    task_id: str | None
    paused: bool
    paused_until: datetime | None = Field(description="when it goes on by itself")
    paused_seconds: float = Field(description="what earlier pauses took; `due_at` has been put off by it")
    met_by: dict[str, Any] | None = Field(
        description="the evidence: number and kind of the timeline entry that met it, and what that tells of",
        examples=[{"entry": 12, "kind": "statement_published", "statement_id": "0197f3a0-…"}],
    )

    @classmethod
    def of(cls, clock: Clock, plan: Plan, now: datetime) -> ClockOut:
        """Show a clock as it stands at `now`."""
        limit = plan.limit(clock.level, clock.kind)
        return cls(
            id=clock.id,
            kind=clock.kind,
            name=CLOCK_NAMES[clock.kind],
            level=clock.level,
            state=clock.state,
            started_at=clock.started_at,
            due_at=clock.due_at,
            ended_at=clock.ended_at,
            breached_at=clock.breached_at,
            late=is_late(clock),
            elapsed=round(clock.elapsed(clock.ended_at or now), 4),
            remaining=remaining(clock, now).total_seconds() if clock.is_open else None,
            source=limit.origin if limit else None,
            task_id=clock.subject,
            paused=clock.is_paused,
            paused_until=clock.paused_until if clock.is_paused else None,
            paused_seconds=clock.paused_seconds,
            met_by=clock.met_by,
        )


class EntryOut(BaseModel):
    """A timeline entry. `hash` is sha256 of `previous` followed by `body`, so that anyone can verify the chain."""

    sequence: int
    kind: str
    at: datetime
    actor: dict[str, Any]
    text: str
    data: dict[str, Any]
    body: str
    previous: str
    hash: str

    @classmethod
    def of(cls, row: TimelineRow) -> EntryOut:
        """Show a stored entry; what is shown is read out of the sealed body."""
        said = json.loads(row.body)
        return cls(
            sequence=row.sequence,
            kind=said["kind"],
            at=said["at"],
            actor=said["actor"],
            text=said["text"],
            data=said["data"],
            body=row.body,
            previous=row.previous,
            hash=row.hash,
        )


class FaultOut(BaseModel):
    """An entry that is not what it was."""

    sequence: int
    reason: str


class VerdictOut(BaseModel):
    """Whether a timeline is whole; `broken_at` is the first entry that is not what it was, `faults` names all."""

    intact: bool
    entries: int
    head: str
    broken_at: int | None
    reason: str
    faults: list[FaultOut]

    @classmethod
    def of(cls, verdict: Verdict) -> VerdictOut:
        """Show a verdict."""
        return cls(
            intact=verdict.intact,
            entries=verdict.entries,
            head=verdict.head,
            broken_at=verdict.broken_at,
            reason=verdict.reason,
            faults=[FaultOut(sequence=fault.sequence, reason=fault.reason) for fault in verdict.faults],
        )
