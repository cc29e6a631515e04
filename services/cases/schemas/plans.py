"""Plans over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.cases.models import PlanRow
from services.cases.plan import Finding, Plan


class PlanVersionOut(BaseModel):
    """A version of the plan."""

    version: str = Field(examples=["2019.1"])
    name: str = Field(examples=["普洱市移民开发局网络舆情突发事件应急预案"])
    active: bool
    digest: str = Field(description="SHA-256 of the YAML text")
    created_at: datetime
    created_by: str
    activated_at: datetime | None

    @classmethod
    def of(cls, row: PlanRow) -> PlanVersionOut:
        """Show a stored version."""
        return cls(active=row.seat == "active", **row.model_dump(exclude={"text", "seat"}))


class FindingOut(BaseModel):
    """Something wrong or doubtful in a plan."""

    line: int = Field(examples=[287])
    path: str = Field(examples=["clocks.limits.I.press_conference"])
    severity: Literal["error", "warning"]
    message: str

    @classmethod
    def of(cls, finding: Finding) -> FindingOut:
        """Show a finding."""
        return cls(line=finding.line, path=finding.path, severity=finding.severity, message=finding.message)


class CheckOut(BaseModel):
    """What a check found; `ok` is false where there is any error."""

    ok: bool
    version: str | None = None
    findings: list[FindingOut]


class PlanOut(BaseModel):
    """The plan in force, whole. `plan` has the form that docs/plan.md describes; durations are ISO 8601."""

    version: str
    name: str
    activated_at: datetime | None
    plan: dict[str, Any]

    @classmethod
    def of(cls, row: PlanRow, plan: Plan) -> PlanOut:
        """Show a plan with its version."""
        return cls(version=row.version, name=row.name, activated_at=row.activated_at, plan=plan.model_dump(mode="json"))
