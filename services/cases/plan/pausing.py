"""Which clocks a plan lets people pause."""

from __future__ import annotations

from pydantic import Field

from contracts.words import ClockKind, Level, Role
from services.cases.plan.figures import Duration, Sourced


class PauseRule(Sourced):
    """Clocks of these kinds at these levels may be paused for one of these reasons, `at_most` so long in all.

    `roles` may pause and resume them. What no rule names cannot be paused.
    """

    kinds: tuple[ClockKind, ...] = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)
    reasons: tuple[str, ...] = Field(min_length=1)
    at_most: Duration
    roles: tuple[Role, ...] = Field(default=(Role.OFFICE, Role.GROUP_LEADER), min_length=1)
