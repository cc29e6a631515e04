"""Check the levels: that each has somebody who leads it and a chain that ends in a decision."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.words import Level, Role
from services.cases.plan.loader import Document, Finding
from services.cases.plan.schema import LevelSpec, Plan
from services.cases.roles import list_roles

#: Roles that one person holds by their nature: there is one head of the leading group.
_ONE_PERSON = frozenset({Role.GROUP_LEADER})


def gaps(plan: Plan, document: Document) -> Iterator[Finding]:
    """Yield what is missing in levels and their approval chains."""
    for level in Level:
        spec = plan.levels.get(level)
        if spec is None:
            yield document.finding(("levels",), f"缺少 {level} 级 / level {level} is missing")
            continue
        yield from _steps(level, spec, document)
        yield from _two_people(level, spec, document)
        yield from _told_twice(level, spec, document)


def _steps(level: Level, spec: LevelSpec, document: Document) -> Iterator[Finding]:
    at = ("levels", level.value, "approval", "steps")
    steps = spec.approval.steps
    if not steps or steps[-1].kind != "decide" or not steps[-1].roles:
        yield document.finding(at, f"{level} 级无人批准 / level {level} has no approver")
    for i, step in enumerate(steps[:-1]):
        if step.kind == "decide":
            yield document.finding((*at, i), "decide 须为最后一步 / `decide` must be the last step")
        if not step.roles:
            yield document.finding((*at, i), "此步骤没有角色 / the step has no role")


def _two_people(level: Level, spec: LevelSpec, document: Document) -> Iterator[Finding]:
    steps = spec.approval.steps
    if not spec.approval.two_people or len(steps) < 2:
        return
    signing = {role for step in steps for role in step.roles}
    if len(signing) != 1:
        return
    role = next(iter(signing))
    at = ("levels", level.value, "approval", "steps")
    if role in _ONE_PERSON:
        message = (
            f"{level} 级须两人，而请示和批准都只能由{list_roles(signing)}一人办理 / level {level} wants two people, "
            f"but only {role}, who is one person, may request and decide"
        )
        yield document.finding(at, message)
    else:
        message = (
            f"{level} 级须两人，请示和批准都是{list_roles(signing)}：须至少两人担任 / level {level} wants two people, "
            f"and both steps belong to {role}: at least two must hold it"
        )
        yield document.finding(at, message, "warning")


def _told_twice(level: Level, spec: LevelSpec, document: Document) -> Iterator[Finding]:
    chain = spec.chain
    for i, role in enumerate(chain.informed):
        if role in chain.lead or role in chain.executors:
            at = ("levels", level.value, "chain", "informed", i)
            message = (
                f"{list_roles([role])}已领导或执行，不必再列入知会 / {role} leads or executes, and need not be informed"
            )
            yield document.finding(at, message, "warning")
