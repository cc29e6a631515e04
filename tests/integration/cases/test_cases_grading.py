"""Grading as officers meet it: no flapping, refusals remembered, a lower level told once, courses, backtests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from contracts.words import Role
from services.cases.models import CoursePoint
from services.cases.service.courses import CourseRetention
from tests.integration.cases.harness import (
    AUDITOR,
    CENTRAL,
    LEADER,
    MEMBER,
    OFFICE,
    PROVINCIAL,
    Cases,
    StartCases,
    event,
    person,
)
from tests.integration.cases.test_cases_merged_events import taken_in
from tests.unit.cases.seed import TEXT

MINUTE = timedelta(minutes=1)


class Story:
    """One event, told of again and again with rising versions."""

    def __init__(self, cases: Cases, id_: str = "event-1") -> None:
        self.cases, self.id, self.version = cases, id_, 0

    async def told(self, after: timedelta = MINUTE, **metrics: Any) -> None:
        """Move the clock, tell of the event, and wait until it was taken in."""
        self.cases.clock.advance(after)
        self.version += 1
        await self.cases.tell(event(self.id, self.version, at=self.cases.clock.now(), **metrics))
        await taken_in(self.cases, self.id, self.version)

    async def alerts(self) -> list[tuple[str, int]]:
        """Return its alerts, the first first."""
        items = (await self.cases.get("/api/v1/alerts", event_id=self.id))["items"]
        return [(one["level"], one["round"]) for one in reversed(items)]


async def entries(cases: Cases, case_id: str, *kinds: str) -> list[dict[str, Any]]:
    """Return the timeline's entries of some kinds."""
    return [one for one in await cases.timeline(case_id) if one["kind"] in kinds]


async def decide(cases: Cases, case_id: str, decision: str, who: Any = LEADER) -> None:
    """Sign the pending proposal."""
    pending = await cases.pending(case_id)
    body = {"decision": decision, "comment": "已核实，影响有限"}
    await cases.post(f"/api/v1/cases/{case_id}/approvals/{pending['id']}", who, body)


async def test_figures_that_wobble_raise_once(cases: Cases) -> None:
    story = Story(cases)
    for i in range(12):
        await story.told(interactions=10_050 if i % 2 else 9_950)
    assert await story.alerts() == [("III", 1), ("II", 1)]
    case = await cases.the_case()
    assert len(await entries(cases, case["id"], "level_proposed")) == 2


async def test_a_refused_level_waits_for_a_new_reason_which_is_named(cases: Cases) -> None:
    story = Story(cases)
    await story.told()
    await story.told(**PROVINCIAL)
    case = await cases.the_case()
    await decide(cases, case["id"], "reject")
    for _ in range(3):
        await story.told(**PROVINCIAL, interactions=900)
    assert await story.alerts() == [("III", 1), ("II", 1)]
    (held,) = await entries(cases, case["id"], "suggestion_held")
    assert "赵局长" in held["text"]
    assert "不再建议Ⅱ级" in held["text"]
    shown = await cases.get(f"/api/v1/cases/{case['id']}/grade")
    assert shown["level"] == "II"
    assert shown["held_back_by"]["by"] == "赵局长"
    assert "provincial_media" in shown["held_back_by"]["met"]
    assert any(one["fact"] == "mass_incident" and one["level"] == "I" for one in shown["questions"])
    assert "省级媒体" in shown["explanation"]

    facts = {"deaths_or_injuries": True, "reason": "县应急局电话核实"}
    await cases.post(f"/api/v1/cases/{case['id']}/facts", OFFICE, facts)
    assert await story.alerts() == [("III", 1), ("II", 1), ("II", 2)]
    raised = (await entries(cases, case["id"], "alert_raised"))[-1]
    assert "现已达到：有人员伤亡" in raised["text"]
    assert (await cases.pending(case["id"]))["to_level"] == "II"


async def test_a_refused_level_comes_up_again_after_three_days(cases: Cases) -> None:
    story = Story(cases)
    await story.told()
    await story.told(**PROVINCIAL)
    case = await cases.the_case()
    await decide(cases, case["id"], "reject")
    await story.told(timedelta(hours=71), **PROVINCIAL)
    assert await story.alerts() == [("III", 1), ("II", 1)]
    await story.told(timedelta(hours=2), **PROVINCIAL)
    assert await story.alerts() == [("III", 1), ("II", 1), ("II", 2)]


