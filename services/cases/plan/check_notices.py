"""Check the notification matrix: everybody with a part is told, of everything that waits for somebody, and once."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.words import Level, NotificationKind, Role
from services.cases.plan.loader import Document, Finding
from services.cases.plan.schema import Plan
from services.cases.roles import list_roles

#: Notices that somebody must get at every level: an alert to take up, a level to decide on, a breach to answer for.
_WANTED = (NotificationKind.ALERT_RAISED, NotificationKind.LEVEL_PROPOSED, NotificationKind.CLOCK_BREACHED)


def gaps(plan: Plan, document: Document) -> Iterator[Finding]:
    """Yield roles that are never told, notices that nobody gets, and those that somebody gets twice."""
    told: dict[Level, set[Role]] = {level: set() for level in Level}
    for row in plan.notices:
        for level in row.levels:
            told[level] |= set(row.roles)
    everywhere = set().union(*told.values())
    for i, holder in enumerate(plan.organisation.roles):
        if holder.told and holder.role not in everywhere:
            message = f"{holder.name} 从不被通知 / {holder.role} is never told anything"
            yield document.finding(("organisation", "roles", i), message)
    for level, spec in plan.levels.items():
        needed = {*spec.chain.lead, *spec.chain.executors, *spec.chain.informed}
        needed |= {role for step in spec.approval.steps for role in step.roles} | set(spec.approval.informed)
        for role in sorted(needed - told[level]):
            message = f"{level} 级中的 {role} 在该级不被通知 / {role} has a part in level {level} but is never told"
            yield document.finding(("levels", level.value), message)
        for kind in _WANTED:
            if not plan.notices_for(level, kind):
                message = f"{level} 级的 {kind} 无人被通知 / nobody is told of {kind} at level {level}"
                yield document.finding(("notices",), message)
        if not any(row.requires_acknowledgement for row in plan.notices if level in row.levels):
            message = f"{level} 级没有需签收的通知，签收时限无从满足 / nothing to acknowledge at level {level}"
            yield document.finding(("notices",), message, "warning")
    yield from _twice(plan, document)


def _twice(plan: Plan, document: Document) -> Iterator[Finding]:
    seen: set[tuple[NotificationKind, Level, Role]] = set()
    for i, row in enumerate(plan.notices):
        cells = {(kind, level, role) for kind in row.kinds for level in row.levels for role in row.roles}
        again = sorted({role for _, _, role in cells & seen})
        if again:
            message = (
                f"{list_roles(again)}同一件事会收到两次（前面的行已写） / told twice of the same thing, an earlier row "
                f"has it: {', '.join(again)}"
            )
            yield document.finding(("notices", i), message, "warning")
        seen |= cells
