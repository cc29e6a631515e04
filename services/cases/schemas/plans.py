"""Plans over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.cases.models import ActivationRow, PlanRow
from services.cases.plan import Finding, Plan
from services.cases.plan.diff import by_part
from services.cases.plan.names import key_name
from services.cases.plan.wording import Change
from services.cases.schemas.body import Body


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


class PlanFindingOut(BaseModel):
    """Something wrong or doubtful in a plan."""

    line: int = Field(examples=[287])
    path: str = Field(examples=["clocks.limits.I.press_conference"])
    severity: Literal["error", "warning"]
    message: str

    @classmethod
    def of(cls, finding: Finding) -> PlanFindingOut:
        """Show a finding."""
        return cls(line=finding.line, path=finding.path, severity=finding.severity, message=finding.message)


class PlanCheckOut(BaseModel):
    """What a check found; `ok` is false where there is any error."""

    ok: bool
    version: str | None = None
    findings: list[PlanFindingOut]


class ActivationIn(Body):
    """Why a version is put in force."""

    reason: str = Field("", max_length=2000, examples=["2026 年修订，领导小组会议通过"])


class ActivationOut(BaseModel):
    """A version was put in force, in the place of `replaced`."""

    id: str
    version: str = Field(examples=["2026.1"])
    replaced: str | None = Field(examples=["2019.1"])
    at: datetime
    by: str = Field(description="empty for activations from before they were recorded")
    reason: str

    @classmethod
    def of(cls, row: ActivationRow) -> ActivationOut:
        """Show a stored activation."""
        return cls.model_validate(row.model_dump(exclude={"by_id"}))


class PlanChangeOut(BaseModel):
    """A difference of meaning between two plans; the lines are those of either text, null where it has no such part."""

    kind: Literal["added", "removed", "changed"]
    path: str = Field(examples=["clocks.limits.II.first_release.within"])
    zh: str = Field(examples=["各级时限 · Ⅱ级 · 首次发布：时限由 5 小时 改为 4 小时"])
    en: str = Field(examples=["limits · level II · first_release: within changed from 5 h to 4 h"])
    old: Any = Field(examples=["PT5H"])
    new: Any = Field(examples=["PT4H"])
    old_line: int | None = Field(examples=[301])
    new_line: int | None = Field(examples=[301])


class PartChangesOut(BaseModel):
    """What differs in one part of the plan."""

    part: str = Field(examples=["clocks"])
    name: str = Field(examples=["时限"])
    changes: list[PlanChangeOut]


class PlanDiffOut(BaseModel):
    """What changes from one plan to another, by part; `parts` is empty where they say the same."""

    from_version: str = Field(examples=["2019.1"])
    to_version: str = Field(examples=["2026.1"])
    count: int
    parts: list[PartChangesOut]

    @classmethod
    def of(cls, from_version: str, to_version: str, changes: list[Change]) -> PlanDiffOut:
        """Show changes."""
        parts = [
            PartChangesOut(
                part=part,
                name=key_name(part, "Plan"),
                changes=[PlanChangeOut.model_validate(change, from_attributes=True) for change in found],
            )
            for part, found in by_part(changes).items()
        ]
        return cls(from_version=from_version, to_version=to_version, count=len(changes), parts=parts)


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