async def test_what_was_known_at_a_lowering_is_not_suggested_again_but_what_is_new(cases: Cases) -> None:
    story = Story(cases)
    await story.told(**PROVINCIAL)
    case = await cases.the_case()
    await decide(cases, case["id"], "approve")
    # nothing is heard for long before the level is lowered, nor for long after it
    cases.clock.advance(timedelta(hours=9))
    body = {"level": "IV", "reason": "省级媒体为正面跟进，影响有限"}
    await cases.post(f"/api/v1/cases/{case['id']}/level", OFFICE, body, 201)
    await decide(cases, case["id"], "approve")
    for hours in (1, 80, 80):
        await story.told(timedelta(hours=hours), **PROVINCIAL)
    assert await story.alerts() == [("II", 1)]
    shown = await cases.get(f"/api/v1/cases/{case['id']}/grade")
    assert shown["held_back_by"]["until"] is None
    await story.told(**CENTRAL)
    assert await story.alerts() == [("II", 1), ("I", 1)]
    assert (await cases.pending(case["id"]))["to_level"] == "I"


async def test_in_monitoring_only_what_is_new_is_suggested(cases: Cases) -> None:
    story = Story(cases)
    await story.told()
    case = await cases.the_case()
    await decide(cases, case["id"], "approve", OFFICE)
    await decide(cases, case["id"], "approve", MEMBER)
    for to in ("assessing", "responding", "monitoring"):
        await story.told(**PROVINCIAL)
        if (await cases.get(f"/api/v1/cases/{case['id']}"))["pending_level"]:
            await decide(cases, case["id"], "reject")
        body = {"to": to, "reason": "已核实处理"}
        await cases.post(f"/api/v1/cases/{case['id']}/transitions", LEADER, body)
    told = await story.alerts()
    await story.told(timedelta(hours=80), **PROVINCIAL)
    assert await story.alerts() == told
    await story.told(**CENTRAL)
    assert (await story.alerts())[len(told) :] == [("I", 1)]
    await decide(cases, case["id"], "reject")
    await story.told(timedelta(hours=80), **CENTRAL)
    assert len(await story.alerts()) == len(told) + 1


async def test_a_dismissed_alert_stays_dismissed_until_something_new(cases: Cases) -> None:
    story = Story(cases)
    await story.told(sources=1)
    (alert,) = (await cases.get("/api/v1/alerts"))["items"]
    assert alert["level"] == "IV"
    await cases.post(f"/api/v1/alerts/{alert['id']}/dismiss", OFFICE, {"reason": "系同名地点"})
    await story.told(sources=1, negative_share=0.1)
    await story.told(sources=1, negative_share=0.9)
    assert await story.alerts() == [("IV", 1)]
    body = {"doubtful": True, "reason": "网民截图与通知原文不符"}
    await cases.post(f"/api/v1/alerts/{alert['id']}/facts", OFFICE, body)
    assert await story.alerts() == [("IV", 1), ("IV", 2)]


async def test_a_lower_level_is_told_once_and_nothing_is_lowered(cases: Cases) -> None:
    story = Story(cases)
    await story.told(interactions=12_000)
    case = await cases.the_case()
    await decide(cases, case["id"], "approve")
    await story.told(timedelta(minutes=5), sources=1, interactions=10)
    cases.clock.advance(timedelta(hours=2, minutes=1))
    # nothing more is heard of the event: the pass tells it all the same, and only once
    for _ in range(3):
        await cases.parts.alerting.look_again()
        cases.clock.advance(timedelta(hours=5))
    (eased,) = await entries(cases, case["id"], "level_may_ease")
    assert "可考虑降级（按指标不高于Ⅳ级）" in eased["text"]
    shown = await cases.get(f"/api/v1/cases/{case['id']}")
    assert shown["level"] == "II"
    grade = await cases.get(f"/api/v1/cases/{case['id']}/grade")
    assert (grade["case_level"], grade["level"], grade["easing"]["told"]) == ("II", "IV", True)


