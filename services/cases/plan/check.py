"""Find gaps in a plan: what its schema allows but its users would regret."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from contracts.words import ClockKind, Level, NotificationKind, Role
from services.cases.plan.criteria import HUMAN_FACTS, Fact
from services.cases.plan.figures import show_duration
from services.cases.plan.loader import Document, Finding, PlanError, parse_plan
from services.cases.plan.schema import Plan

_LEVELS: Final = tuple(Level)
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


def check_plan(text: str, name: str = "plan.yaml") -> list[Finding]:
    """Return everything wrong or doubtful in a plan, by line; an empty list is a plan without gaps."""
    try:
        plan, document = parse_plan(text, name)
    except PlanError as error:
        return error.findings
    return gaps(plan, document)


def gaps(plan: Plan, document: Document) -> list[Finding]:
    """Return the findings on a plan that can be read."""
    found = [
        *_levels(plan, document),
        *_names(plan, document),
        *_criteria(plan, document),
        *_clocks(plan, document),
        *_notices(plan, document),
        *_references(plan, document),
    ]
    return sorted(found, key=lambda finding: finding.line)


def _levels(plan: Plan, document: Document) -> Iterator[Finding]:
    for level in _LEVELS:
        spec = plan.levels.get(level)
        if spec is None:
            yield document.finding(("levels",), f"缺少 {level} 级 / level {level} is missing")
            continue
        at = ("levels", level.value, "approval", "steps")
        steps = spec.approval.steps
        if not steps or steps[-1].kind != "decide" or not steps[-1].roles:
            yield document.finding(at, f"{level} 级无人批准 / level {level} has no approver")
        for i, step in enumerate(steps[:-1]):
            if step.kind == "decide":
                yield document.finding((*at, i), "decide 须为最后一步 / `decide` must be the last step")
            if not step.roles:
                yield document.finding((*at, i), "此步骤没有角色 / the step has no role")


def _names(plan: Plan, document: Document) -> Iterator[Finding]:
    listed = [
        (("scope", "topics"), [topic.key for topic in plan.scope.topics]),
        (("scope", "places"), [place.name for place in plan.scope.places]),
        (("organisation", "roles"), [str(holder.role) for holder in plan.organisation.roles]),
        (("organisation", "units"), [unit.key for unit in plan.organisation.units]),
        (("grading", "triggers"), [trigger.key for trigger in plan.grading.triggers]),
        (("grading", "counts"), [count.key for count in plan.grading.counts]),
        (("playbook",), [task.key for task in plan.playbook]),
    ]
    for where, keys in listed:
        for i, key in enumerate(keys):
            if key in keys[:i]:
                yield document.finding((*where, i), f"{key} 重复 / {key} is repeated")


def _criteria(plan: Plan, document: Document) -> Iterator[Finding]:
    yield from _overlapping_triggers(plan, document)
    yield from _count_ladders(plan, document)
    reached = {trigger.level.rank for trigger in plan.grading.triggers}
    if Level.IV.rank not in reached:
        message = "Ⅳ级没有硬性触发条件，其他条件都不起作用 / no trigger of level IV, so that others never count"
        yield document.finding(("grading", "triggers"), message)
    for count in plan.grading.counts:
        reached |= {level.rank for level in count.levels if level.rank - 1 in reached}
    for level in _LEVELS:
        if level.rank not in reached:
            message = f"没有任何标准能达到 {level} 级 / no criterion leads to level {level}"
            yield document.finding(("grading",), message)


def _overlapping_triggers(plan: Plan, document: Document) -> Iterator[Finding]:
    triggers = plan.grading.triggers
    for i, one in enumerate(triggers):
        for j, other in enumerate(triggers):
            if i == j or one.fact is not other.fact or one.fact is Fact.INCIDENT_TYPE:
                continue
            same = one.level is other.level and j < i
            hidden = one.level.rank < other.level.rank and _strictness(one) >= _strictness(other)
            if same or hidden:
                message = f"与 {other.key}（{other.level}）重叠 / overlaps with {other.key} ({other.level})"
                yield document.finding(("grading", "triggers", i), message)


def _strictness(trigger: object) -> tuple[float, bool]:
    tier = getattr(trigger, "tier_at_least", None)
    if tier is not None:
        return (float(tier.rank), False)
    at_least, above = getattr(trigger, "at_least", None), getattr(trigger, "above", None)
    if at_least is not None:
        return (at_least, False)
    return (above, True) if above is not None else (1.0, False)


def _count_ladders(plan: Plan, document: Document) -> Iterator[Finding]:
    for i, count in enumerate(plan.grading.counts):
        at = ("grading", "counts", i, "levels")
        ladder = sorted(count.levels.items(), key=lambda item: item[0].rank)
        for (low, lower), (high, higher) in itertools.pairwise(ladder):
            if higher.bound <= lower.bound:
                message = f"{high} 级的门槛不高于 {low} 级 / level {high} asks no more than level {low}"
                yield document.finding((*at, high.value), message)
            if high.rank != low.rank + 1:
                message = f"{low} 与 {high} 之间缺级 / a level is missing between {low} and {high}"
                yield document.finding(at, message, "warning")


def _clocks(plan: Plan, document: Document) -> Iterator[Finding]:
    shares = plan.clocks.warn_at.shares
    if list(shares) != sorted(set(shares)) or not all(0 < share < 1 for share in shares):
        message = "须为 0 到 1 之间、由小到大的数 / must rise between 0 and 1"
        yield document.finding(("clocks", "warn_at", "shares"), message)
    for level in _LEVELS:
        limits = plan.clocks.limits.get(level, {})
        at = ("clocks", "limits", level.value)
        for kind in (ClockKind.REPORT_UP, ClockKind.FIRST_RELEASE, ClockKind.ACKNOWLEDGE, ClockKind.REVIEW):
            if kind not in limits:
                yield document.finding(at, f"{level} 级缺少时限 {kind} / level {level} lacks the clock {kind}")
        if ClockKind.TASK in limits:
            message = "任务时限写在 playbook 中 / task limits belong to the playbook"
            yield document.finding((*at, "task"), message)
        for kind, longest in ((k, v) for (lv, k), v in REGULATION.items() if lv is level):
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
    for kind in ClockKind:
        ladder = [(level, limits[kind]) for level in _LEVELS if kind in (limits := plan.clocks.limits.get(level, {}))]
        for (graver, short), (milder, long) in itertools.pairwise(ladder):
            if short.within > long.within:
                message = f"{graver} 级比 {milder} 级还长 / longer at {graver} than at {milder}"
                yield document.finding(("clocks", "limits", graver.value, kind.value), message)


def _notices(plan: Plan, document: Document) -> Iterator[Finding]:
    told: dict[Level, set[Role]] = {level: set() for level in _LEVELS}
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
        wanted = (NotificationKind.ALERT_RAISED, NotificationKind.LEVEL_PROPOSED, NotificationKind.CLOCK_BREACHED)
        for kind in wanted:
            if not plan.notices_for(level, kind):
                message = f"{level} 级的 {kind} 无人被通知 / nobody is told of {kind} at level {level}"
                yield document.finding(("notices",), message)
        if not any(row.requires_acknowledgement for row in plan.notices if level in row.levels):
            message = f"{level} 级没有需签收的通知，签收时限无从满足 / nothing to acknowledge at level {level}"
            yield document.finding(("notices",), message, "warning")


def _references(plan: Plan, document: Document) -> Iterator[Finding]:
    roles = {holder.role for holder in plan.organisation.roles}
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
    used: list[tuple[tuple[str | int, ...], tuple[Role, ...]]] = [
        *((("notices", i, "roles"), row.roles) for i, row in enumerate(plan.notices)),
        *((("playbook", i, "role"), (task.role,)) for i, task in enumerate(plan.playbook)),
        *((("organisation", "units", i, "role"), (unit.role,)) for i, unit in enumerate(plan.organisation.units)),
        (("review", "led_by"), plan.review.led_by),
        (("review", "invited"), plan.review.invited),
    ]
    for level, spec in plan.levels.items():
        for part in ("lead", "executors", "informed"):
            used.append((("levels", level.value, "chain", part), getattr(spec.chain, part)))
        for i, step in enumerate(spec.approval.steps):
            used.append((("levels", level.value, "approval", "steps", i, "roles"), step.roles))
        used.append((("levels", level.value, "approval", "informed"), spec.approval.informed))
    for level, steps in plan.clocks.escalation.items():
        for i, tier in enumerate(steps):
            used.append((("clocks", "escalation", level.value, i, "roles"), tier.roles))
    for where, named in used:
        for role in named:
            if role not in roles:
                yield document.finding(where, f"预案未设角色 {role} / the plan has no role {role}")
    for level in _LEVELS:
        if level not in plan.aftercare.monitor:
            yield document.finding(("aftercare", "monitor"), f"缺少 {level} 级 / level {level} is missing")
    for fact in sorted({trigger.fact for trigger in plan.grading.triggers} & HUMAN_FACTS):
        triggers = [trigger for trigger in plan.grading.triggers if trigger.fact is fact]
        if fact is not Fact.DOUBTFUL and any(trigger.level is Level.IV for trigger in triggers):
            message = f"{fact} 只定为Ⅳ级 / {fact} is graded IV only"
            yield document.finding(("grading", "triggers"), message, "warning")
