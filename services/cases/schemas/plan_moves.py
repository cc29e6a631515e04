"""The plan of a case over HTTP: by which version it is led, and moving it to another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from contracts.words import ClockKind, Level
from services.cases.models import CaseRow, PlanMoveRow
from services.cases.schemas.body import Body


class PlanMoveIn(Body):
    """Another version of the plan for a case, which has been in force at some time."""

    version: str = Field(min_length=1, max_length=60, pattern=r"^[0-9A-Za-z._-]+$", examples=["2026.1"])
    reason: str = Field(min_length=1, max_length=2000, examples=["新版预案已启用，领导小组决定按新版办理"])


class ClockMoveOut(BaseModel):
    """What became of a clock: another limit, a new duty, or one no longer owed; limits in seconds."""

    how: Literal["limit", "started", "ended"]
    clock_id: str
    kind: ClockKind
    level: Level
    old_limit: float | None = Field(examples=[18000])
    new_limit: float | None = Field(examples=[14400])
    old_due_at: datetime | None
    new_due_at: datetime | None
    overdue: bool = Field(description="its new time is over already; the breach is told at the next look at the clocks")
    text: str = Field(examples=["首次发布时限由5 小时改为4 小时（2026-03-02 12:00 到期）"])


class PlanMoveOut(BaseModel):
    """A case was moved from one version of the plan to another."""

    case_id: str
    from_version: str = Field(examples=["2019.1"])
    to_version: str = Field(examples=["2026.1"])
    at: datetime
    by: str
    reason: str
    sequence: int = Field(description="number of the timeline entry")
    clocks: list[ClockMoveOut] = Field(description="clocks whose limit changed; the others run on as they were")

    @classmethod
    def of(cls, row: PlanMoveRow) -> PlanMoveOut:
        """Show a stored move."""
        return cls.model_validate({**row.model_dump(exclude={"id", "changes"}), "clocks": row.changes})


class MovedOut(PlanMoveOut):
    """A move just made, with what else it changes at the case's level."""

    old_level_name: str = Field(examples=["Ⅱ级（重大或较大）"])
    new_level_name: str = Field(examples=["Ⅱ级（较大）"])
    others: list[str] = Field(description="what else the new version says of the level, in Chinese")

    @classmethod
    def now(cls, row: PlanMoveRow, level_names: tuple[str, str], others: Sequence[str]) -> MovedOut:
        """Show a move just made."""
        old, new = level_names
        named = {"old_level_name": old, "new_level_name": new, "others": list(others)}
        return cls.model_validate({**PlanMoveOut.of(row).model_dump(), **named})


class CasePlanOut(BaseModel):
    """By which version of the plan a case is led, and from which others it was moved."""

    case_id: str
    version: str = Field(examples=["2019.1"])
    in_force: bool = Field(description="new cases are opened under this version")
    moves: list[PlanMoveOut]

    @classmethod
    def of(cls, row: CaseRow, in_force: str | None, moves: list[PlanMoveRow]) -> CasePlanOut:
        """Show a case's version."""
        version = row.plan_version
        return cls(
            case_id=row.id,
            version=version,
            in_force=version == in_force,
            moves=[PlanMoveOut.of(move) for move in moves],
        )
