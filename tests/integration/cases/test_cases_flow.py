"""From an event to an alert, a case, running clocks and an acknowledgement that meets one."""

from __future__ import annotations

from datetime import timedelta

from contracts.streams import (
    ALERTS_RAISED,
    CASES_CHANGED,
    EVENTS_UPDATED,
    NOTIFICATIONS_CHANGED,
    NOTIFICATIONS_REQUESTED,
    PLANS_ACTIVATED,
    WATCH_CHANGED,
)
from contracts.words import Role
from tests.integration.cases.harness import (
    CENTRAL,
    CITY,
    LEADER,
    MEMBER,
    OFFICE,
    PROVINCIAL,
    Cases,
    StartCases,
    event,
    person,
    until,
)


async def test_the_plan_is_in_force_and_told_of(cases: Cases, start: StartCases) -> None:
    told = await cases.heard(PLANS_ACTIVATED)
    assert [one["version"] for one in told] == ["2019.1"]
    assert [topic["key"] for topic in told[0]["topics"]] == ["resettlement", "hydropower"]
    again = await start()
    told = await again.heard(PLANS_ACTIVATED)
    assert [one["version"] for one in told] == ["2019.1", "2019.1"]
    assert len((await again.get("/api/v1/plans"))["items"]) == 1


async def test_an_event_becomes_an_alert_and_a_case_whose_clock_an_acknowledgement_meets(cases: Cases) -> None:
    detected = cases.clock.now()
    await cases.tell(event(at=detected))
    case = await cases.the_case()
    assert (case["number"], case["state"], case["level"]) == ("YQ-2026-0001", "reported", "III")
    assert case["automatic"] is True
    assert case["level_active"] is False
    assert case["chain"]["lead"] == ["office"]

    clocks = {one["kind"]: one for one in await cases.clocks(case["id"])}
    assert set(clocks) == {"acknowledge", "report_up", "first_release"}
    assert clocks["first_release"]["source"] == "国办发〔2016〕61号"
    assert clocks["first_release"]["remaining"] == 48 * 3600

    alerts = (await cases.get("/api/v1/alerts"))["items"]
    assert [(one["level"], one["status"], one["case_id"]) for one in alerts] == [("III", "open", case["id"])]
    met = [reason for reason in alerts[0]["reasons"] if reason["met"]]
    assert {reason["criterion"] for reason in met} == {"negative_story", "two_sources"}
    told = await cases.heard(ALERTS_RAISED)
    assert [(one["level"], one["case_id"]) for one in told] == [("III", case["id"])]

    notices = await cases.heard(NOTIFICATIONS_REQUESTED)
    page = next(one for one in notices if one["kind"] == "alert_raised")
    assert page["requires_acknowledgement"] is True
    assert page["case_number"] == "YQ-2026-0001"
    assert {one["role"] for one in page["recipients"]} == {"office", "group_member"}

    cases.clock.advance(timedelta(minutes=7))
    await cases.acknowledge(page)

    async def met_now() -> bool:
        return (await cases.clocks(case["id"], "acknowledge"))[0]["state"] == "met"

    await until(met_now)
    entry = (await cases.timeline(case["id"]))[-1]
    assert entry["kind"] == "acknowledged"
    assert entry["data"]["clocks"] == [clocks["acknowledge"]["id"]]
    assert entry["data"]["notification_id"] == page["id"]
    assert (await cases.get(f"/api/v1/alerts/{alerts[0]['id']}"))["status"] == "acknowledged"
    verdict = await cases.get(f"/api/v1/cases/{case['id']}/timeline/verify")
    assert verdict["intact"] is True
    assert verdict["entries"] == entry["sequence"]
    changed = await cases.heard(CASES_CHANGED, "case.changed")
    assert [one["sequence"] for one in changed] == list(range(1, entry["sequence"] + 1))


async def test_a_message_that_comes_again_doubles_nothing(cases: Cases) -> None:
    messages = await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    notices = await cases.heard(NOTIFICATIONS_REQUESTED)
    entries = await cases.timeline(case["id"])
    await cases.publish(EVENTS_UPDATED, [*messages, *messages])
    # the same state under new message ids, and an older version: both say nothing new
    await cases.tell(event(version=1, at=cases.clock.now()), event(version=1, at=cases.clock.now(), **CENTRAL))
    await cases.tell(event("event-2", at=cases.clock.now(), topics=()))

    async def handled() -> bool:
        answer = await cases.call("POST", "/api/v1/cases", OFFICE, json={"event_id": "event-2", "reason": "看看"})
        return answer.status_code == 201

    await until(handled)
    assert len((await cases.get("/api/v1/alerts"))["items"]) == 1
    assert await cases.timeline(case["id"]) == entries
    mine = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if one["case_id"] == case["id"]]
    assert mine == notices

    receipt = await cases.acknowledge(next(one for one in notices if one["requires_acknowledgement"]))
    await cases.publish(NOTIFICATIONS_CHANGED, [receipt, receipt])

    await cases.acknowledge(next(one for one in notices if one["requires_acknowledgement"]), name="李办")

    async def receipts() -> list[str]:
        return [one["actor"]["name"] for one in await cases.timeline(case["id"]) if one["kind"] == "acknowledged"]

    async def both() -> bool:
        return "李办" in await receipts()

    await until(both)
    assert await receipts() == ["王办", "李办"]


