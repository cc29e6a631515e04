"""Another office loads its own plan; the service runs by it, and no code is touched."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.messages import EventUpdated
from contracts.permissions import CONFINED
from contracts.streams import NOTIFICATIONS_REQUESTED
from contracts.words import ClockKind, IncidentType, Level, NotificationKind, Role
from kit.clock import SystemClock
from services.cases.plan import check_plan
from tests.integration.cases.harness import ADMIN, OFFICE, Cases, StartCases, event, person, until
from tests.unit.cases.plans import SHIPPED, Shipped

SMALL = Path(__file__).parent / "small-plan.yaml"
DECIDERS = (Role.OFFICE, Role.GROUP_MEMBER, Role.GROUP_LEADER, Role.CITY_LEADER)
OF_EITHER = pytest.mark.parametrize("shipped", SHIPPED, ids=lambda one: one.name)


def test_the_small_plan_has_no_gaps() -> None:
    assert [str(one) for one in check_plan(SMALL.read_text(encoding="utf-8"), SMALL.name)] == []


async def test_another_plan_runs_by_its_own_rules_and_clocks_move_by_themselves(start: StartCases) -> None:
    cases = await start(plan=SMALL, clock=SystemClock(), clock_pass=0.1)
    now = cases.clock.now()
    await cases.tell(event("other", at=now), event("water", at=now, topics=("water",), voices=3))
    case = await cases.the_case()
    assert (case["event_id"], case["level"], case["level_name"]) == ("water", "III", "Ⅲ级（较大）")

    async def breached() -> bool:
        return (await cases.clocks(case["id"], "acknowledge"))[0]["state"] == "breached"

    await until(breached, 20)
    kinds = [one["kind"] for one in await cases.timeline(case["id"]) if one["data"].get("clock") == "acknowledge"]
    assert kinds == ["clock_warning", "clock_breached"]


def reaching(shipped: Shipped, level: Level, cases: Cases) -> EventUpdated:
    """Return an event of the plan's own scope that reaches a level."""
    metrics = shipped.reaching(level).metrics.model_dump(mode="json")
    values = {**metrics, "sources": 1, "voices": 1, "posts_1h": 1, "posts_24h": 1, "interactions": 0}
    at = cases.clock.now()
    return event(at=at, topics=(shipped.topic,), incident_type=IncidentType.OTHER, **values)


async def the_case_of(cases: Cases, told: EventUpdated) -> dict[str, Any]:
    """Wait for the event's alert and return its case, opened by the plan or, where it opens none, by the office."""

    async def alerted() -> bool:
        return bool((await cases.get("/api/v1/alerts"))["items"])

    await until(alerted)
    if not (await cases.get("/api/v1/cases"))["items"]:
        await cases.post("/api/v1/cases", OFFICE, {"event_id": told.id, "reason": "答复"}, status=201)
    return await cases.the_case()


@OF_EITHER
@pytest.mark.parametrize("level", Level)
async def test_every_level_of_either_plan_is_opened_timed_told_and_decided(
    start: StartCases, shipped: Shipped, level: Level
) -> None:
    plan = shipped.plan
    cases = await start(plan=shipped.path)
    told = reaching(shipped, level, cases)
    await cases.tell(told)
    case = await the_case_of(cases, told)
    assert (case["level"], case["level_name"]) == (level, plan.level_name(level))
    assert case["automatic"] is (level in plan.opening.levels)
    assert case["chain"]["lead"] == list(plan.levels[level].chain.lead)

    for kind in (ClockKind.ACKNOWLEDGE, ClockKind.REPORT_UP, ClockKind.FIRST_RELEASE, ClockKind.PRESS_CONFERENCE):
        limit = plan.limit(level, kind)
        found = await cases.clocks(case["id"], kind)
        assert len(found) == (limit is not None)
        if limit is not None:
            assert found[0]["source"] == limit.origin

    assert await heard_by(cases, NotificationKind.ALERT_RAISED) == rows_of(
        shipped, level, NotificationKind.ALERT_RAISED
    )
    await decide(cases, case["id"], shipped, level)
    shown = await cases.get(f"/api/v1/cases/{case['id']}")
    assert shown["level_active"] is True
    assert await heard_by(cases, NotificationKind.LEVEL_CHANGED) >= rows_of(
        shipped, level, NotificationKind.LEVEL_CHANGED
    )
    tasks = (await cases.get(f"/api/v1/cases/{case['id']}/tasks"))["items"]
    assert {task["key"] for task in tasks} == {task.key for task in plan.tasks_for(level, IncidentType.OTHER)}


