"""A replay raises what the step-by-step rules raise, and the report says how that differs from what came."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.words import Tier
from services.cases.plan import Plan
from services.cases.plan.backtest import Came, CaseCame, Course, Point, Raised, Replay
from services.cases.plan.comparing import Difference, compare
from services.cases.plan.course import encode
from services.cases.plan.grading import HumanFacts, facts_of, grade
from services.cases.plan.holding import Decision, Holding, Rules, Seen, consider, heed
from tests.unit.cases.seed import PLAN, story

MINUTE, HOUR = 60_000, 3_600_000
BEGIN = 1_772_409_600_000  # 2026-03-02 08:00 in Shanghai

STEPS = st.lists(
    st.tuples(
        st.integers(1, 40 * HOUR),
        st.fixed_dictionaries(
            {
                "negative_share": st.sampled_from([0.0, 0.1, 0.2, 0.9]),
                "sources": st.integers(1, 3),
                "interactions": st.sampled_from([0, 999, 1000, 20_000, 60_000]),
                "growth": st.sampled_from([0.0, 1.5, 2.0, 8.0]),
                "posts_24h": st.sampled_from([1, 25]),
                "top_tier": st.sampled_from([None, Tier.MUNICIPAL, Tier.PROVINCIAL, Tier.CENTRAL]),
            }
        ),
    ),
    min_size=1,
    max_size=25,
)
Steps = list[tuple[int, dict[str, object]]]


def course(steps: Steps, event_id: str = "event-1") -> list[Point]:
    at, points = BEGIN, []
    for gap, metrics in steps:
        at += gap
        points.append(Point(event_id, at, encode(facts_of(story(**metrics), HumanFacts())), "resettlement", None))
    return points


def gathered(points: list[Point]) -> Course:
    numbers = ",".join(f"{point.at_ms},{point.figures}" for point in reversed(points))
    return Course(points[0].event_id, len(points), "resettlement", numbers)


def plainly(plan: Plan, steps: Steps, decisions: list[Decision]) -> list[tuple[int, float, tuple[str, ...]]]:
    """What the running system would suggest, a point at a time."""
    rules, holding, suggested, decided, at, found = Rules.of(plan.grading), Holding(), 0, 0, BEGIN, []
    waiting = sorted(decisions, key=lambda one: (one.at, one.id))
    for gap, metrics in steps:
        at += gap
        while waiting and waiting[0].at <= at / 1000:
            decision = waiting.pop(0)
            about = max(decision.settled or 0, decision.refused[1] if decision.refused else 0)
            if decision.own or suggested >= about:
                holding = heed(holding, [decision], rules)
                decided = decided if decision.settled is None else decision.settled
        seen = Seen.of(grade(plan, story(**metrics)))
        holding, suggestion = consider(holding, seen, at / 1000, rules, suggested=suggested, decided=decided)
        if suggestion is not None:
            suggested = max(suggested, suggestion.rank)
            found.append((suggestion.rank, at / 1000, suggestion.new))
    return found


@settings(deadline=None)
@given(STEPS)
def test_a_replay_is_the_rules_step_by_step(steps: Steps) -> None:
    replay = Replay(PLAN)
    replay.take([gathered(course(steps))])
    assert [(one.rank, one.at, one.new) for one in replay.finish()] == plainly(PLAN, steps, [])


DECISIONS = st.lists(
    st.tuples(st.integers(0, 200 * HOUR), st.integers(1, 4), st.booleans(), st.booleans()), max_size=4
).map(
    lambda items: [
        Decision(
            f"d{i}",
            (BEGIN + at) / 1000,
            "赵局长",
            refused=None if settles else (rank, rank),
            settled=rank if settles else None,
            own=own,
        )
        for i, (at, rank, settles, own) in enumerate(items)
    ]
)


@settings(deadline=None)
@given(STEPS, DECISIONS)
def test_a_replay_heeds_decisions_as_the_running_system_does(steps: Steps, decisions: list[Decision]) -> None:
    for whole in (True, False):
        replay = Replay(PLAN, decisions={"event-1": decisions} if decisions else {})
        if whole:
            replay.take([gathered(course(steps))])
        else:
            replay.take_points(course(steps))
        assert [(one.rank, one.at, one.new) for one in replay.finish()] == plainly(PLAN, steps, decisions)


def test_a_case_is_opened_once_and_at_the_levels_of_the_plan() -> None:
    steps: Steps = [(MINUTE, {}), (MINUTE, {"sources": 2}), (MINUTE, {"top_tier": Tier.CENTRAL})]
    replay = Replay(PLAN)
    replay.take([gathered(course(steps))])
    assert [(one.level, one.opens) for one in replay.finish()] == [("IV", False), ("III", True), ("I", False)]


def test_an_event_that_has_gone_up_in_another_counts_for_that_one() -> None:
    part = course([(MINUTE, {"sources": 2})], "part")
    gone = part[0]._replace(at_ms=BEGIN + 5 * MINUTE, merged_into="whole")
    whole = course([(2 * MINUTE, {}), (8 * MINUTE, {"sources": 2})], "whole")
    replay = Replay(PLAN, links=[("part", "whole")])
    replay.take_points([*part, gone])
    replay.take([gathered(whole)])
    assert [(one.event_id, one.level) for one in replay.finish()] == [("part", "III"), ("whole", "IV")]


def raised(event_id: str, rank: int, at: float, *, opens: bool = False) -> Raised:
    return Raised(event_id, rank, at, opens, (), "resettlement")


def came(event_id: str, rank: int, at: float) -> Came:
    return Came(event_id, rank, at, f"alert-{event_id}-{rank}", "open", None)


def test_a_comparison_puts_what_differs_first_and_says_by_how_much() -> None:
    begin = BEGIN / 1000
    would = [
        raised("same", 2, begin + 10),
        raised("new", 2, begin + 20, opens=True),
        raised("graver", 3, begin + 30, opens=True),
        raised("late", 2, begin + 4000),
        raised("early", 2, begin + 100),
        raised("outside", 4, begin - 1),
    ]
    alerts = [
        came("same", 2, begin + 40),
        came("gone", 4, begin + 20),
        came("graver", 2, begin + 30),
        came("late", 2, begin + 400),
        came("early", 2, begin + 700),
    ]
    cases = [CaseCame("gone", begin + 20, "YQ-2026-0001", True), CaseCame("same", begin + 50, "YQ-2026-0002", False)]
    found = compare(would, alerts, cases, begin, begin + 86_400)
    assert [(row.event_id, row.difference) for row in found.rows] == [
        ("gone", Difference.MISSED),
        ("new", Difference.ADDED),
        ("graver", Difference.GRAVER),
        ("late", Difference.LATER),
        ("early", Difference.EARLIER),
        ("same", Difference.SAME),
    ]
    assert [(one.level, one.would, one.came) for one in found.levels] == [
        ("I", 0, 1),
        ("II", 1, 0),
        ("III", 4, 4),
        ("IV", 0, 0),
    ]
    assert (found.later.events, found.later.median, found.earlier.largest) == (1, 3600.0, 600.0)
    assert (found.cases_would, found.cases_came, found.cases_by_hand) == (2, 1, 1)
    assert [(day.day, day.alerts_would, day.cases_came) for day in found.days] == [
        (date(2026, 3, 2), 5, 1),
        (date(2026, 3, 3), 0, 0),
    ]
