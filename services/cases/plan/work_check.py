"""Find gaps in what a plan says of the work: rings and loose ends of the playbook, units concerned with nothing."""

from __future__ import annotations

from collections.abc import Iterator

from services.cases.plan.loader import Document, Finding
from services.cases.plan.schema import Plan
from services.cases.plan.work import ring


def work_gaps(plan: Plan, document: Document) -> Iterator[Finding]:
    """Return the findings on the playbook's dependencies, the units' concerns and the press conference."""
    yield from _playbook(plan, document)
    yield from _units(plan, document)
    if "press_conference" not in plan.model_fields_set:
        return
    roles = {holder.role for holder in plan.organisation.roles}
    for level, designators in plan.press_conference.designated_by.items():
        for role in designators:
            if role not in roles:
                at = ("press_conference", "designated_by", level.value)
                yield document.finding(at, f"预案未设角色 {role} / the plan has no role {role}")


def _playbook(plan: Plan, document: Document) -> Iterator[Finding]:
    tasks = {task.key: task for task in plan.playbook}
    for i, task in enumerate(plan.playbook):
        for j, key in enumerate(task.after):
            other = tasks.get(key)
            at = ("playbook", i, "after", j)
            if other is None:
                yield document.finding(at, f"没有任务 {key} / unknown task {key}")
                continue
            never = [level for level in task.levels if level not in other.levels]
            if never:
                names = "、".join(never)
                message = f"{key} 在 {names} 级不设，等待不起作用 / {key} is no task at {names}, where nothing waits"
                yield document.finding(at, message, "warning")
        if task.due_from == "free" and task.due is None:
            yield document.finding(("playbook", i), "due_from: free 须有 due / due_from: free needs a due", "warning")
    found = ring(plan.playbook)
    if found:
        i = list(tasks).index(found[0])
        way = " → ".join([*found, found[0]])
        yield document.finding(("playbook", i), f"任务互相等待：{way} / tasks wait for each other in a ring")


def _units(plan: Plan, document: Document) -> Iterator[Finding]:
    topics = {topic.key for topic in plan.scope.topics}
    places = {name for place in plan.scope.places for name in (place.name, *place.aliases)}
    for i, unit in enumerate(plan.organisation.units):
        if unit.concerns is None:
            continue
        for j, key in enumerate(unit.concerns.topics):
            if key not in topics:
                at = ("organisation", "units", i, "concerns", "topics", j)
                yield document.finding(at, f"没有专题 {key} / unknown topic {key}")
        for j, name in enumerate(unit.concerns.places):
            if name not in places:
                at = ("organisation", "units", i, "concerns", "places", j)
                yield document.finding(at, f"没有地名 {name} / unknown place {name}")