async def test_stories_outside_the_scope_or_without_complaint_raise_nothing(cases: Cases) -> None:
    now = cases.clock.now()
    await cases.tell(
        event("elsewhere", at=now, topics=(), **CENTRAL),
        event("praise", at=now, negative_share=0.0, **CENTRAL),
        event("small", at=now, sources=1),
    )

    async def alerted() -> bool:
        return bool((await cases.get("/api/v1/alerts"))["items"])

    await until(alerted)
    alerts = (await cases.get("/api/v1/alerts"))["items"]
    assert [(one["event_id"], one["level"], one["case_id"]) for one in alerts] == [("small", "IV", None)]
    assert (await cases.get("/api/v1/cases"))["items"] == []

    opened = await cases.post("/api/v1/cases", OFFICE, {"alert_id": alerts[0]["id"]}, status=201)
    assert (opened["level"], opened["automatic"], opened["event_id"]) == ("IV", False, "small")
    again = await cases.post("/api/v1/cases", OFFICE, {"event_id": "small"}, status=409)
    assert again["number"] == opened["number"]


async def test_a_dismissed_alert_is_remembered_and_a_graver_one_still_comes(cases: Cases) -> None:
    now = cases.clock.now()
    await cases.tell(event(at=now, sources=1))

    async def alerts(count: int) -> bool:
        return len((await cases.get("/api/v1/alerts"))["items"]) == count

    await until(lambda: alerts(1))
    first = (await cases.get("/api/v1/alerts"))["items"][0]
    refused = await cases.post(f"/api/v1/alerts/{first['id']}/dismiss", OFFICE, {}, status=422)
    assert refused["errors"][0]["pointer"] == "/reason"
    await cases.post(f"/api/v1/alerts/{first['id']}/dismiss", OFFICE, {"reason": "同名地点"})
    await cases.tell(event(version=2, at=now, sources=1), event(version=3, at=now, sources=3))
    await until(lambda: alerts(2))
    assert sorted(one["level"] for one in (await cases.get("/api/v1/alerts"))["items"]) == ["III", "IV"]
    assert (await cases.get("/api/v1/alerts", status="dismissed"))["items"][0]["reason"] == "同名地点"


async def test_a_graver_event_proposes_a_raise_whose_clocks_run_at_once_and_a_refusal_restores(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    before = {one["kind"]: one for one in await cases.clocks(case["id"])}
    cases.clock.advance(timedelta(hours=1))
    await cases.tell(event(version=2, at=cases.clock.now(), **PROVINCIAL))

    async def raised() -> bool:
        return len(await cases.clocks(case["id"])) > len(before)

    await until(raised)
    proposal = await cases.pending(case["id"])
    assert (proposal["kind"], proposal["to_level"], proposal["by_machine"]) == ("raise", "II", True)
    shown = await cases.get(f"/api/v1/cases/{case['id']}")
    assert (shown["level"], shown["pending_level"]) == ("III", "II")
    assert (await cases.running(case["id"], "report_up"))["remaining"] == 3600
    assert (await cases.running(case["id"], "press_conference"))["remaining"] == 24 * 3600

    url = f"/api/v1/cases/{case['id']}/approvals/{proposal['id']}"
    await cases.post(url, OFFICE, {"decision": "approve"}, status=403)
    no_reason = await cases.post(url, LEADER, {"decision": "reject"}, status=409)
    assert no_reason["rule"] == "comment_missing"
    await cases.post(url, LEADER, {"decision": "reject", "comment": "省媒系转载旧闻"})
    for kind, clock in before.items():
        now = await cases.running(case["id"], kind)
        assert (now["id"], now["due_at"], now["state"]) == (clock["id"], clock["due_at"], "running")
    assert {one["state"] for one in await cases.clocks(case["id"], "press_conference")} == {"cancelled"}
    pending = await cases.pending(case["id"])
    assert (pending["kind"], pending["to_level"]) == ("activate", "III")
    assert (await cases.heard(WATCH_CHANGED)) == []


async def test_levels_are_activated_by_their_chain(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now(), **CENTRAL))
    case = await cases.the_case()
    assert case["level"] == "I"
    assert [one["mode"] for one in await cases.heard(WATCH_CHANGED)] == ["surge"]
    path = f"/api/v1/cases/{case['id']}"
    await cases.post(f"{path}/transitions", OFFICE, {"to": "assessing"})
    early = await cases.post(f"{path}/transitions", OFFICE, {"to": "responding"}, status=409)
    assert early["rule"] == "level_not_active"
    proposal = await cases.pending(case["id"])
    url = f"{path}/approvals/{proposal['id']}"
    await cases.post(url, CITY, {"decision": "approve"}, status=403)  # the group leader asks first
    requested = await cases.post(url, LEADER, {"decision": "approve", "comment": "呈请"})
    assert (requested["state"], requested["step"]) == ("pending", 1)
    both = person("赵局长", Role.GROUP_LEADER, Role.CITY_LEADER)
    same = await cases.post(url, both, {"decision": "approve"}, status=409)
    assert same["rule"] == "two_people"
    decided = await cases.post(url, CITY, {"decision": "approve"})
    assert decided["state"] == "approved"
    await cases.post(url, CITY, {"decision": "approve"}, status=409)
    moved = await cases.post(f"{path}/transitions", OFFICE, {"to": "responding"})
    assert moved["level_active"] is True
    lowered = await cases.post(f"{path}/level", MEMBER, {"level": "III", "reason": "热度回落"}, status=201)
    assert [step["roles"] for step in lowered["steps"]] == [["group_leader"], ["city_leader"]]  # of the level left