async def test_the_course_keeps_a_point_a_minute_and_who_said_what(cases: Cases) -> None:
    story = Story(cases)
    await story.told(sources=1)
    for i in range(20):
        await story.told(timedelta(seconds=5), sources=1, interactions=41 + i)
    await story.told(timedelta(seconds=5), sources=1, interactions=60)
    (alert,) = (await cases.get("/api/v1/alerts"))["items"]
    await cases.post(f"/api/v1/alerts/{alert['id']}/facts", OFFICE, {"doubtful": False, "reason": "已核实"})
    async with cases.runtime.database.reading() as session:
        query = sa.select(CoursePoint).order_by(col(CoursePoint.at_ms))
        points = list((await session.execute(query)).scalars())
    # the one that an alert was raised on stays beside the last of its minute
    assert len(points) <= 5
    assert [point.said_by for point in points if point.said_by] == ["王办"]
    assert all(len(point.figures) < 120 for point in points)
    cases.clock.advance(timedelta(days=401))
    assert await CourseRetention(cases.parts.desk, 400).run() == len(points)


async def test_a_backtest_of_the_plan_in_force_raises_what_was_raised(cases: Cases) -> None:
    one, two = Story(cases), Story(cases, "event-2")
    await one.told()
    await two.told(sources=1)
    await one.told(**PROVINCIAL)
    await two.told(sources=1, interactions=1_500)
    await one.told(interactions=3)
    same = await cases.post("/api/v1/plans/backtest", AUDITOR, {"version": "2019.1"})
    assert {row["difference"] for row in same["rows"]} == {"same"}
    assert (same["alerts_would"], same["alerts_came"], same["cases_would"], same["cases_came"]) == (4, 4, 2, 2)

    changed = TEXT.replace('version: "2019.1"', 'version: "2026.2"').replace(
        "fact: sources, at_least: 2,", "fact: sources, at_least: 3,"
    )
    answer = await cases.call(
        "POST",
        "/api/v1/plans/backtest",
        AUDITOR,
        content=changed.encode(),
        headers={"content-type": "application/yaml"},
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    first = found["rows"][0]
    assert (first["event_id"], first["title"]) == ("event-1", "景谷县移民安置点补偿款迟迟未发")
    assert [alert["level"] for alert in first["would"]] == ["IV", "II"]
    assert first["difference"] == "other"
    assert "省级媒体报道" in first["would"][-1]["reason"]
    assert found["summary"].startswith("按 2026.2 版预案回放 2 个事件")
    assert [one["version"] for one in (await cases.get("/api/v1/plans"))["items"]] == ["2019.1"]


async def test_a_backtest_heeds_merged_events_and_refusals(cases: Cases) -> None:
    story, other = Story(cases), Story(cases, "event-2")
    await story.told()
    await story.told(**PROVINCIAL)
    case = await cases.the_case()
    await decide(cases, case["id"], "reject")
    await story.told(**PROVINCIAL, interactions=5)
    await other.told(sources=1)
    cases.clock.advance(MINUTE)
    gone = event("event-2", 2, at=cases.clock.now(), sources=1).model_copy(update={"merged_into": "event-1"})
    await cases.tell(gone)
    await taken_in(cases, "event-2", 2)
    await story.told(timedelta(hours=1), **CENTRAL)
    found = await cases.post("/api/v1/plans/backtest", AUDITOR, {"version": "2019.1"})
    assert {row["difference"] for row in found["rows"]} == {"same"}
    assert found["alerts_would"] == found["alerts_came"] == 4


async def test_a_backtest_says_what_is_wrong(start: StartCases) -> None:
    cases = await start()
    county = person("县联络员", Role.COUNTY)
    answer = await cases.call("POST", "/api/v1/plans/backtest", OFFICE, json={"version": "1999"})
    assert answer.status_code == 404
    answer = await cases.call("POST", "/api/v1/plans/backtest", OFFICE, json={"versions": "2019.1"})
    assert answer.status_code == 422
    since = {"since": (cases.clock.now() + MINUTE).isoformat()}
    answer = await cases.call("POST", "/api/v1/plans/backtest", OFFICE, json={"version": "2019.1"}, params=since)
    assert answer.status_code == 422
    assert "回放区间为空" in answer.text
    yaml = {"content-type": "application/yaml"}
    answer = await cases.call("POST", "/api/v1/plans/backtest", OFFICE, content=b"meta: 1", headers=yaml)
    assert answer.status_code == 422
    assert answer.json()["findings"]
    # titles of all events are in it: not for those who see only what they take part in
    await cases.post("/api/v1/plans/backtest", county, {"version": "2019.1"}, status=403)
    found = await cases.post("/api/v1/plans/backtest", OFFICE, {"version": "2019.1"})
    assert found["summary"] == "该区间没有事件经过的记录，无从回放"
