"""Check who holds the roles that the plan gives something to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from contracts.permissions import ACTIONS
from contracts.words import Role
from services.cases.plan.check_names import roles_used
from services.cases.plan.loader import Document, Finding
from services.cases.plan.schema import Plan


def gaps(plan: Plan, document: Document) -> Iterator[Finding]:
    """Yield roles that nobody holds: neither `held_by` nor a unit says who. Those that approve are errors."""
    held = holders(plan)
    deciding = {role for spec in plan.levels.values() for step in spec.approval.steps for role in step.roles}
    used = {role for _, roles in roles_used(plan) for role in roles}
    for i, holder in enumerate(plan.organisation.roles):
        if holder.role in held or holder.role not in used:
            continue
        message = (
            f"{holder.name}（{holder.role}）没有写明由谁担任：须填 held_by 或设有此角色的单位 / nobody holds "
            f"{holder.role}: give `held_by`, or a unit with this role"
        )
        severity: Literal["error", "warning"] = "error" if holder.role in deciding else "warning"
        yield document.finding(("organisation", "roles", i), message, severity)
    yield from _correctors(plan, document, held)
    for i, row in enumerate(plan.notices):
        if not set(row.roles) & held and set(row.roles) <= {holder.role for holder in plan.organisation.roles}:
            message = "此行的角色都无人担任，通知不到任何人 / nobody holds any role of this row: it reaches no one"
            yield document.finding(("notices", i, "roles"), message, "warning")


def _correctors(plan: Plan, document: Document, held: set[Role]) -> Iterator[Finding]:
    """Yield roles that are to approve correction requests and may not, and one of which nobody could be the one."""
    approvers = plan.corrections.approvers
    if "approvers" not in plan.corrections.model_fields_set:
        return
    right = ACTIONS["corrections.approve"]
    for part, roles in (("roles", approvers.roles), ("one_of", approvers.one_of)):
        for i, role in enumerate(roles):
            if role not in right.everywhere:
                may = ", ".join(sorted(right.everywhere))
                message = f"{role} 无权批准更正请求 / {role} may not approve correction requests; these may: {may}"
                yield document.finding(("corrections", "approvers", part, i), message)
    if not held & set(approvers.one_of) & right.everywhere:
        message = (
            "one_of 的角色都无人担任，更正请求无法批准 / nobody holds any role of one_of: no correction can be approved"
        )
        yield document.finding(("corrections", "approvers", "one_of"), message)


def holders(plan: Plan) -> set[Role]:
    """Return the roles of which the plan says who holds them."""
    return {holder.role for holder in plan.organisation.roles if holder.held_by.strip()} | {
        unit.role for unit in plan.organisation.units
    }
