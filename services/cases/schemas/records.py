"""Clocks, tasks and the timeline over HTTP."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from contracts.words import ClockKind, ClockState, Level, Role
from services.cases.clocks import KIND_NAMES, Clock, is_late
from services.cases.models import TaskRow, TimelineRow
from services.cases.plan import Plan
from services.cases.schemas.body import Body
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

    @classmethod
    def of(cls, clock: Clock, plan: Plan, now: datetime) -> ClockOut:
        """Show a clock as it stands at `now`."""
        limit = plan.limit(clock.level, clock.kind)
        return cls(
            id=clock.id,
            kind=clock.kind,
            name=KIND_NAMES[clock.kind],
            level=clock.level,
            state=clock.state,
            started_at=clock.started_at,
            due_at=clock.due_at,
            ended_at=clock.ended_at,
            breached_at=clock.breached_at,
            late=is_late(clock),
            elapsed=round(clock.elapsed(clock.ended_at or now), 4),
            remaining=(clock.due_at - now).total_seconds() if clock.is_open else None,
            source=limit.origin if limit else None,
            task_id=clock.subject,
        )


class TaskOut(BaseModel):
    """A task out of the playbook."""

    id: str
    case_id: str
    key: str
    title: str
    role: Role
    clause: str
    source: str | None = Field(description="where the time allowed comes from")
    due_at: datetime | None
    done: bool
    done_at: datetime | None
    done_by: str | None
    evidence: str

    @classmethod
    def of(cls, row: TaskRow) -> TaskOut:
        """Show a stored task."""
        return cls.model_validate({**row.model_dump(exclude={"position"}), "done": row.done_at is not None})


class TaskDoneIn(Body):
    """A task is done; `evidence` says by what it can be seen."""

    done: bool = Field(True, description="only true: a task that was done stays done")
    evidence: str = Field(min_length=1, max_length=5000, examples=["已与县应急局电话核实，记录见附件"])


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


class VerdictOut(BaseModel):
    """Whether a timeline is whole; `broken_at` is the first entry that is not what it was."""

    intact: bool
    entries: int
    head: str
    broken_at: int | None
    reason: str

    @classmethod
    def of(cls, verdict: Verdict) -> VerdictOut:
        """Show a verdict."""
        return cls(
            intact=verdict.intact,
            entries=verdict.entries,
            head=verdict.head,
            broken_at=verdict.broken_at,
            reason=verdict.reason,
        )
