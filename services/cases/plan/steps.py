"""Who may take which step of a case's lifecycle, and how a plan narrows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from pydantic import Field

from contracts.words import Level, Role
from services.cases.plan.figures import Strict

#: Names of the steps, as `services.cases.lifecycle` declares them.
StepName = Literal["assess", "respond", "monitor", "review", "close", "dismiss", "reopen"]


_LED_BY: Final = frozenset({Role.OFFICE, Role.GROUP_LEADER, Role.GROUP_MEMBER, Role.ADMIN})
_WORKED_BY: Final = _LED_BY | {Role.PROPAGANDA, Role.DEPARTMENT}

#: Who may take which step. A plan may narrow it by level (`lifecycle:`), never widen it. What the plan lets happen by
#: itself, such as reopening a case whose event has come back, is not held against it.
WHO: Final[Mapping[str, frozenset[Role]]] = {
    "assess": _WORKED_BY | {Role.COUNTY},
    "respond": _WORKED_BY,
    "monitor": _WORKED_BY,
    "review": _LED_BY,
    "close": _LED_BY,
    "dismiss": _LED_BY,
    "reopen": _LED_BY,
}


class StepRule(Strict):
    """At these levels a step is taken by these roles only; it can narrow the table of the lifecycle, never widen it."""

    step: StepName
    levels: tuple[Level, ...] = Field(min_length=1)
    roles: tuple[Role, ...] = Field(min_length=1)
    clause: str = ""


def who_may(step: str, level: Level, rules: Iterable[StepRule] = ()) -> frozenset[Role]:
    """Return the roles that may take a step at a level: those of :data:`WHO`, narrowed by a plan's rules."""
    roles = WHO[step]
    for rule in rules:
        if rule.step == step and level in rule.levels:
            roles &= frozenset(rule.roles)
    return roles
