"""Check the criteria: every level can be reached, and criteria neither overlap, leave holes nor ask the impossible."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from contracts.words import Level
from services.cases.plan.criteria import HUMAN_FACTS, NUMERIC_FACTS, PlanFact, Trigger
from services.cases.plan.loader import Document, Finding
from services.cases.plan.schema import Plan


def gaps(plan: Plan, document: Document) -> Iterator[Finding]:
    """Yield what is wrong or doubtful in the plan's criteria."""
    yield from _reachable(plan, document)
    yield from _overlaps(plan, document)
    yield from _holes(plan, document)
    yield from _ladders(plan, document)
    yield from _bounds(plan, document)
    yield from _human_facts(plan, document)


def _reachable(plan: Plan, document: Document) -> Iterator[Finding]:
    floors = {trigger.level.rank for trigger in plan.grading.triggers}
    if Level.IV.rank not in floors:
        message = "Ⅳ级没有硬性触发条件，其他条件都不起作用 / no trigger of level IV, so that others never count"
        yield document.finding(("grading", "triggers"), message)
    # counts raise by one above the floor that triggers set, and no count raises from another's level
    highest = max((level.rank for count in plan.grading.counts for level in count.levels), default=0)
    for level in Level:
        raised = highest >= level.rank and level.rank - 1 in floors
        if level.rank not in floors and not raised:
            message = f"没有任何标准能达到 {level} 级 / no criterion leads to level {level}"
            yield document.finding(("grading",), message)


def _overlaps(plan: Plan, document: Document) -> Iterator[Finding]:
    triggers = plan.grading.triggers
    for i, one in enumerate(triggers):
        for j, other in enumerate(triggers):
            if i != j and one.fact is other.fact and _hidden(one, other, after=j < i):
                message = f"与 {other.key}（{other.level}）重叠 / overlaps with {other.key} ({other.level})"
                yield document.finding(("grading", "triggers", i), message)


def _hidden(one: Trigger, other: Trigger, *, after: bool) -> bool:
    """Tell whether `one` never decides anything beside `other`, which stands before it where `after`."""
    if one.fact is PlanFact.INCIDENT_TYPE:
        shared = set(one.one_of or ()) & set(other.one_of or ())
        return bool(shared) and (one.level.rank < other.level.rank or (one.level is other.level and after))
    if one.level is other.level:
        return after
    return one.level.rank < other.level.rank and _strictness(one) >= _strictness(other)


def _strictness(trigger: Trigger) -> tuple[float, bool]:
    if trigger.tier_at_least is not None:
        return (float(trigger.tier_at_least.rank), False)
    if trigger.at_least is not None:
        return (trigger.at_least, False)
    return (trigger.above, True) if trigger.above is not None else (1.0, False)


def _holes(plan: Plan, document: Document) -> Iterator[Finding]:
    """Yield facts whose triggers jump over a level, so that a little more of a thing means two levels at once."""
    for fact in sorted({trigger.fact for trigger in plan.grading.triggers} & (NUMERIC_FACTS | {PlanFact.TOP_TIER})):
        mine = [(i, trigger) for i, trigger in enumerate(plan.grading.triggers) if trigger.fact is fact]
        ladder = sorted(mine, key=lambda item: item[1].level.rank)
        for (_, low), (i, high) in itertools.pairwise(ladder):
            if high.level.rank > low.level.rank + 1:
                message = (
                    f"{fact} 从 {low.level} 级直接跳到 {high.level} 级，中间缺级 / "
                    f"{fact} jumps from level {low.level} to {high.level}"
                )
                yield document.finding(("grading", "triggers", i), message, "warning")


def _ladders(plan: Plan, document: Document) -> Iterator[Finding]:
    for i, count in enumerate(plan.grading.counts):
        at = ("grading", "counts", i, "levels")
        if Level.IV in count.levels:
            message = "数量指标只向上调级，Ⅳ级的门槛不起作用 / counts only raise: a threshold of level IV does nothing"
            yield document.finding((*at, Level.IV.value), message, "warning")
        ladder = sorted(count.levels.items(), key=lambda item: item[0].rank)
        for (low, lower), (high, higher) in itertools.pairwise(ladder):
            if higher.bound <= lower.bound:
                message = f"{high} 级的门槛不高于 {low} 级 / level {high} asks no more than level {low}"
                yield document.finding((*at, high.value), message)
            if high.rank != low.rank + 1:
                message = f"{low} 与 {high} 之间缺级 / a level is missing between {low} and {high}"
                yield document.finding(at, message, "warning")


def _bounds(plan: Plan, document: Document) -> Iterator[Finding]:
    """Yield bounds that every event meets, or that none can."""
    asked: list[tuple[Sequence[str | int], PlanFact, float | None, float | None]] = [
        (("grading", "triggers", i), trigger.fact, trigger.at_least, trigger.above)
        for i, trigger in enumerate(plan.grading.triggers)
        if trigger.fact in NUMERIC_FACTS
    ]
    for i, count in enumerate(plan.grading.counts):
        for level, bound in count.levels.items():
            asked.append((("grading", "counts", i, "levels", level.value), count.fact, bound.at_least, bound.above))
    for at, fact, at_least, above in asked:
        if (at_least is not None and at_least <= 0) or (above is not None and above < 0):
            message = f"任何事件都满足此条件（{fact} 不会小于零） / every event meets this: {fact} is never below zero"
            yield document.finding(tuple(at), message)
        elif fact is PlanFact.NEGATIVE_SHARE and ((at_least or 0.0) > 1 or (above is not None and above >= 1)):
            message = "负面占比在 0 与 1 之间，此条件永远达不到 / a share lies between 0 and 1: this is never met"
            yield document.finding(tuple(at), message)


def _human_facts(plan: Plan, document: Document) -> Iterator[Finding]:
    for i, trigger in enumerate(plan.grading.triggers):
        if trigger.fact in HUMAN_FACTS - {PlanFact.DOUBTFUL} and trigger.level is Level.IV:
            message = f"{trigger.fact} 只定为Ⅳ级 / {trigger.fact} is graded IV only"
            yield document.finding(("grading", "triggers", i), message, "warning")
