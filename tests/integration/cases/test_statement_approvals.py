"""Statements that wait for approval: taken back, reminded of, holding the case; and drafts filled anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contracts.streams import NOTIFICATIONS_REQUESTED
from contracts.words import Role
from tests.integration.cases.aftermath import responding
from tests.integration.cases.harness import LEADER, OFFICE, OFFICE_TWO, Cases, StartCases, person
from tests.integration.cases.voices import confirm, open_case

SAID = {"title": "情况通报", "text": "情况正在核实，后续及时公布。"}


async def submitted(cases: Cases, case: str, **said: Any) -> str:
    """Draft a statement and hand it in; returns its path."""
    path = f"/api/v1/cases/{case}/statements"
    draft = await cases.post(path, OFFICE, said or SAID, status=201)
    await cases.post(f"{path}/{draft['id']}/submit", OFFICE)
    return f"{path}/{draft['id']}"


async def told(cases: Cases, kind: str) -> list[dict[str, Any]]:
    """Return the notices of a kind."""
    return [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if one["kind"] == kind]


async def test_its_author_takes_a_submitted_text_back_until_it_is_decided_on(cases: Cases) -> None:
    case = await open_case(cases)
    path = await submitted(cases, case)
    other = await cases.post(f"{path}/recall", OFFICE_TWO, status=403)
    assert other["type"].endswith("statement.not_yours")
    back = await cases.post(f"{path}/recall", OFFICE, {"reason": "伤亡数字有变"})
    assert (back["state"], back["submitted_at"], back["revision"]) == ("draft", None, 1)
    assert (await cases.post(f"{path}/approve", OFFICE_TWO, status=409))["rule"] == "statement_state"
    assert (await cases.post(f"{path}/recall", OFFICE, status=409))["rule"] == "statement_state"
    detail = await cases.get(path)
    assert [(one["kind"], one["text"], one["by"]) for one in detail["comments"]] == [
        ("recalled", "伤亡数字有变", "王办")
    ]
    notices = await told(cases, "statement_submitted")
    assert "【送审撤回】" in notices[-1]["subject"]
    assert {one["role"] for one in notices[-1]["recipients"]} == {one["role"] for one in notices[0]["recipients"]}

    edited = await cases.call("PATCH", path, OFFICE, json={"text": "伤亡数字以此为准。"})
    assert edited.status_code == 200
    await cases.post(f"{path}/submit", OFFICE)
    await cases.post(f"{path}/approve", OFFICE_TWO)
    assert (await cases.post(f"{path}/recall", OFFICE, status=409))["rule"] == "statement_state"
    kinds = [one["kind"] for one in await cases.timeline(case) if one["kind"].startswith("statement_")]
    assert kinds == [
        "statement_drafted",
        "statement_submitted",
        "statement_recalled",
        "statement_edited",
        "statement_submitted",
        "statement_approved",
    ]
    assert (await cases.get(f"/api/v1/cases/{case}/timeline/verify"))["intact"] is True


async def test_a_draft_is_filled_anew_and_what_was_written_by_hand_stays_readable(cases: Cases) -> None:
    case = await open_case(cases)
    path = f"/api/v1/cases/{case}/statements"
    draft = await cases.post(path, OFFICE, {"template": "first_bulletin"}, status=201)
    one = f"{path}/{draft['id']}"
    assert (await cases.post(f"{one}/refill", OFFICE, status=409))["rule"] == "nothing_changed"
    by_hand = draft["text"] + "\n请勿轻信传言。"
    assert (await cases.call("PATCH", one, OFFICE, json={"text": by_hand})).json()["revision"] == 2
    await confirm(cases, case, "place", "事发地点", "景谷县永平镇")
    filled = await cases.post(f"{one}/refill", OFFICE_TWO)
    assert (filled["revision"], filled["state"], filled["author"]) == (3, "draft", "李办")
    assert "景谷县永平镇发生" in filled["text"]
    assert (filled["diff"]["from_revision"], filled["diff"]["to_revision"]) == (2, 3)
    assert "景谷县永平镇" in filled["diff"]["readable"]
    assert "〔删：" in filled["diff"]["readable"]
    versions = (await cases.get(f"{one}/versions"))["items"]
    assert [(item["revision"], item["template"]) for item in versions] == [(n, "first_bulletin") for n in (3, 2, 1)]
    assert versions[1]["text"] == by_hand

    free = await cases.post(path, OFFICE, SAID, status=201)
    assert (await cases.post(f"{path}/{free['id']}/refill", OFFICE, status=409))["rule"] == "no_template"
    await cases.post(f"{path}/{free['id']}/refill", OFFICE, {"template": "none_such"}, status=404)
    other = await cases.post(f"{path}/{free['id']}/refill", OFFICE, {"template": "holding_line"})
    assert "正在会同有关县（区）核实处置" in other["text"]
    await cases.post(f"{path}/{free['id']}/submit", OFFICE)
    assert (await cases.post(f"{path}/{free['id']}/refill", OFFICE, status=409))["rule"] == "statement_state"


async def test_a_case_does_not_go_on_while_a_statement_awaits_approval(cases: Cases) -> None:
    case = (await responding(cases))["id"]
    path = await submitted(cases, case)
    refused = await cases.post(
        f"/api/v1/cases/{case}/transitions", LEADER, {"to": "monitoring", "reason": "平息"}, status=409
    )
    waiting = [one for one in refused["missing"] if one["rule"] == "statement_waiting"]
    assert len(waiting) == 1
    assert "《情况通报》待审批" in waiting[0]["text"]
    await cases.post(f"{path}/recall", OFFICE)
    moved = await cases.post(f"/api/v1/cases/{case}/transitions", LEADER, {"to": "monitoring", "reason": "平息"})
    assert moved["state"] == "monitoring"


async def test_whoever_is_to_approve_is_reminded_once_and_then_it_goes_higher(cases: Cases, start: StartCases) -> None:
    case = await open_case(cases)  # level IV: after 2 h a reminder
    other = await start()
    path = await submitted(cases, case)
    passes = [one.parts.statement_reminders for one in (cases, other)]
    cases.clock.advance(timedelta(hours=1, minutes=59))
    assert [await one.move_on() for one in passes] == [0, 0]
    cases.clock.advance(timedelta(minutes=1))
    assert [await one.move_on() for one in passes] == [1, 0]
    (reminder,) = [one for one in await cases.timeline(case) if one["kind"] == "decision_overdue"]
    assert (reminder["data"]["what"], reminder["data"]["version"]) == ("reminder", 1)
    assert "口径第 1 份第 1 版《情况通报》送审已等待2 小时，请尽快审批" in reminder["text"]
    (notice,) = await told(cases, "decision_overdue")
    assert {one["role"] for one in notice["recipients"]} == {"office"}

    cases.clock.advance(timedelta(days=2))
    assert [await one.move_on() for one in passes] == [1, 0]
    said = [one for one in await cases.timeline(case) if one["kind"] == "decision_overdue"]
    assert said[1]["data"]["what"] == "escalation"
    assert set(said[1]["data"]["roles"]) > {"office"}
    cases.clock.advance(timedelta(days=2))
    assert [await one.move_on() for one in passes] == [0, 0]

    # taken back and handed in again it waits anew; once it is approved it waits no more
    await cases.post(f"{path}/recall", OFFICE)
    cases.clock.advance(timedelta(days=1))
    assert await passes[0].move_on() == 0
    await cases.post(f"{path}/submit", OFFICE)
    cases.clock.advance(timedelta(hours=2))
    assert await passes[0].move_on() == 1
    await cases.post(f"{path}/approve", OFFICE_TWO)
    cases.clock.advance(timedelta(days=2))
    assert await passes[0].move_on() == 0


async def test_acts_are_the_evidence_of_their_tasks(cases: Cases) -> None:
    body = {"title": "补偿款未到账", "level": "II", "reason": "来电反映"}
    case = (await cases.post("/api/v1/cases", OFFICE, body, status=201))["id"]
    path = f"/api/v1/cases/{case}"
    proposal = await cases.pending(case)
    await cases.post(f"{path}/approvals/{proposal['id']}", LEADER, {"decision": "approve"})

    async def done() -> dict[str, str]:
        items = (await cases.get(f"{path}/tasks"))["items"]
        return {one["key"]: one["evidence"] for one in items if one["state"] == "done"}

    assert await done() == {}
    await cases.post(f"{path}/reports", OFFICE, {"to": "group_leader", "text": "初报"}, status=201)
    assert set(await done()) == {"first_report"}
    answer = {"kind": "qa", "title": "答问", "text": "问：何时发放？答：正在核实。"}
    await submitted(cases, case, **answer)
    assert set(await done()) == {"first_report"}
    await submitted(cases, case)
    assert set(await done()) == {"first_report", "draft_statement"}
    held = await cases.post(f"{path}/press-conferences", LEADER, {"decision": "hold", "reason": "回应关切"}, status=201)
    city = person("孙市长", Role.CITY_LEADER)
    spokesperson = f"{path}/press-conferences/{held['id']}/spokesperson"
    await cases.post(spokesperson, city, {"name": "刘副秘书长", "office": "市政府办"})
    found = await done()
    assert set(found) == {"first_report", "draft_statement", "spokesperson"}
    entries = await cases.timeline(case)
    by_kind = {one["kind"]: one["sequence"] for one in entries}
    assert found["draft_statement"] == f"口径第 2 份第 1 版已送审（时间线第 {by_kind['statement_submitted']} 条）"
    assert found["spokesperson"].endswith(f"（时间线第 {by_kind['spokesperson_designated']} 条）")
    texts = [one["text"] for one in entries if one["kind"] == "task_done"]
    assert next(text.split("：", 1)[1] for text in texts).startswith("已向应急领导小组组长报告")
    assert (await cases.get(f"{path}/timeline/verify"))["intact"] is True
