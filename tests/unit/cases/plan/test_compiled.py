"""Compiled criteria grade as `grade()` does, whatever the plan and the facts."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.words import IncidentType, Level, Tier
from services.cases.plan import Plan
from services.cases.plan.compiled import CompiledPlan
from services.cases.plan.course import decode, encode, table
from services.cases.plan.criteria import (
    HUMAN_FACTS,
    NUMERIC_FACTS,
    Count,
    Grading,
    PlanFact,
    Provision,
    Threshold,
    Trigger,
)
from services.cases.plan.grading import grade_facts
from services.cases.plan.holding import Seen
from tests.unit.cases.seed import PLAN

_SHARES = {PlanFact.GROWTH, PlanFact.NEGATIVE_SHARE, PlanFact.DURATION_HOURS}


def _fact(fact: PlanFact) -> st.SearchStrategy[Any]:
    if fact in HUMAN_FACTS:
        return st.sampled_from([None, True, False])
    if fact is PlanFact.TOP_TIER:
        return st.sampled_from([None, *Tier])
    if fact is PlanFact.INCIDENT_TYPE:
        return st.sampled_from(list(IncidentType))
    if fact in _SHARES:
        return st.floats(0, 1000, allow_nan=False) | st.sampled_from([0.0, 0.2, 1.0, 2.0, 24.0, 72.0])
    return st.integers(0, 10**9) | st.sampled_from([0, 2, 10, 20, 1000, 10_000, 50_000])


FACTS = st.fixed_dictionaries({fact: _fact(fact) for fact in PlanFact})
NUMBERS = st.sampled_from([0, 1, 2, 20, 1000]) | st.floats(0, 10**6, allow_nan=False)


@st.composite
def bounds(draw: st.DrawFn) -> dict[str, float]:
    return {draw(st.sampled_from(["at_least", "above"])): float(draw(NUMBERS))}


@st.composite
def triggers(draw: st.DrawFn, key: str) -> Trigger:
    fact = draw(st.sampled_from(list(PlanFact)))
    if fact in HUMAN_FACTS:
        operator: dict[str, Any] = {"is_true": True}
    elif fact is PlanFact.TOP_TIER:
        operator = {"tier_at_least": draw(st.sampled_from(list(Tier)))}
    elif fact is PlanFact.INCIDENT_TYPE:
        operator = {"one_of": tuple(draw(st.sets(st.sampled_from(list(IncidentType)), min_size=1)))}
    else:
        operator = draw(bounds())
    level, alone = draw(st.sampled_from(list(Level))), draw(st.booleans())
    return Trigger(key=key, label=key, level=level, fact=fact, alone=alone, default="project", **operator)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    number = st.sampled_from(sorted(NUMERIC_FACTS))
    counts = []
    for i in range(draw(st.integers(0, 4))):
        levels = draw(st.sets(st.sampled_from(list(Level)), min_size=1))
        provided = draw(st.none() | st.builds(lambda f, b: Provision(fact=f, default="project", **b), number, bounds()))
        thresholds = {level: Threshold(default="project", **draw(bounds())) for level in levels}
        counts.append(Count(key=f"c{i}", label="c", fact=draw(number), levels=thresholds, provided=provided))
    hard = tuple(draw(triggers(f"t{i}")) for i in range(draw(st.integers(1, 6))))
    grading = Grading(topics=("resettlement", "hydropower"), triggers=hard, counts=tuple(counts))
    return PLAN.model_copy(update={"grading": grading})


TOPICS = st.sampled_from(["resettlement", "weather,resettlement", "weather", "hydropower", "", "resettlements"])


@settings(deadline=None)
@given(st.just(PLAN) | plans(), st.lists(st.tuples(FACTS, TOPICS), min_size=1, max_size=8))
def test_compiled_is_plain(plan: Plan, rows: list[tuple[dict[PlanFact, Any], str]]) -> None:
    compiled = CompiledPlan(plan)
    scope = np.array([compiled.in_scope(topics) for _, topics in rows])
    grades = compiled.grade(table([encode(facts) for facts, _ in rows]), scope)
    for i, (facts, topics) in enumerate(rows):
        assert grades.seen(i) == Seen.of(grade_facts(plan, topics.split(","), facts))


@given(FACTS)
def test_facts_survive_their_row(facts: dict[PlanFact, Any]) -> None:
    assert decode(table([encode(facts)])[0].tolist()) == facts
    assert len(encode(facts)) < 250