async def heard_by(cases: Cases, kind: NotificationKind) -> set[Role]:
    """Return the roles that were told of a kind of thing; bodies that hear only of their own cases aside."""
    notices = [notice for notice in await cases.heard(NOTIFICATIONS_REQUESTED) if notice["kind"] == kind]
    return {Role(one["role"]) for notice in notices for one in notice["recipients"]} - CONFINED


def rows_of(shipped: Shipped, level: Level, kind: NotificationKind) -> set[Role]:
    """Return the roles that the plan's matrix names for a kind of thing at a level, the same aside."""
    return {role for row in shipped.plan.notices_for(level, kind) for role in row.roles} - CONFINED


async def decide(cases: Cases, case_id: str, shipped: Shipped, level: Level) -> None:
    """Sign every step of a level's chain that is still open, each by another holder of its roles."""
    proposal = await cases.pending(case_id)
    steps = shipped.plan.levels[level].approval.steps
    for i, step in enumerate(steps[proposal["step"] :]):
        signer = person(f"签{i}", step.roles[0])
        url = f"/api/v1/cases/{case_id}/approvals/{proposal['id']}"
        deputies = step.deputies.roles if step.deputies else ()
        others = [role for role in DECIDERS if role not in (*step.roles, *deputies)]
        await cases.post(url, person("旁人", others[0]), {"decision": "approve"}, status=403)
        await cases.post(url, signer, {"decision": "approve"})


@OF_EITHER
async def test_clocks_of_either_plan_warn_breach_and_escalate_by_it(start: StartCases, shipped: Shipped) -> None:
    plan = shipped.plan
    cases = await start(plan=shipped.path)
    told = reaching(shipped, Level.II, cases)
    await cases.tell(told)
    case = await the_case_of(cases, told)
    limit = plan.limit(Level.II, ClockKind.REPORT_UP)
    assert limit is not None
    for share in plan.clocks.warn_at.shares:
        await move_to(cases, case["id"], share, limit.within)
        await cases.parts.deadlines.move_on()
    await move_to(cases, case["id"], 1.0, limit.within)
    await cases.parts.deadlines.move_on()
    for step in plan.clocks.escalation[Level.II][1:]:
        await move_to(cases, case["id"], 1.0, limit.within, step.after)
        await cases.parts.deadlines.move_on()
    entries = [one for one in await cases.timeline(case["id"]) if one["data"].get("clock") == "report_up"]
    assert [one["kind"] for one in entries] == [
        *["clock_warning"] * len(plan.clocks.warn_at.shares),
        "clock_breached",
        *["clock_escalated"] * (len(plan.clocks.escalation[Level.II]) - 1),
    ]
    shares = [one["data"]["share"] for one in entries if one["kind"] == "clock_warning"]
    assert shares == list(plan.clocks.warn_at.shares)
    escalated = [one["data"]["roles"] for one in entries if one["kind"] == "clock_escalated"]
    assert escalated == [list(step.roles) for step in plan.clocks.escalation[Level.II][1:]]


async def move_to(cases: Cases, case_id: str, share: float, whole: timedelta, more: timedelta = timedelta()) -> None:
    """Move the clock to when a share of the time to report up has passed, and `more` beyond."""
    (clock,) = await cases.clocks(case_id, "report_up")
    started = datetime.fromisoformat(clock["started_at"])
    cases.clock.advance(started + whole * share + more - cases.clock.now())


async def test_an_office_changes_to_the_plan_of_another_body_while_cases_run(start: StartCases) -> None:
    puer, water = SHIPPED
    cases = await start(plan=puer.path)
    told = reaching(puer, Level.III, cases)
    await cases.tell(told)
    case = await the_case_of(cases, told)
    answer = await cases.call("POST", "/api/v1/plans", ADMIN, content=water.text.encode())
    assert answer.status_code == 201, answer.text
    await cases.post(f"/api/v1/plans/{water.plan.version}/activate", ADMIN)
    shown = await cases.get(f"/api/v1/cases/{case['id']}")
    assert (shown["plan_version"], shown["level_name"]) == (puer.plan.version, puer.plan.level_name(Level.III))
