"""A case of level II played through: the command stands up, works, consults, informs, speaks, and hands over."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from contracts.streams import NOTIFICATIONS_REQUESTED
from contracts.words import Role
from kit.auth import Principal
from services.cases.store import work
from tests.integration.cases.harness import (
    CITY,
    LEADER,
    OFFICE,
    OFFICE_TWO,
    PROVINCIAL,
    Cases,
    StartCases,
    event,
    person,
    until,
)

JINGGU = Principal("user-jinggu", "刀联络员", frozenset({Role.COUNTY}), "景谷县移民系统")
SIMAO = Principal("user-simao", "白联络员", frozenset({Role.COUNTY}), "思茅区移民系统")
PRESS = person("宣科长", Role.PROPAGANDA)


async def level_two(cases: Cases) -> str:
    """Open a case of level II from an event and have its level approved; returns the path of the case."""
    await cases.tell(event(at=cases.clock.now(), **PROVINCIAL))
    case = await cases.the_case()
    proposal = await cases.pending(case["id"])
    path = f"/api/v1/cases/{case['id']}"
    await cases.post(f"{path}/approvals/{proposal['id']}", LEADER, {"decision": "approve"})
    return path


async def tasks_of(cases: Cases, path: str) -> dict[str, dict[str, Any]]:
    return {one["key"]: one for one in (await cases.get(f"{path}/tasks"))["items"]}


async def kinds(cases: Cases, path: str) -> Counter[str]:
    return Counter(one["kind"] for one in await cases.timeline(path.rsplit("/", 1)[1]))


async def test_the_command_stands_up_and_only_the_county_that_the_event_names_is_told(cases: Cases) -> None:
    path = await level_two(cases)
    command = await cases.get(f"{path}/command")
    assert [one["name"] for one in command["lead"]] == ["应急领导小组组长", "应急领导小组成员"]
    assert [one["role"] for one in command["executors"]] == ["propaganda", "office"]
    assert {one["name"] for one in command["informed"]} == {"景谷县移民系统", "市委、市政府主要领导"}
    assert command["watch"]["mode"] == "surge"
    assert {"首次发布", "新闻发布会"} <= {one["what"] for one in command["duties"]}
    assert "领导：应急领导小组组长、应急领导小组成员" in command["summary"]
    notices = await cases.heard(NOTIFICATIONS_REQUESTED)
    counties = {one["unit"] for notice in notices for one in notice["recipients"] if one["role"] == "county"}
    assert counties == {"景谷县移民系统"}
    assert (await kinds(cases, path))["command_formed"] == 1


async def test_where_no_department_is_concerned_the_office_is_asked_once_to_name_them(
    cases: Cases,
) -> None:
    path = await level_two(cases)
    department = Principal("user-water", "水科长", frozenset({Role.DEPARTMENT}), "市水务局")
    assert (await cases.call("GET", path, department)).status_code == 404
    assert (await kinds(cases, path))["departments_wanted"] == 1
    asked = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if "待确定参与部门" in one["subject"]]
    assert [[who["role"] for who in one["recipients"]] for one in asked] == [["office"]]
    assert "确定参与部门" in [one["what"] for one in (await cases.get(f"{path}/command"))["duties"]]
    body = {"role": "department", "unit": "市水务局"}
    await cases.post(f"{path}/participants", OFFICE, body, status=201)
    assert (await cases.call("GET", path, department)).status_code == 200
    assert "确定参与部门" not in [one["what"] for one in (await cases.get(f"{path}/command"))["duties"]]
    raised = await cases.post(f"{path}/level", LEADER, {"level": "I", "reason": "中央媒体转载"}, status=201)
    await cases.post(f"{path}/approvals/{raised['id']}", CITY, {"decision": "approve"})
    assert (await kinds(cases, path))["departments_wanted"] == 1


async def test_people_come_are_replaced_and_leave_and_are_remembered(cases: Cases) -> None:
    path = await level_two(cases)
    people = f"{path}/participants"
    body = {"role": "group_member", "person": "钱科长", "part": "lead", "duty": "现场指挥"}
    member = await cases.post(people, OFFICE, body, status=201)
    assert (await cases.post(people, OFFICE, body, status=409))["rule"] == "takes_part"
    after = await cases.post(
        f"{people}/{member['id']}/replace", OFFICE, {"person": "周科长", "reason": "出差"}, status=201
    )
    assert (after["person"], after["part"], after["duty"]) == ("周科长", "lead", "现场指挥")
    county = next(one for one in (await cases.get(people))["items"] if one["role"] == "county")
    gone = await cases.call("POST", f"{people}/{county['id']}/release", OFFICE, json={"reason": "与该县无关"})
    assert gone.status_code == 204
    assert (await cases.call("GET", path, JINGGU)).status_code == 404, "who does not take part does not see the case"
    raised = await cases.post(f"{path}/level", LEADER, {"level": "I", "reason": "中央媒体转载"}, status=201)
    await cases.post(f"{path}/approvals/{raised['id']}", CITY, {"decision": "approve"})
    now = (await cases.get(people, present=True))["items"]
    assert not any(one["role"] == "county" for one in now), "whom a person sent off stays off"
    assert next(one["part"] for one in now if one["role"] == "city_leader") == "lead"
    assert next(one["part"] for one in now if one["person"] == "周科长") == "lead"
    city = next(one for one in now if one["role"] == "city_leader")
    refused = await cases.call("POST", f"{people}/{city['id']}/release", OFFICE, json={"reason": "x"})
    assert (refused.status_code, refused.json()["rule"]) == (409, "no_lead_left")
    told = await kinds(cases, path)
    assert (told["command_formed"], told["participant_added"]) == (2, 1)
    assert (told["participant_replaced"], told["participant_left"]) == (1, 1)


async def test_work_is_given_taken_on_done_and_waits_for_what_comes_first(cases: Cases) -> None:
    path = await level_two(cases)
    base = f"{path}/tasks"
    found = await tasks_of(cases, path)
    assert (found["correction"]["state"], found["dialogue"]["unit"]) == ("blocked", "景谷县移民系统")
    held = await cases.post(
        f"{base}/{found['correction']['id']}", PRESS, {"action": "complete", "text": "x"}, status=409
    )
    assert held["rule"] == "task_blocked"
    other = await cases.call("POST", f"{base}/{found['dialogue']['id']}", SIMAO, json={"action": "accept"})
    assert other.status_code == 404
    taken = await cases.post(f"{base}/{found['dialogue']['id']}", JINGGU, {"action": "accept"})
    assert (taken["state"], taken["accepted_by"]) == ("accepted", "刀联络员")
    theirs = await cases.call("POST", f"{base}/{found['collect']['id']}", JINGGU, json={"action": "accept"})
    assert theirs.status_code == 403, "a county does no other body's work"
    due = (cases.clock.now() + timedelta(hours=2)).isoformat()
    body = {"title": "调取拨付凭证", "role": "department", "unit": "市财政局", "due_at": due}
    given = await cases.post(base, OFFICE, body, status=201)
    second = {"title": "公布核查结果", "role": "office", "after": [given["id"]]}
    later = await cases.post(base, OFFICE, second, status=201)
    assert later["state"] == "blocked"
    ring = await cases.call("PATCH", f"{base}/{given['id']}", OFFICE, json={"after": [later["id"]]})
    assert (ring.status_code, ring.json()["rule"]) == (409, "tasks_in_ring")
    notices = await cases.heard(NOTIFICATIONS_REQUESTED)
    assigned = [one["recipients"] for one in notices if one["kind"] == "task_assigned"]
    assert [{"role": "department", "unit": "市财政局", "contact_id": None, "on_duty": False}] in assigned
    finance = Principal("user-finance", "财科长", frozenset({Role.DEPARTMENT}), "市财政局")
    mine = (await cases.get("/api/v1/tasks", finance, mine=True, open=True))["items"]
    assert "调取拨付凭证" in {one["title"] for one in mine}
    assert {one["role"] for one in mine} == {"department"}
    assert [one["due_at"] for one in mine] == sorted(one["due_at"] for one in mine if one["due_at"])
    page = await cases.get("/api/v1/tasks", OFFICE, open=True, limit=3)
    rest = await cases.get("/api/v1/tasks", OFFICE, open=True, limit=100, cursor=page["next_cursor"])
    ids = [one["id"] for one in (*page["items"], *rest["items"])]
    assert len(ids) == len(set(ids)) == len((await cases.get("/api/v1/tasks", OFFICE, open=True))["items"])
    ids = [given["id"], later["id"], "none", found["verify_facts"]["id"]]
    bulk = await cases.post("/api/v1/tasks/bulk", OFFICE, {"ids": ids, "action": "complete", "text": "见附件"})
    assert [one["status"] for one in bulk["items"]] == [200, 200, 404, 200], "done in order, so that the second is free"
    assert (bulk["done"], bulk["failed"]) == (3, 1)
    assert (await tasks_of(cases, path))["correction"]["state"] == "open"
    back = {"action": "reopen", "text": "数据有误"}
    again = await cases.post(f"{base}/{found['verify_facts']['id']}", OFFICE, back)
    assert (again["state"], again["done_by"], again["due_at"]) == ("open", None, found["verify_facts"]["due_at"])
    assert (await tasks_of(cases, path))["correction"]["state"] == "blocked", "what waits for it is held up again"
    open_clocks = [
        one
        for one in await cases.clocks(path.rsplit("/", 1)[1], "task")
        if one["task_id"] == again["id"] and one["state"] == "running"
    ]
    assert len(open_clocks) == 1
    drop = await cases.post(f"{base}/{again['id']}", OFFICE, {"action": "drop", "text": "重复"})
    assert (drop["state"], drop["reason"]) == ("dropped", "重复")
    assert (await tasks_of(cases, path))["correction"]["state"] == "open", "a dropped task holds up nothing"


async def test_a_consultation_is_evidence_and_its_conclusions_become_tasks(cases: Cases) -> None:
    path = await level_two(cases)
    at = (cases.clock.now() + timedelta(hours=1)).isoformat()
    body = {"subject": "应对口径", "planned_at": at, "units": [{"role": "department", "unit": "市财政局"}]}
    called = await cases.post(f"{path}/consultations", OFFICE, body, status=201)
    notices = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if one["kind"] == "consultation_called"]
    assert [one["requires_acknowledgement"] for one in notices] == [True]
    said = {"attended": ["局办公室 王主任", "市财政局 李科长"], "conclusions": ["三日内完成核查", "口径由宣传部统一"]}
    url = f"{path}/consultations/{called['id']}"
    held = await cases.post(f"{url}/held", OFFICE, said)
    assert [(one["number"], one["text"]) for one in held["conclusions"]] == [
        (1, "三日内完成核查"),
        (2, "口径由宣传部统一"),
    ]
    assert (await tasks_of(cases, path))["consult"]["state"] == "done"
    assert (await cases.post(f"{url}/held", OFFICE, said, status=409))["rule"] == "consultation_state"
    who = {"role": "department", "unit": "市财政局"}
    task = await cases.post(f"{url}/conclusions/1/task", OFFICE, who, status=201)
    assert (task["title"], task["origin"]) == ("三日内完成核查", "consultation")
    assert (await cases.post(f"{url}/conclusions/1/task", OFFICE, who, status=409))["rule"] == "task_given"
    assert (await cases.get(url))["conclusions"][0]["task_id"] == task["id"]
    await cases.post(f"{url}/conclusions/9/task", OFFICE, who, status=404)


async def test_information_is_received_by_notice_or_by_hand_and_answered_in_time(cases: Cases) -> None:
    path = await level_two(cases)
    units = [{"role": "county", "unit": "景谷县移民系统"}, {"role": "department", "unit": "市财政局"}]
    body = {"text": "网上反映补偿款未到账，请核实", "units": units, "answer_wanted": True}
    passed = await cases.post(f"{path}/information", OFFICE, body, status=201)
    url = f"{path}/information/{passed['id']}"
    (entry,) = [one for one in await cases.timeline(path.rsplit("/", 1)[1]) if one["kind"] == "information_passed"]
    given = {one["unit"]: one for one in (await tasks_of(cases, path)).values() if one["origin"] == "information"}
    assert [(one["unit"], one["task_id"], one["joined"]) for one in entry["data"]["units"]] == [
        ("景谷县移民系统", given["景谷县移民系统"]["id"], False),
        ("市财政局", given["市财政局"]["id"], True),
    ]
    assert all(f"时间线第 {entry['sequence']} 条" in one["title"] for one in given.values())
    assert not {"task_given", "participant_added"} & set(await kinds(cases, path)), "one act, one entry"
    notices = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if one["kind"] == "information_passed"]
    assert [one["recipients"][0]["unit"] for one in notices] == ["景谷县移民系统", "市财政局"]
    await cases.acknowledge(notices[0], name="刀联络员", role=Role.COUNTY)
    await cases.acknowledge(notices[0], name="刀联络员", role=Role.COUNTY)

    async def received() -> bool:
        return (await cases.get(url))["receipts"][0]["acknowledged_at"] is not None

    await until(received)
    first, _ = (await cases.get(url))["receipts"]
    assert (first["acknowledged_by"], first["acknowledged_via"]) == ("刀联络员", "link")
    assert (await cases.running(path.rsplit("/", 1)[1], "acknowledge"))["state"] == "running", "it is no such receipt"
    unknown = await cases.call("POST", f"{url}/acknowledge", SIMAO, json={})
    assert unknown.status_code == 404
    cases.clock.advance(timedelta(hours=2, seconds=1))
    assert len((await cases.get(f"{path}/information", overdue=True))["items"]) == 1
    answered = await cases.post(f"{url}/answer", JINGGU, {"text": "经核实，已于今日发放"})
    assert answered["receipts"][0]["answer"] == "经核实，已于今日发放"
    assert [one["overdue"] for one in answered["receipts"]] == [False, True]
    for_them = {"role": "department", "unit": "市财政局", "text": "款项已拨付到县"}
    assert (await cases.post(f"{url}/answer", OFFICE, for_them))["overdue"] is False
    assert (await cases.get(f"{path}/information", overdue=True))["items"] == []
    done = [one for one in (await tasks_of(cases, path)).values() if one["origin"] == "information"]
    assert [one["state"] for one in done] == ["done", "done"]
    await cases.post(f"{url}/acknowledge", OFFICE, {"role": "department", "unit": "市财政局"}, status=409)
    assert (await kinds(cases, path))["information_received"] == 2


async def test_talks_with_the_media_are_logged_and_their_task_is_done(cases: Cases) -> None:
    path = await level_two(cases)
    body = {"outlet": "某省日报", "office": "值班编辑", "way": "phone", "said": "告知官方发布渠道"}
    logged = await cases.post(f"{path}/media-contacts", PRESS, body, status=201)
    assert (await tasks_of(cases, path))["media_contact"]["state"] == "done"
    url = f"{path}/media-contacts/{logged['id']}/outcome"
    assert (await cases.post(url, PRESS, {"outcome": "将刊发回应"}))["outcome"] == "将刊发回应"
    await cases.post(f"{path}/media-contacts", PRESS, {**body, "correction_id": "none"}, status=404)
    await cases.post(f"{path}/media-contacts", JINGGU, body, status=403)


async def test_a_press_conference_is_decided_prepared_announced_and_held(cases: Cases) -> None:
    path = await level_two(cases)
    case_id = path.rsplit("/", 1)[1]
    decided = await cases.post(
        f"{path}/press-conferences", OFFICE, {"decision": "hold", "reason": "关注度高"}, status=201
    )
    url = f"{path}/press-conferences/{decided['id']}"
    later = {"at": (cases.clock.now() + timedelta(hours=3)).isoformat(), "place": "新闻发布厅"}
    assert (await cases.post(f"{url}/announce", OFFICE, later, status=409))["rule"] == "no_spokesperson"
    who = {"name": "李副秘书长", "office": "市政府副秘书长"}
    await cases.post(f"{url}/spokesperson", OFFICE, who, status=403)
    assert (await cases.post(f"{url}/spokesperson", CITY, who))["designated_by"] == CITY.name
    paper = {"questions": [{"question": "何时发放？", "answer": "本周内"}, {"question": "为何迟延？"}]}
    written = await cases.call("PUT", f"{url}/questions", OFFICE, json=paper)
    assert written.status_code == 200, written.text
    ok = {"decision": "approve"}
    await cases.post(f"{url}/questions/1", OFFICE, ok, status=403)
    await cases.post(f"{url}/questions/1", LEADER, ok)
    assert (await cases.post(f"{url}/questions/2", LEADER, ok, status=409))["rule"] == "answer_missing"
    assert (await cases.post(f"{url}/held", OFFICE, {"record": "…"}, status=409))["rule"] == "answers_unapproved"
    paper["questions"][1]["answer"] = "正在核查，查明后公布"
    kept = (await cases.call("PUT", f"{url}/questions", OFFICE, json=paper)).json()["questions"]
    assert [one["approved_by"] for one in kept] == [LEADER.name, None], "what stays word for word stays approved"
    await cases.post(f"{url}/questions/2", LEADER, ok)
    assert (await cases.post(f"{url}/announce", OFFICE, later))["state"] == "announced"
    assert (await cases.get(f"{path}/command"))["spokesperson"]["name"] == "李副秘书长"
    clock = await cases.running(case_id, "press_conference")
    cases.clock.advance(timedelta(hours=3))
    held = await cases.post(f"{url}/held", OFFICE, {"record": "通报了核查情况，回答了提问"})
    assert held["state"] == "held"
    met = next(one for one in await cases.clocks(case_id, "press_conference") if one["id"] == clock["id"])
    assert met["state"] == "met"
    old = {"held_at": cases.clock.now().isoformat(), "spokesperson": "李副秘书长", "record": "第二场"}
    once = await cases.post(f"{path}/press-conferences", OFFICE, old, status=201)
    assert (once["case_id"], once["sequence"]) == (case_id, len(await cases.timeline(case_id)))


async def test_not_to_hold_one_ends_the_clock_only_by_whoever_decides_where_the_plan_allows(cases: Cases) -> None:
    path = await level_two(cases)
    case_id = path.rsplit("/", 1)[1]
    no = {"decision": "not_hold", "reason": "影响限于一村，已逐户答复"}
    for to in ("assessing", "responding"):
        await cases.post(f"{path}/transitions", OFFICE, {"to": to, "reason": "属实"})
    first = await cases.post(f"{path}/press-conferences", OFFICE, no, status=409)
    assert first["rule"] == "conference_waiver_role"
    assert "国办发〔2016〕61号" in first["detail"]
    left = await cases.post(f"{path}/transitions", OFFICE, {"to": "monitoring", "reason": "不必召开"}, status=409)
    assert [one["rule"] for one in left["missing"]] == ["press_conference_open"], "no reason excuses it"
    assert (await cases.running(case_id, "press_conference"))["state"] == "running"
    second = await cases.post(f"{path}/press-conferences", LEADER, no, status=201)
    assert second["waived"] is True
    assert [one["state"] for one in await cases.clocks(case_id, "press_conference")] == ["cancelled"]
    yes = {"decision": "hold", "reason": "舆情升温"}
    await cases.post(f"{path}/press-conferences", LEADER, yes, status=201)
    assert (await cases.running(case_id, "press_conference"))["remaining"] == 24 * 3600


async def test_at_level_i_the_plan_lets_nobody_waive_it(cases: Cases) -> None:
    path = await level_two(cases)
    raised = await cases.post(f"{path}/level", LEADER, {"level": "I", "reason": "中央媒体转载"}, status=201)
    await cases.post(f"{path}/approvals/{raised['id']}", CITY, {"decision": "approve"})
    no = {"decision": "not_hold", "reason": "已逐户答复"}
    for who in (OFFICE, CITY):
        refused = await cases.post(f"{path}/press-conferences", who, no, status=409)
        assert refused["rule"] == "conference_not_waivable"
        assert "预案五(三)3；国办发〔2016〕61号" in refused["detail"]
    assert (await cases.running(path.rsplit("/", 1)[1], "press_conference"))["state"] == "running"


async def test_a_shift_is_handed_over_with_a_note_and_a_receipt(cases: Cases) -> None:
    path = await level_two(cases)
    draft = await cases.post(f"{path}/handovers", OFFICE, {"person": "李办"}, status=201)
    assert "一、当前级别和状态：Ⅱ级（重大或较大），上报，24小时监控中" in draft["text"]
    assert "报送初报" in draft["text"]
    url = f"{path}/handovers/{draft['id']}"
    edited = await cases.call("PATCH", url, OFFICE, json={"text": draft["text"] + "\n另：县里今晚再报"})
    assert edited.status_code == 200
    stale = await cases.call("PATCH", url, OFFICE, json={"text": "x"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    await cases.post(f"{url}/accept", OFFICE_TWO, status=409)
    await cases.post(f"{url}/sign", OFFICE_TWO, status=403)
    assert (await cases.post(f"{url}/sign", OFFICE))["state"] == "signed"
    assert (await cases.call("PATCH", url, OFFICE, json={"text": "x"})).status_code == 409
    assert (await cases.post(f"{url}/accept", OFFICE, status=409))["rule"] == "two_people"
    assert (await cases.post(f"{url}/accept", OFFICE_TWO))["accepted_by"] == "李办"
    whole = await cases.post("/api/v1/handovers", OFFICE_TWO, {"person": "王办"}, status=201)
    assert whole["cases"] == [path.rsplit("/", 1)[1]]
    await cases.post(f"/api/v1/handovers/{whole['id']}/sign", OFFICE_TWO)
    notices = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if one["kind"] == "handed_over"]
    assert [one["requires_acknowledgement"] for one in notices] == [True, True]
    await cases.acknowledge(notices[1])

    async def taken() -> bool:
        return (await cases.get(f"/api/v1/handovers/{whole['id']}", OFFICE))["state"] == "accepted"

    await until(taken)
    assert (await kinds(cases, path))["handover_accepted"] == 2


async def test_a_person_who_is_called_as_the_plan_is_shown_is_a_person(cases: Cases) -> None:
    """What somebody of the name 预案 started or appointed is not undone by rule."""
    path = await level_two(cases)
    namesake = replace(person("预案", Role.OFFICE), login="yu.an")
    county = next(one for one in (await cases.get(f"{path}/participants"))["items"] if one["role"] == "county")
    released = f"{path}/participants/{county['id']}/release"
    assert (await cases.call("POST", released, OFFICE, json={"reason": "待核实"})).status_code == 204
    body = {"role": "county", "unit": county["unit"], "part": "lead"}
    await cases.post(f"{path}/participants", namesake, body, status=201)
    for mode in ("routine", "surge"):
        await cases.post(f"{path}/watch", namesake, {"mode": mode, "reason": "现场情况"})
    lower = await cases.post(f"{path}/level", OFFICE, {"level": "III", "reason": "热度回落"}, status=201)
    await cases.post(f"{path}/approvals/{lower['id']}", LEADER, {"decision": "approve"})
    assert (await cases.get(f"{path}/watch"))["mode"] == "surge"
    present = (await cases.get(f"{path}/participants", present=True))["items"]
    assert next(one["part"] for one in present if one["role"] == "county") == "lead"


async def test_briefs_come_hourly_once_whatever_the_replicas_and_the_watch_ends_by_rule(
    cases: Cases, start: StartCases
) -> None:
    path = await level_two(cases)
    other = await start()
    cases.clock.advance(timedelta(minutes=59))
    assert await cases.parts.watching.move_on() == 0
    cases.clock.advance(timedelta(minutes=1))
    assert await cases.parts.watching.move_on() + await other.parts.watching.move_on() == 1
    cases.clock.advance(timedelta(hours=3, minutes=10))
    assert await cases.parts.watching.move_on() + await other.parts.watching.move_on() == 1, "missed hours make one"
    watch = await cases.get(f"{path}/watch")
    assert watch["briefs"] == 2
    briefs = [one for one in await cases.timeline(path.rsplit("/", 1)[1]) if one["kind"] == "situation_brief"]
    assert [one["data"]["number"] for one in briefs] == [1, 2]
    assert "信息总量 6 条" in briefs[0]["text"]
    told = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if "情况快报" in one["subject"]]
    assert {one["kind"] for one in told} == {"case_changed"}
    await cases.post(f"{path}/situation-briefs", OFFICE, {"remark": "现场平稳"}, status=201)
    lower = await cases.post(f"{path}/level", OFFICE, {"level": "III", "reason": "热度回落"}, status=201)
    await cases.post(f"{path}/approvals/{lower['id']}", LEADER, {"decision": "approve"})
    assert (await cases.get(f"{path}/watch"))["mode"] == "routine"
    refused = await cases.post(f"{path}/situation-briefs", OFFICE, {}, status=409)
    assert refused["rule"] == "not_in_surge"
    cases.clock.advance(timedelta(hours=5))
    assert await cases.parts.watching.move_on() == 0
    assert (await cases.get(f"{path}/timeline/verify"))["intact"] is True


async def test_an_old_case_without_participants_gets_its_command_at_the_start(cases: Cases, start: StartCases) -> None:
    path = await level_two(cases)
    case_id = path.rsplit("/", 1)[1]
    async with cases.runtime.database.writing() as session:
        for row in await work.participants(session, case_id):
            await session.delete(row)
    assert (await cases.get(f"{path}/participants"))["items"] == []
    again = await start()
    found = (await again.get(f"{path}/participants"))["items"]
    assert {one["role"] for one in found} >= {"group_leader", "office", "county"}
    assert (await kinds(again, path))["command_formed"] == 2
