"""What an escalation policy says: which notifications, and whom to tell one after another until somebody acknowledges.

A policy is plain data, so that a running escalation keeps the copy that it began with.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from contracts.words import Level, NotificationKind, Role
from kit.inputs import WITHOUT_NUL

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), WITHOUT_NUL]

#: Kinds that escalations and communication checks themselves send: escalating them would never end.
NOT_ESCALATED: Final = frozenset(
    {NotificationKind.COMMUNICATION_CHECK, NotificationKind.NOTICE_TAKEN, NotificationKind.NOTICE_UNANSWERED}
)
#: Minutes in a week: longer than any clock of the plan that a person waits for.
_WEEK: Final = 10_080


class TargetKind(StrEnum):
    """Whom a step tells."""

    #: one person
    CONTACT = "contact"
    #: all who hold a role (of a unit)
    ROLE = "role"
    #: whoever is on duty by the roster (of a unit, serving a role)
    ON_DUTY = "on_duty"
    #: the deputies of whoever is on duty
    DEPUTY = "deputy"
    #: the duty desk (值班席)
    DESK = "desk"


class StepTarget(BaseModel):
    """One target of a step.

    `role` is needed for role, and for on_duty and deputy: where no roster answers, all who hold it are told. `unit`
    narrows these three to one unit. `contact_id` is for contact alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: TargetKind
    contact_id: Annotated[str, StringConstraints(min_length=1, max_length=64), WITHOUT_NUL] | None = None
    role: Role | None = None
    unit: Name | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        needs_role = self.kind in (TargetKind.ROLE, TargetKind.ON_DUTY, TargetKind.DEPUTY)
        if (self.kind is TargetKind.CONTACT) != (self.contact_id is not None):
            raise PydanticCustomError("target", "contact_id belongs to targets of the kind contact, and only to them")
        if needs_role != (self.role is not None) or (self.unit is not None and not needs_role):
            raise PydanticCustomError(
                "target", "role is needed for role, on_duty and deputy; role and unit are for these three only"
            )
        return self


class Step(BaseModel):
    """Tell the targets, `delay_minutes` after the step before (for the first step: after the notification itself).

    `everyone`: this step counts as acknowledged only when each of those it told has acknowledged; otherwise one is
    enough.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    delay_minutes: int = Field(ge=0, le=_WEEK)
    targets: tuple[StepTarget, ...] = Field(min_length=1, max_length=20)
    everyone: bool = False

    @property
    def delay(self) -> timedelta:
        """The delay as a duration."""
        return timedelta(minutes=self.delay_minutes)


class Policy(BaseModel):
    """What is escalated, and how.

    `kinds` × `levels` say which notifications, of those that ask to be acknowledged. After the last step
    `repeat_after_minutes` pass; then the steps begin anew, `repeat` times, and after that nobody has answered.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    enabled: bool = True
    kinds: tuple[NotificationKind, ...] = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)
    steps: tuple[Step, ...] = Field(min_length=1, max_length=10)
    repeat: int = Field(ge=0, le=10)
    repeat_after_minutes: int = Field(ge=1, le=_WEEK)

    @field_validator("kinds")
    @classmethod
    def _may_be_escalated(cls, kinds: tuple[NotificationKind, ...]) -> tuple[NotificationKind, ...]:
        for kind in kinds:
            if kind in NOT_ESCALATED:
                raise PydanticCustomError("kind", "{kind} cannot be escalated", {"kind": kind.value})
        return tuple(dict.fromkeys(kinds))

    @field_validator("levels")
    @classmethod
    def _once_each(cls, levels: tuple[Level, ...]) -> tuple[Level, ...]:
        return tuple(dict.fromkeys(levels))

    @property
    def wait(self) -> timedelta:
        """What passes between the last step and the next round, or the end."""
        return timedelta(minutes=self.repeat_after_minutes)
