"""The grade of an event at any time, without changing anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.messages import EventUpdated
from contracts.words import Level
from services.cases import store
from services.cases.plan import Grade, HumanFacts, Plan, grade
from services.cases.plan.grading import facts_of
from services.cases.plan.holding import Low, Refusal, Rules, Seen, held_back
from services.cases.plan.saying import Question, questions
from services.cases.service.desk import Desk, missing
from services.cases.service.suggesting import decided_rank, remembered
from services.cases.store import courses as stored
from services.cases.store import merged_events


@dataclass(frozen=True, slots=True)
class CurrentGrade:
    """A grade with what surrounds it. `held`: the refusal that keeps its level from being suggested.

    `refusals` are by rank; `low`: since when the grade lies below the level that stands; `heard_at`: when the event
    was last heard of.
    """

    event_id: str
    plan: Plan
    graded: Grade
    questions: list[Question]
    held: Refusal | None
    refusals: dict[int, Refusal]
    low: Low
    suggested: int
    case_level: Level | None
    heard_at: datetime


class Grades:
    """Looks an event's grade up."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def now(self, event_id: str) -> CurrentGrade:
        """Grade an event, or what it has gone up in, by the plan in force; 404 where the event is no longer kept."""
        async with self._desk.database.reading() as session:
            plan = await self._desk.plans.in_force(session)
            event_id = await merged_events.standing(session, event_id)
            row = (await store.events(session, [event_id])).get(event_id)
            if row is None:
                raise missing("event", event_id)
            standing = (await stored.standings(session, [event_id])).get(event_id)
            decisions = (await stored.decisions(session, [event_id])).get(event_id, ())
            highest = (await store.highest_alerts(session, [event_id])).get(event_id, 0)
            case = await stored.open_case_of(session, event_id)
        event, human = EventUpdated.model_validate(row.snapshot), HumanFacts.model_validate(row.human_facts)
        graded, rules = grade(plan, event, human), Rules.of(plan.grading)
        seen = Seen.of(graded)
        holding = remembered(standing, seen, decisions, rules)
        at = self._desk.clock.now().timestamp()
        return CurrentGrade(
            event_id=event_id,
            plan=plan,
            graded=graded,
            questions=questions(plan, event.topics, facts_of(event, human), graded),
            held=held_back(holding, seen, at, rules, decided=decided_rank(case)),
            refusals=dict(holding.refusals),
            low=holding.low,
            suggested=highest,
            case_level=Level(case.level) if case is not None else None,
            heard_at=row.updated_at,
        )
