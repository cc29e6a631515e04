"""Clocks that stand still: only where the plan allows, for its reasons, by its roles, no longer than it says."""

from __future__ import annotations

from datetime import timedelta

from kit.problems import Problem
from services.cases import clocks
from services.cases.clocks import Clock
from services.cases.labels import CLOCK_NAMES
from services.cases.lifecycle import Refused
from services.cases.numbering import show_time
from services.cases.plan.pausing import PauseRule
from services.cases.roles import list_roles
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check
from services.cases.service.deadlines import move_case
from services.cases.service.desk import Desk, missing


class Pauses:
    """Pauses clocks and lets them go on."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def pause(
        self, case_id: str, clock_id: str, reason: str, note: str, lasting: timedelta | None, actor: Actor, check: Check
    ) -> Clock:
        """Let a clock stand still, by default for as long as the plan allows.

        404 where the case has no such clock, 403 where the actor's roles may not, 409 where the plan does not allow it.
        """
        async with self._desk.case(case_id) as file:
            check(file)
            await move_case(file)  # what is due by now is said before the clock stands still
            clock = await _clock(file, clock_id)
            rules = _rules(file, clock)
            rule = next((one for one in rules if reason in one.reasons), None)
            if rule is None:
                raise _not_allowed(clock, rules)
            _must_be_of([rule], actor)
            paused = clocks.pause(clock, rule, file.now, lasting)
            await file.save([paused])
            assert paused.paused_until is not None
            until = show_time(paused.paused_until)
            await file.enter(
                "clock_paused",
                f"{CLOCK_NAMES[clock.kind]}时限暂停：{reason}{f'，{note}' if note else ''}（最迟 {until} 恢复）",
                actor,
                clock_id=clock.id,
                clock=str(clock.kind),
                level=str(clock.level),
                reason=reason,
                until=paused.paused_until.isoformat(),
                source=rule.origin,
            )
            return paused

    async def resume(self, case_id: str, clock_id: str, reason: str, actor: Actor, check: Check) -> Clock:
        """Let a paused clock go on; it is due as much later as it stood still."""
        async with self._desk.case(case_id) as file:
            check(file)
            await move_case(file)
            clock = await _clock(file, clock_id)
            rules = _rules(file, clock)
            if rules:  # a clock may be left paused by a level at which the plan allows none
                _must_be_of(rules, actor)
            resumed = clocks.resume(clock, file.now)
            await file.save([resumed])
            await file.enter(
                "clock_resumed",
                f"{CLOCK_NAMES[clock.kind]}时限恢复：{reason}（{show_time(resumed.due_at)} 到期）",
                actor,
                clock_id=clock.id,
                clock=str(clock.kind),
                level=str(clock.level),
                due_at=resumed.due_at.isoformat(),
            )
            return resumed


async def _clock(file: CaseFile, clock_id: str) -> Clock:
    found = next((clock for clock in await file.clocks() if clock.id == clock_id), None)
    if found is None:
        raise missing("clock", clock_id)
    return found


def _not_allowed(clock: Clock, rules: list[PauseRule]) -> Refused:
    name = CLOCK_NAMES[clock.kind]
    if not rules:
        return Refused(
            "pause_not_allowed",
            f"预案不允许暂停 {clock.level} 级的“{name}”时限",
            f"The plan does not let the clock {clock.kind} be paused at level {clock.level}",
        )
    reasons = "、".join(dict.fromkeys(reason for rule in rules for reason in rule.reasons))
    return Refused(
        "pause_reason", f"“{name}”时限只能因以下原因暂停：{reasons}", f"The plan allows only these reasons: {reasons}"
    )


def _rules(file: CaseFile, clock: Clock) -> list[PauseRule]:
    return [rule for rule in file.plan.clocks.pause if clock.kind in rule.kinds and clock.level in rule.levels]


def _must_be_of(rules: list[PauseRule], actor: Actor) -> None:
    roles = list(dict.fromkeys(role for rule in rules for role in rule.roles))
    if not actor.roles & set(roles):
        raise Problem(
            403,
            "clock.role",
            zh=f"时限须由以下角色暂停或恢复：{list_roles(roles)}",
            en=f"This clock is paused and resumed by: {', '.join(roles)}",
            roles=[str(role) for role in roles],
        )
