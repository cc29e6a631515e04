"""Check names: nothing is named twice, and whatever is named exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.words import Role
from services.cases.plan.loader import Document, Finding
from services.cases.plan.schema import Plan

#: What stands where a version stands in the API's paths.
RESERVED: Final = frozenset({"activations", "backtest", "check", "diff", "schema"})

_Place = tuple[str | int, ...]


def gaps(plan: Plan, document: Document) -> Iterator[Finding]:
    """Yield names that are repeated or unknown."""
    if plan.version in RESERVED:
        message = (
            f"版本号不能为 {plan.version}，接口地址已占用 / the API has {plan.version} in its paths: name it otherwise"
        )
        yield document.finding(("meta", "version"), message)
    yield from _repeated(plan, document)
    for i, unit in enumerate(plan.organisation.units):
        if unit.by_default and unit.role is not Role.DEPARTMENT:
            message = "只有部门可以设 by_default / only a department takes part by default"
            yield document.finding(("organisation", "units", i, "by_default"), message)
    yield from _topics_and_places(plan, document)
    known = {holder.role for holder in plan.organisation.roles}
    for where, roles in roles_used(plan):
        for role in roles:
            if role not in known:
                yield document.finding(where, f"预案未设角色 {role} / the plan has no role {role}")


def roles_used(plan: Plan) -> Iterator[tuple[_Place, tuple[Role, ...]]]:
    """Yield every place of the plan that gives roles something to do or to hear, with the roles."""
    for level, spec in plan.levels.items():
        for part in ("lead", "executors", "informed"):
            yield ("levels", level.value, "chain", part), getattr(spec.chain, part)
        for i, step in enumerate(spec.approval.steps):
            yield ("levels", level.value, "approval", "steps", i, "roles"), step.roles
        yield ("levels", level.value, "approval", "informed"), spec.approval.informed
    for level, steps in plan.clocks.escalation.items():
        for i, tier in enumerate(steps):
            yield ("clocks", "escalation", level.value, i, "roles"), tier.roles
    for i, row in enumerate(plan.notices):
        yield ("notices", i, "roles"), row.roles
    for i, task in enumerate(plan.playbook):
        yield ("playbook", i, "role"), (task.role,)
    for i, unit in enumerate(plan.organisation.units):
        yield ("organisation", "units", i, "role"), (unit.role,)
    if "approvers" in plan.corrections.model_fields_set:
        yield ("corrections", "approvers", "roles"), plan.corrections.approvers.roles
    yield ("review", "led_by"), plan.review.led_by
    yield ("review", "invited"), plan.review.invited


def _repeated(plan: Plan, document: Document) -> Iterator[Finding]:
    listed: list[tuple[_Place, list[str]]] = [
        (("scope", "topics"), [topic.key for topic in plan.scope.topics]),
        (("scope", "places"), [place.name for place in plan.scope.places]),
        (("principles",), [principle.key for principle in plan.principles]),
        (("organisation", "roles"), [str(holder.role) for holder in plan.organisation.roles]),
        (("organisation", "units"), [unit.key for unit in plan.organisation.units]),
        (("grading", "triggers"), [trigger.key for trigger in plan.grading.triggers]),
        (("grading", "counts"), [count.key for count in plan.grading.counts]),
        (("playbook",), [task.key for task in plan.playbook]),
        (("mechanisms",), [mechanism.key for mechanism in plan.mechanisms]),
        (("guarantees",), [guarantee.key for guarantee in plan.guarantees]),
        (("statement_templates",), [template.key for template in plan.statement_templates]),
    ]
    for where, keys in listed:
        for i, key in enumerate(keys):
            if key in keys[:i]:
                yield document.finding((*where, i), f"{key} 重复 / {key} is repeated")


def _topics_and_places(plan: Plan, document: Document) -> Iterator[Finding]:
    topics = {topic.key for topic in plan.scope.topics}
    places = {place.name for place in plan.scope.places} | {plan.scope.area}
    for i, key in enumerate(plan.grading.topics):
        if key not in topics:
            yield document.finding(("grading", "topics", i), f"没有专题 {key} / unknown topic {key}")
    for i, topic in enumerate(plan.scope.topics):
        for j, name in enumerate(topic.places):
            if name not in places:
                at = ("scope", "topics", i, "places", j)
                yield document.finding(at, f"没有地名 {name} / unknown place {name}")
