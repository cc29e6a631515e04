"""What a plan says of decisions that wait: deputies, reminders, escalation, expiry, and delegation."""

from __future__ import annotations

from pydantic import Field, model_validator

from contracts.words import Role
from services.cases.plan.figures import Duration, Limit, Sourced, Strict


class Deputies(Sourced):
    """Who may sign a step in place of its roles once it has waited for `after`, or while nobody of them is on duty."""

    roles: tuple[Role, ...] = Field(min_length=1)
    after: Duration


class TellAfter(Sourced):
    """Whom to tell how long after a step began to wait."""

    after: Duration
    roles: tuple[Role, ...] = Field(min_length=1)


class Waiting(Strict):
    """What happens to a decision that is not taken; every time counts from when its step began to wait.

    `remind_after`: the step's own roles are told once more. `escalate`: others are told too. `expires_after`: a
    lowering lapses; a raise or an activation stays, with its clocks, and the next higher role may sign it as well.
    """

    remind_after: Limit | None = None
    escalate: TellAfter | None = None
    expires_after: Limit | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Waiting:
        times = [
            self.remind_after.within if self.remind_after else None,
            self.escalate.after if self.escalate else None,
            self.expires_after.within if self.expires_after else None,
        ]
        given = [time for time in times if time is not None]
        if given != sorted(given):
            raise ValueError(
                "催办、升级、失效的时间须依次变长 / remind_after, escalate and expires_after must not grow shorter"
            )
        return self


class Delegation(Strict):
    """Which roles may let another person sign in their place, and for how long at a time; empty: every role."""

    roles: tuple[Role, ...] = ()
    longest: Limit | None = None

    def allows(self, role: Role) -> bool:
        """Tell whether holders of `role` may delegate it."""
        return not self.roles or role in self.roles
