"""Clocks warn, run out and escalate, each once, and what people do meets them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from contracts.streams import CASES_CHANGED, NOTIFICATIONS_REQUESTED
from tests.integration.cases.aftermath import finished_review, responding
from tests.integration.cases.harness import LEADER, MEMBER, OFFICE, Cases, StartCases, event, until

PLAN = Path(__file__).parents[3] / "plans" / "puer-resettlement-2019.yaml"


async def test_a_clock_warns_breaches_and_escalates_once(cases: Cases, start: StartCases) -> None:
    await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    other = await start()
    told: list[str] = []
    for minutes in (14, 1, 9, 6, 0, 120, 60):
        cases.clock.advance(timedelta(minutes=minutes))
        # two replicas look at the same time's rows; nothing is told twice
        await cases.parts.deadlines.move_on()
        await other.parts.deadlines.move_on()
        entries = [one for one in await cases.timeline(case["id"]) if one["data"].get("clock") == "acknowledge"]
        told = [one["kind"] for one in entries]
    assert told == ["clock_warning", "clock_warning", "clock_breached", "clock_escalated"]
    clock = (await cases.clocks(case["id"], "acknowledge"))[0]
    assert (clock["state"], clock["late"]) == ("breached", True)

    messages = [one for one in await cases.heard(CASES_CHANGED, "clock.breached") if one["kind"] == "acknowledge"]
    assert [one["elapsed"] for one in messages] == [1.0]
    notices = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if "签收" in one["subject"]]
    assert [one["kind"] for one in notices] == ["clock_warning"] * 2 + ["clock_breached"] * 3
    escalated = [{who["role"] for who in one["recipients"]} for one in notices if one["kind"] == "clock_breached"]
    assert escalated == [{"office"}, {"group_member"}, {"group_leader"}]


async def test_a_long_silence_is_told_as_one_breach(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    cases.clock.advance(timedelta(days=10))
    await cases.parts.deadlines.move_on()
    assert await cases.parts.deadlines.move_on() == 0
    entries = [one["kind"] for one in await cases.timeline(case["id"]) if one["data"].get("clock") == "report_up"]
    assert entries == ["clock_breached"]


async def test_what_several_tasks_say_in_one_pass_is_one_entry_that_names_them_all(cases: Cases) -> None:
    body = {"title": "移民安置点供水问题", "level": "IV", "reason": "来电反映"}
    case = await cases.post("/api/v1/cases", OFFICE, body, status=201)
    path = f"/api/v1/cases/{case['id']}"
    given: list[str] = []
    for unit in ("市水务局", "市财政局", "市住建局"):
        due = (cases.clock.now() + timedelta(minutes=30)).isoformat()
        giving = {"title": f"{unit}核实情况", "role": "department", "unit": unit, "due_at": due}
        given.append((await cases.post(f"{path}/tasks", OFFICE, giving, status=201))["id"])
    cases.clock.advance(timedelta(minutes=16))
    await cases.parts.deadlines.move_on()
    (warned,) = [one for one in await cases.timeline(case["id"]) if "clocks" in one["data"]]
    assert warned["kind"] == "clock_warning"
    said = {one["clock_id"]: one for one in warned["data"]["clocks"]}
    assert {one["id"] for one in await cases.clocks(case["id"], "task") if one["task_id"] in given} == said.keys()
    assert {(one["clock"], one["share"]) for one in said.values()} == {("task", 0.5)}
    assert all(f"任务“{unit}核实情况”时限已过 50%" in warned["text"] for unit in ("市水务局", "市财政局", "市住建局"))
    heard = [one for one in await cases.heard(CASES_CHANGED, "clock.warning") if one["clock_id"] in said]
    assert len(heard) == 3, "each is still told on the bus, and to whoever is to do it"
    notices = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if "时限提醒" in one["subject"]]
    assert sum("核实情况" in one["subject"] for one in notices) == 3


async def test_evidence_meets_clocks(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    path = f"/api/v1/cases/{case['id']}"
    cases.clock.advance(timedelta(hours=5))
    await cases.parts.deadlines.move_on()
    await cases.post(f"{path}/reports", OFFICE, {"to": "group_leader", "text": "初报：6 条信息"}, status=201)
    report = (await cases.clocks(case["id"], "report_up"))[0]
    assert (report["state"], report["late"]) == ("met", True)
    entry = (await cases.timeline(case["id"]))[report["met_by"]["entry"] - 1]
    assert (entry["kind"], report["met_by"]["kind"]) == ("reported_up", "reported_up")

    tasks = (await cases.get(f"{path}/tasks"))["items"]
    assert "dialogue" in {one["key"] for one in tasks}  # the incident type's own task
    assert "health_facts" not in {one["key"] for one in tasks}
    answer = await cases.call("PATCH", f"{path}/tasks/{tasks[0]['id']}", OFFICE, json={"evidence": "电话记录"})
    assert answer.json()["done_by"] == OFFICE.name
    again = await cases.call("PATCH", f"{path}/tasks/{tasks[0]['id']}", OFFICE, json={"evidence": "再来"})
    assert again.json()["rule"] == "task_done"
    by_task = {one["task_id"]: one for one in await cases.clocks(case["id"], "task")}
    assert by_task[tasks[0]["id"]]["state"] == "met"

    early = await cases.post(
        f"{path}/press-conferences", OFFICE, {"held_at": "2030-01-01T00:00:00+08:00", "spokesperson": "周"}, status=409
    )
    assert early["rule"] == "not_held_yet"


async def test_a_case_through_its_whole_life(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    path = f"/api/v1/cases/{case['id']}"

    async def move(to: str, reason: str = "", status: int = 200) -> dict[str, object]:
        return dict(await cases.post(f"{path}/transitions", OFFICE, {"to": to, "reason": reason}, status=status))

    assert (await move("closed", status=409))["rule"] == "no_such_step"
    await move("assessing")
    proposal = await cases.pending(case["id"])
    await cases.post(f"{path}/approvals/{proposal['id']}", OFFICE, {"decision": "approve"})
    await cases.post(f"{path}/approvals/{proposal['id']}", MEMBER, {"decision": "approve"})
    await move("responding")
    refused = await move("monitoring", status=409)
    assert refused["rule"] == "nothing_released"
    assert [one["rule"] for one in refused["missing"]] == ["nothing_released", "task_open", "task_open"]  # type: ignore[attr-defined]
    assert str(refused["detail"]).startswith("还缺：①尚未对外发布信息；确无需发布的，须说明理由；②任务“核实基本事实")

    draft = await cases.post(f"{path}/statements", OFFICE, {"title": "说明", "text": "补偿款正在核实"}, status=201)
    said = f"{path}/statements/{draft['id']}"
    await cases.post(f"{said}/publish", OFFICE, status=409)
    await cases.post(f"{said}/submit", OFFICE)
    await cases.post(f"{said}/approve", OFFICE, status=403)
    assert (await cases.post(f"{said}/approve", LEADER, {"decision": "reject"}, status=409))[
        "rule"
    ] == "comment_missing"
    assert (await cases.post(f"{said}/approve", LEADER))["state"] == "approved"
    await cases.post(f"{said}/publish", OFFICE)
    released = (await cases.clocks(case["id"], "first_release"))[0]
    assert released["state"] == "met"
    assert released["met_by"]["statement_id"] == draft["id"]
    assert (await cases.running(case["id"], "next_update"))["remaining"] == 24 * 3600

    assert [one["rule"] for one in (await move("monitoring", status=409))["missing"]] == ["task_open"] * 2  # type: ignore[attr-defined]
    await move("monitoring", "已核实，诉求转入日常答复")
    entry = next(one for one in reversed(await cases.timeline(case["id"])) if one["kind"] == "state_changed")
    assert len(entry["data"]["passed_over"]) == 2
    assert "未办事项" in entry["text"]
    assert {one["state"] for one in await cases.clocks(case["id"], "next_update")} == {"cancelled"}
    assert (await move("reviewing", status=409))["rule"] == "aftercare_running"
    cases.clock.advance(timedelta(days=7))
    await move("reviewing")
    assert (await cases.running(case["id"], "review"))["remaining"] == 30 * 86400
    refused = await move("closed", status=409)
    assert [one["rule"] for one in refused["missing"]] == ["conclusion_missing", "review_missing"]  # type: ignore[attr-defined]
    assert (await move("closed", "问题已解决", status=409))["rule"] == "review_missing"
    await finished_review(cases, path)
    closed = await move("closed", "问题已解决，预案无须修改")
    assert closed["next_states"] == ["responding"]
    assert (await cases.clocks(case["id"], "review"))[0]["state"] == "met"
    assert all(one["state"] not in ("running", "breached") for one in await cases.clocks(case["id"]))

    reopened = await move("responding", "再次出现同类投诉")
    assert reopened["state"] == "responding"
    await cases.running(case["id"], "next_update")
    verdict = await cases.get(f"{path}/timeline/verify")
    assert verdict["intact"] is True


async def test_a_resurgence_that_the_plan_only_proposes_is_told_once(start: StartCases, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    text = PLAN.read_text(encoding="utf-8")
    plan.write_text(text.replace("reopen: automatic,", "reopen: propose,"), encoding="utf-8")
    cases = await start(plan=plan)
    case = await responding(cases)
    path = f"/api/v1/cases/{case['id']}"
    await cases.post(f"{path}/transitions", OFFICE, {"to": "monitoring", "reason": "无需发布"})
    now = cases.clock.now()
    for version in (2, 3):
        await cases.tell(event(version=version, at=now, posts_total=30, posts_1h=20))
    await cases.tell(event("event-2", at=now))

    async def both() -> bool:
        return len((await cases.get("/api/v1/cases"))["items"]) == 2

    await until(both)
    kinds = [one["kind"] for one in await cases.timeline(case["id"])]
    assert kinds.count("resurgence") == 1
    assert (await cases.get(path))["state"] == "monitoring"
