"""Check what else the graver levels must not have less of, and what the plan names of incident types."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

from contracts.words import Level
from services.cases.plan.loader import Document, Finding
from services.cases.plan.schema import Plan


def gaps(plan: Plan, document: Document) -> Iterator[Finding]:
    """Yield gaps in opening, playbook, surge watch and aftercare."""
    for what, levels in (("opening", plan.opening.levels), ("surge", plan.surge.levels)):
        lowest = min((level.rank for level in levels), default=Level.I.rank)
        for level in Level:
            if level.rank > lowest and level not in levels:
                message = f"较轻的级别在内，{level} 级却不在 / holds milder levels but not {level}"
                yield document.finding((what, "levels"), message, "warning")
    if plan.surge.poll_every <= timedelta():
        yield document.finding(("surge", "poll_every"), "须大于零 / must be longer than nothing")
    for i, task in enumerate(plan.playbook):
        for kind in task.incident_types:
            if kind not in plan.scope.incident_types:
                message = f"适用范围没有事件类型 {kind} / the scope has no incident type {kind}"
                yield document.finding(("playbook", i, "incident_types"), message, "warning")
    yield from _aftercare(plan, document)


def _aftercare(plan: Plan, document: Document) -> Iterator[Finding]:
    monitor = plan.aftercare.monitor
    for level in Level:
        if level not in monitor:
            yield document.finding(("aftercare", "monitor"), f"缺少 {level} 级 / level {level} is missing")
    for graver, milder in itertools.pairwise(level for level in Level if level in monitor):
        if monitor[graver].days < monitor[milder].days:
            message = f"{graver} 级的关注期比 {milder} 级还短 / followed for fewer days at {graver} than at {milder}"
            yield document.finding(("aftercare", "monitor", graver.value), message, "warning")
