"""Delegations and absences over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field, model_validator

from contracts.words import Role
from services.cases.models import LeaveRow
from services.cases.schemas.body import Body, Instant


class DelegationIn(Body):
    """A role delegated to a named other person (`delegation`), or nobody of a role on duty (`absence`)."""

    kind: Literal["delegation", "absence"] = "delegation"
    role: Role = Field(examples=["group_leader"])
    delegate_id: str | None = Field(None, min_length=1, max_length=64, description="id of the user who acts")
    delegate: str | None = Field(None, min_length=1, max_length=200, examples=["李副局长"])
    holder: str | None = Field(None, min_length=1, max_length=200, description="who is absent; default: the caller")
    starts_at: Instant | None = Field(None, description="default: now")
    ends_at: Instant
    reason: str = Field(min_length=1, max_length=2000, examples=["外出参加培训"])

    @model_validator(mode="after")
    def _delegate_belongs_to_a_delegation(self) -> DelegationIn:
        if self.kind == "delegation" and (self.delegate_id is None or self.delegate is None):
            raise ValueError("委托须给 delegate_id 和 delegate / a delegation needs delegate_id and delegate")
        if self.kind == "delegation" and self.holder is not None:
            raise ValueError("只能委托自己的角色 / one delegates one's own role, so `holder` is not given")
        if self.kind == "absence" and (self.delegate_id is not None or self.delegate is not None):
            raise ValueError("无人在岗的登记没有受托人 / an absence has no delegate")
        return self


class RevocationIn(Body):
    """Why a delegation or absence ends before its time."""

    reason: str = Field(min_length=1, max_length=2000, examples=["已返岗"])


class DelegationOut(BaseModel):
    """A delegation or an absence. `in_force`: it holds now."""

    id: str
    kind: Literal["delegation", "absence"]
    role: Role
    holder: str
    delegate_id: str | None
    delegate: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str
    in_force: bool
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_reason: str
    version: int = Field(description="the entity tag")

    @classmethod
    def of(cls, row: LeaveRow, now: datetime) -> DelegationOut:
        """Show a stored row as it stands at `now`."""
        in_force = row.revoked_at is None and row.starts_at <= now < row.ends_at
        return cls.model_validate({**row.model_dump(exclude={"holder_id"}), "in_force": in_force})
