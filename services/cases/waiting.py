"""Decisions that wait: reminders, deputies, escalation and expiry of a proposal's step, each told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from contracts.words import Role
from services.cases.approvals import ProposalKind
from services.cases.plan.schema import ApprovalStep
from services.cases.plan.waiting import Waiting

#: Roles that decide, from the lowest to the highest (clause 三); an expired proposal climbs along it.
LADDER: Final = (Role.OFFICE, Role.GROUP_MEMBER, Role.GROUP_LEADER, Role.CITY_LEADER)


class Overdue(StrEnum):
    """What is to be said of a step that waits."""

    REMINDER = "reminder"
    DEPUTIES = "deputies"
    ESCALATION = "escalation"
    #: nobody decided in time: a lowering lapses, anything else goes to the next higher role
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True)
class Wait:
    """A step that waits since `since`; `told` is what has been said, `climbed` the higher roles that were added."""

    since: datetime
    told: frozenset[Overdue] = frozenset()
    climbed: tuple[Role, ...] = ()


def tick(
    wait: Wait,
    kind: ProposalKind,
    step: ApprovalStep,
    rules: Waiting,
    now: datetime,
    *,
    known: Iterable[Role],
    vacant_from: datetime | None = None,
) -> tuple[Wait, list[Overdue]]:
    """Move a step's wait to `now`; returns it with what is to be said for the first time.

    `vacant_from`: since when, or from when on, nobody of the step's roles is on duty. `known` are the roles that the
    plan has. After a climb the time starts anew for the higher role; at the top of the ladder an expiry is told once.
    A reminder is not told beside an escalation, nor either beside an expiry. Calling again at the same or an earlier
    time says nothing.
    """
    told = [what for what, at in _instants(wait, step, rules, vacant_from).items() if at <= now]
    wait = replace(wait, told=wait.told | set(told))
    if Overdue.EXPIRY in told:
        higher = next_higher([*step.roles, *wait.climbed], known)
        if kind is not ProposalKind.LOWER and higher is not None:
            kept = wait.told & {Overdue.DEPUTIES}
            wait = Wait(now, kept, (*wait.climbed, higher))
        told = [what for what in told if what in (Overdue.DEPUTIES, Overdue.EXPIRY)]
    elif Overdue.ESCALATION in told:
        told = [what for what in told if what is not Overdue.REMINDER]
    return wait, told


def next_instant(
    wait: Wait, step: ApprovalStep, rules: Waiting, *, vacant_from: datetime | None = None
) -> datetime | None:
    """Return when :func:`tick` will next have something to say, or None where it never will."""
    return min(_instants(wait, step, rules, vacant_from).values(), default=None)


def _instants(wait: Wait, step: ApprovalStep, rules: Waiting, vacant_from: datetime | None) -> dict[Overdue, datetime]:
    """Return what has still to be said, and when."""
    at: dict[Overdue, datetime] = {}
    if step.deputies is not None:
        called = wait.since + step.deputies.after
        at[Overdue.DEPUTIES] = called if vacant_from is None else min(called, max(vacant_from, wait.since))
    if rules.remind_after is not None:
        at[Overdue.REMINDER] = wait.since + rules.remind_after.within
    if rules.escalate is not None:
        at[Overdue.ESCALATION] = wait.since + rules.escalate.after
    if rules.expires_after is not None:
        at[Overdue.EXPIRY] = wait.since + rules.expires_after.within
    return {what: when for what, when in at.items() if what not in wait.told}


def next_higher(roles: Iterable[Role], known: Iterable[Role]) -> Role | None:
    """Return the lowest role of the plan that stands above all of `roles`; None at the top."""
    rank = max((LADDER.index(role) for role in roles if role in LADDER), default=-1)
    there = set(known)
    return next((role for role in LADDER[rank + 1 :] if role in there), None)


def stand_ins(
    wait: Wait, step: ApprovalStep, now: datetime, *, vacant_from: datetime | None = None
) -> tuple[Role, ...]:
    """Return who may sign at `now` beside the step's own roles: deputies once they are called, and higher roles."""
    deputies: tuple[Role, ...] = ()
    if step.deputies is not None:
        called = Overdue.DEPUTIES in wait.told or now >= wait.since + step.deputies.after
        if called or (vacant_from is not None and now >= vacant_from):
            deputies = step.deputies.roles
    return tuple(dict.fromkeys(role for role in (*deputies, *wait.climbed) if role not in step.roles))
