"""Check the clocks: against the regulation, against each other, and that a breach is told higher in time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from contracts.words import ClockKind, Level, Role
from services.cases.plan.figures import show_duration
from services.cases.plan.loader import Document, Finding
from services.cases.plan.schema import Plan
from services.cases.roles import list_roles

_HOUR: Final = timedelta(hours=1)

#: The longest that the State Council allows (国办发〔2016〕61号 and the 实施细则 of November 2016): authoritative
#: information within 5 h and a press conference within 24 h at the two graver levels, an answer within 48 h at others.
REGULATION: Final[dict[tuple[Level, ClockKind], timedelta]] = {
    (Level.I, ClockKind.FIRST_RELEASE): 5 * _HOUR,
    (Level.II, ClockKind.FIRST_RELEASE): 5 * _HOUR,
    (Level.III, ClockKind.FIRST_RELEASE): 48 * _HOUR,
    (Level.IV, ClockKind.FIRST_RELEASE): 48 * _HOUR,
    (Level.I, ClockKind.PRESS_CONFERENCE): 24 * _HOUR,
    (Level.II, ClockKind.PRESS_CONFERENCE): 24 * _HOUR,
}
#: Clocks that every level has.
_EVERYWHERE: Final = (ClockKind.REPORT_UP, ClockKind.FIRST_RELEASE, ClockKind.ACKNOWLEDGE, ClockKind.REVIEW)


def gaps(plan: Plan, document: Document) -> Iterator[Finding]:
    """Yield what is wrong or doubtful in limits, warnings and escalation."""
    shares = plan.clocks.warn_at.shares
    if list(shares) != sorted(set(shares)) or not all(0 < share < 1 for share in shares):
        message = "须为 0 到 1 之间、由小到大的数 / must rise between 0 and 1"
        yield document.finding(("clocks", "warn_at", "shares"), message)
    for level in Level:
        yield from _limits(plan, level, document)
        yield from _escalation(plan, level, document)
    yield from _graver_is_shorter(plan, document)


def _limits(plan: Plan, level: Level, document: Document) -> Iterator[Finding]:
    limits = plan.clocks.limits.get(level, {})
    at = ("clocks", "limits", level.value)
    for kind in _EVERYWHERE:
        if kind not in limits:
            yield document.finding(at, f"{level} 级缺少时限 {kind} / level {level} lacks the clock {kind}")
    if ClockKind.TASK in limits:
        message = "任务时限写在 playbook 中 / task limits belong to the playbook"
        yield document.finding((*at, "task"), message)
    if level.rank >= Level.II.rank and ClockKind.NEXT_UPDATE not in limits:
        message = (
            f"{level} 级没有后续发布时限，首次发布后不再催促（61号文要求持续发布） / "
            f"level {level} lacks next_update, so that nothing is due after the first release"
        )
        yield document.finding(at, message, "warning")
    for kind, longest in ((kind, longest) for (of, kind), longest in REGULATION.items() if of is level):
        limit = limits.get(kind)
        if limit is None and kind is ClockKind.PRESS_CONFERENCE:
            yield document.finding(at, f"{level} 级缺少时限 {kind}（24 小时内） / level {level} lacks {kind}")
        if limit is not None and limit.within > longest:
            message = (
                f"{show_duration(limit.within)}超过规定的{show_duration(longest)}"
                "（国办发〔2016〕61号及实施细则） / "
                f"longer than the {longest // _HOUR} h that the regulation allows"
            )
            yield document.finding((*at, kind.value), message)
    received, released = limits.get(ClockKind.ACKNOWLEDGE), limits.get(ClockKind.FIRST_RELEASE)
    if received is not None and released is not None and received.within > released.within:
        message = "签收时限长于首次发布时限 / acknowledged later than the first release is due"
        yield document.finding((*at, ClockKind.ACKNOWLEDGE.value), message, "warning")


def _graver_is_shorter(plan: Plan, document: Document) -> Iterator[Finding]:
    for kind in ClockKind:
        ladder = [(level, limits[kind]) for level in Level if kind in (limits := plan.clocks.limits.get(level, {}))]
        for (graver, short), (milder, long) in itertools.pairwise(ladder):
            if short.within > long.within:
                message = f"{graver} 级比 {milder} 级还长 / longer at {graver} than at {milder}"
                yield document.finding(("clocks", "limits", graver.value, kind.value), message)


def _escalation(plan: Plan, level: Level, document: Document) -> Iterator[Finding]:
    steps = plan.clocks.escalation.get(level, ())
    released = plan.limit(level, ClockKind.FIRST_RELEASE)
    told: set[Role] = set()
    for i, step in enumerate(steps):
        at = ("clocks", "escalation", level.value, i)
        if i and step.after <= steps[i - 1].after:
            message = "升级须一步晚于一步 / each step of an escalation must come later than the one before"
            yield document.finding(at, message)
        if i and set(step.roles) <= told:
            message = (
                f"{list_roles(step.roles)}在前面的步骤已被告知，此步没有升级 / everybody of this step was told before: "
                "nothing is escalated"
            )
            yield document.finding((*at, "roles"), message, "warning")
        if released is not None and step.after > released.within:
            message = (
                f"超时{show_duration(step.after)}后才上报，比{level}级首次发布时限"
                f"（{show_duration(released.within)}）还长 / told later after the breach than the first release of "
                f"level {level} may take"
            )
            yield document.finding(at, message, "warning")
        told |= set(step.roles)
