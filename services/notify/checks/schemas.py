"""What communication checks take in and give out over HTTP."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from kit.inputs import WITHOUT_NUL
from services.notify.checks.models import CheckSchedule, CommunicationCheck

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), WITHOUT_NUL]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), WITHOUT_NUL]

#: What is asked where the caller writes nothing.
_TEXT = "这是通信检查。请收到后立即确认，以便核实联络方式畅通。"
#: Minutes that people have where the caller says nothing; the project's own figure.
_MINUTES = 60


class Scope(StrEnum):
    """Who is asked: the whole network, one unit, or one county."""

    NETWORK = "network"
    UNIT = "unit"
    COUNTY = "county"


class CommunicationCheckIn(BaseModel):
    """A check to be made now.

    `unit` is the unit's name, or the county's (whose contacts hold the role county and are of units that begin with
    it). `minutes` until the deadline; who is silent is reminded once at half time.
    """

    model_config = ConfigDict(extra="forbid")

    scope: Scope = Scope.NETWORK
    unit: Name | None = Field(None, examples=["澜沧县"])
    text: Text = _TEXT
    minutes: int = Field(_MINUTES, ge=2, le=10_080)
    drill: bool = False

    @model_validator(mode="after")
    def _names_its_unit(self) -> Self:
        if (self.scope is Scope.NETWORK) != (self.unit is None):
            raise PydanticCustomError("scope", "unit belongs to the scopes unit and county, and only to them")
        return self


class ScheduleIn(CommunicationCheckIn):
    """A check to be made every month, on `day` (in shorter months the last) at `time` in Shanghai.

    `workdays_only`: a day off is put off to the next workday.
    """

    name: Name = Field(examples=["每月通信检查"])
    day: int = Field(ge=1, le=31)
    time: dt.time = Field(examples=["09:30"], description="HH:MM, Shanghai")
    workdays_only: bool = False
    enabled: bool = True

    @field_validator("time")
    @classmethod
    def _to_the_minute(cls, value: dt.time) -> dt.time:
        if value.tzinfo is not None or value.second or value.microsecond:
            raise PydanticCustomError("time", "write the time as HH:MM, without seconds or zone")
        return value


class CommunicationCheckOut(BaseModel):
    """A check. `running` until its deadline; `notification_id` is what everyone was sent."""

    id: str
    notification_id: str
    schedule_id: str | None
    scope: Scope
    unit: str | None
    text: str
    drill: bool
    running: bool
    started_at: datetime
    started_by: str
    remind_at: datetime
    reminded_at: datetime | None
    deadline: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, row: CommunicationCheck) -> Self:
        """Show a check."""
        return cls.model_validate({**row.model_dump(), "running": row.closed_at is None})


class ScheduleOut(BaseModel):
    """A schedule, and when it is due next."""

    id: str
    name: str
    scope: Scope
    unit: str | None
    text: str
    minutes: int
    drill: bool
    day: int
    time: str
    workdays_only: bool
    enabled: bool
    next_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    updated_by: str

    @classmethod
    def of(cls, row: CheckSchedule) -> Self:
        """Show a schedule."""
        return cls.model_validate({**row.model_dump(), "next_at": row.next_at if row.enabled else None})
