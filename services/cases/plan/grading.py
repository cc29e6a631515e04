"""Grade an event by the plan: hard triggers set a floor, counts may raise it by one level; a person decides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from contracts.messages import EventUpdated, Reason
from contracts.words import Level
from services.cases.plan.criteria import HUMAN_FACTS, Count, PlanFact, Trigger
from services.cases.plan.schema import Plan

_LOWEST: Final = Level.IV


class HumanFacts(BaseModel):
    """What only a person can establish of an event; None means that nobody has said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    doubtful: bool | None = None
    deaths_or_injuries: bool | None = None
    mass_incident: bool | None = None
    provincial_hot_list: bool | None = None
    national_hot_list: bool | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """The level suggested (None: none), the floor that hard triggers set, and every criterion looked at."""

    level: Level | None
    floor: Level | None
    reasons: tuple[Reason, ...]

    @property
    def met(self) -> tuple[Reason, ...]:
        """Return the criteria that were met."""
        return tuple(reason for reason in self.reasons if reason.met)


def in_scope(plan: Plan, topics: Collection[str]) -> bool:
    """Tell whether an event with these topics is graded at all."""
    return bool(set(topics) & set(plan.grading.topics))


def grade(plan: Plan, event: EventUpdated, human: HumanFacts | None = None) -> Grade:
    """Hold `event` against the plan's criteria and suggest a level with reasons.

    - Outside the plan's topics nothing is suggested.
    - The floor is the gravest level of a trigger that holds. Triggers above the lowest level count only beside one of
      the lowest level (a negative or doubtful story), unless they are marked `alone`.
    - Counts raise by at most one level above the floor, and by nothing where there is no floor.
    """
    return grade_facts(plan, event.topics, facts_of(event, human or HumanFacts()))


def grade_facts(plan: Plan, topics: Collection[str], facts: Mapping[PlanFact, Any]) -> Grade:
    """Grade an event of these topics by its facts, as :func:`grade` does."""
    if not in_scope(plan, topics):
        scope = Reason(
            criterion="scope",
            label="属于预案适用范围",
            level=_LOWEST,
            kind="scope",
            observed=list(topics),
            threshold=list(plan.grading.topics),
            met=False,
            source=plan.scope.clause,
        )
        return Grade(None, None, (scope,))
    story = any(trigger.level is _LOWEST and trigger.holds(facts[trigger.fact]) for trigger in plan.grading.triggers)
    reasons = [_hard(trigger, facts, story) for trigger in plan.grading.triggers]
    floor_rank = max((reason.level.rank for reason in reasons if reason.met), default=0)
    if floor_rank == 0:
        return Grade(None, None, tuple(reasons))
    counted = [reason for count in plan.grading.counts for reason in _counted(count, facts)]
    count_rank = max((reason.level.rank for reason in counted if reason.met), default=0)
    rank = max(floor_rank, min(count_rank, floor_rank + 1))
    return Grade(Level.of_rank(rank), Level.of_rank(floor_rank), (*reasons, *counted))


def facts_of(event: EventUpdated, human: HumanFacts) -> dict[PlanFact, Any]:
    """Return every fact that criteria may look at."""
    metrics = event.metrics
    return {
        PlanFact.POSTS_TOTAL: metrics.posts_total,
        PlanFact.POSTS_1H: metrics.posts_1h,
        PlanFact.POSTS_24H: metrics.posts_24h,
        PlanFact.GROWTH: metrics.growth,
        PlanFact.NEGATIVE_SHARE: metrics.negative_share,
        PlanFact.READS: metrics.reads,
        PlanFact.INTERACTIONS: metrics.interactions,
        PlanFact.VOICES: metrics.voices,
        PlanFact.SOURCES: metrics.sources,
        PlanFact.DURATION_HOURS: metrics.duration_hours,
        PlanFact.TOP_TIER: metrics.top_tier,
        PlanFact.INCIDENT_TYPE: event.incident_type,
        **{fact: getattr(human, fact.value) for fact in HUMAN_FACTS},
    }


def _hard(trigger: Trigger, facts: Mapping[PlanFact, Any], story: bool) -> Reason:
    observed = facts[trigger.fact]
    return Reason(
        criterion=trigger.key,
        label=trigger.label,
        level=trigger.level,
        kind="hard",
        observed=observed if observed is None or isinstance(observed, bool | int | float) else str(observed),
        threshold=trigger.threshold,
        met=trigger.holds(observed) and (story or trigger.alone or trigger.level is _LOWEST),
        source=trigger.origin,
    )


def _counted(count: Count, facts: Mapping[PlanFact, Any]) -> list[Reason]:
    observed = facts[count.fact]
    enough = count.provided is None or count.provided.holds(facts[count.provided.fact])
    return [
        Reason(
            criterion=f"{count.key}.{level}",
            label=count.label,
            level=level,
            kind="count",
            observed=observed,
            threshold=threshold.show(),
            met=enough and threshold.holds(observed),
            source=threshold.origin,
        )
        for level, threshold in sorted(count.levels.items(), key=lambda item: item[0].rank)
    ]
