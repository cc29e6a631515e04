"""The four levels of the seed's plan, each played through from posts to closed case, in simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kit.embedded import EmbeddedPostgres
from tests.e2e.conftest import new_database
from tests.e2e.handling import (
    Handling,
    ask_for_a_correction,
    consult,
    inform,
    meet_the_press,
    minutes,
    offline,
    the_alert,
    watched,
)
from tests.e2e.harness import System, eventually
from tests.e2e.officers import CAST, HANDLES, Staff, nobody_is_named, posts


@pytest.fixture(scope="module")
def staff(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staff]:
    """Give everybody at work in one system, which all levels share: each has an event and a county of its own."""
    environment = {}
    if request.param == "postgresql":
        server: EmbeddedPostgres = request.getfixturevalue("postgres_server")
        environment["HUIYING_DATABASE_URL"] = server.url(asyncio.run(new_database(server)))
    system = System(tmp_path_factory.mktemp(request.param), **environment)
    try:
        system.start(180)
        people = Staff(system)
        yield people
        people.leave()
    finally:
        system.close()


on_sqlite = pytest.mark.parametrize("staff", ["sqlite"], indirect=True)
on_both = pytest.mark.parametrize("staff", ["sqlite", "postgresql"], indirect=True)


@on_sqlite
def test_level_iv_is_handled_by_the_department_under_the_office(staff: Staff) -> None:
    staff.push(
        posts(
            staff,
            HANDLES[0],
            "孟连县勐马镇移民安置点的自来水又停了三天，报修没有人管，老人只能去河里挑水，大家很不满，希望尽快修好。",
            "",
            "已经第三次了！",
        )
    )
    alert = the_alert(staff, "IV", "孟连")
    assert alert["case_id"] is None
    at = f"/api/v1/alerts/{alert['id']}"
    assert staff["menglian"].get(at)["id"] == alert["id"]
    staff["stranger"].refused(404, "not-found", at, method="GET")
    staff["expert"].refused(403, "forbidden", "/api/v1/cases", {"alert_id": alert["id"]})
    staff["office"].post(f"{at}/acknowledge")
    case = Handling(staff, staff["office"].post("/api/v1/cases", {"alert_id": alert["id"]})["id"])
    shown = case.show()
    assert (shown["level"], shown["state"], shown["automatic"]) == ("IV", "reported", False)
    assert shown["chain"]["lead"] == ["department"]
    assert case.clock("acknowledge")["state"] == "met"
    case.name_departments()
    staff.are_told(case.id, "case_opened", shown["number"], "finance", "water")
    staff["stranger"].refused(404, "not-found", case.at, method="GET")
    staff["office"].refused(409, "exists", "/api/v1/cases", {"alert_id": alert["id"]})

    # the office alone decides at this level
    case.move("finance", "assessing", "转市水务局核实")
    case.may_not_move("finance", "responding", 409, "level_not_active")
    case.may_not_sign("leader", 403, "approval.role")
    assert case.sign("office")["state"] == "approved"
    case.move("finance", "responding", "情况属实")
    case.may_not_move("propaganda", "reviewing", 409, "no_such_step")

    staff["office"].post(f"{case.at}/reports", {"to": "group_member", "text": "初报：安置点停水，已抢修"})
    case.do("water", "verify_facts", "已到现场核实，主管道破裂")
    case.may_not_move("water", "monitoring", 409, "nothing_released")
    case.answer_concerns("water", "finance")
    assert case.show()["concerns"]["share"] == 1.0
    case.do("water", "answer_concerns", "已逐项答复")
    path = case.draft(
        "office",
        title="孟连县勐马镇移民安置点供水情况说明",
        text="9月以来，孟连县勐马镇移民安置点多次停水，县水务部门正在更换主管道，施工期间每日送水两次。",
    )
    staff["office"].refused(409, "two_people", f"{path}/approve")
    staff["chief"].post(f"{path}/approve")
    said = case.publish("office", path)
    assert minutes(shown["detected_at"], said["published_at"]) < 48 * 60
    for kind in ("report_up", "first_release"):
        assert (case.clock(kind)["state"], case.clock(kind)["late"]) == ("met", False)

    case.move("water", "monitoring")
    case.may_not_move("office", "reviewing", 409, "aftercare_running")
    case.wait(3)
    case.may_not_move("water", "reviewing", 403, "role_missing")
    case.move("office", "reviewing")
    case.review("office", "leader", "member")
    case.close("office")
    nobody_is_named(staff)


@on_both
def test_level_iii_is_handled_by_the_office_with_the_departments(staff: Staff, tmp_path: Path) -> None:
    text = "澜沧县糯扎渡镇移民搬迁补偿款拖了一年还没有发，多次询问都没有答复，几十户群众非常失望，要求公开发放时间。"
    staff.push(
        [
            *posts(staff, HANDLES[1], text, "", "求关注", "到底什么时候发？"),
            *posts(staff, HANDLES[1], text, "转给大家看看", "我家也是", source="微博", channel="weibo"),
        ]
    )
    alert = the_alert(staff, "III", "澜沧")
    assert next(one for one in alert["reasons"] if one["criterion"] == "two_sources")["met"]
    case = Handling(staff, alert["case_id"])
    shown = case.show()
    assert (shown["level"], shown["level_active"], shown["automatic"]) == ("III", False, True)
    case.name_departments()
    staff.are_told(case.id, "case_opened", shown["number"], "finance", "lancang")
    assert case.show("lancang")["id"] == case.id
    for stranger in ("stranger", "menglian", "expert"):
        staff[stranger].refused(404, "not-found", case.at, method="GET")

    # the machine asks, the office requests, a member of the group approves: two people
    proposal = case.pending()
    assert proposal is not None
    assert (proposal["by_machine"], proposal["to_level"]) == (True, "III")
    case.may_not_sign("member", 403, "approval.role")
    assert case.sign("chief", comment="请示启动")["state"] == "pending"
    case.may_not_sign("chief", 409, "two_people")
    case.may_not_sign("finance", 403, "approval.role")
    assert case.sign("member")["state"] == "approved"
    staff.are_told(case.id, "level_changed", shown["number"], "leader", "member", "office", "finance", "lancang")
    assert not any(CAST["stranger"][0] in names for _, names in staff.told(case.id, "level_changed"))

    # half of the half hour goes by without a receipt, then all of it
    staff.system.forward(timedelta(minutes=20))
    staff.are_told(case.id, "clock_warning", "签收", "office", "chief")
    assert case.clock("acknowledge")["state"] == "running"
    staff.system.forward(timedelta(minutes=12))
    staff.are_told(case.id, "clock_breached", "签收", "office", "chief", "member")
    assert not any(CAST["leader"][0] in names for _, names in staff.told(case.id, "clock_breached"))
    staff.system.forward(timedelta(hours=2))
    staff.are_told(case.id, "clock_breached", "签收", "leader")
    staff["office"].post(f"/api/v1/alerts/{alert['id']}/acknowledge")
    assert (case.clock("acknowledge")["state"], case.clock("acknowledge")["late"]) == ("met", True)
    staff["office"].post(f"{case.at}/reports", {"to": "group_leader", "text": "初报：补偿款发放迟缓，正在核查"})

    # on top of what somebody else has done meanwhile nothing is changed
    old = staff["office"].tag(case.at)
    case.move("office", "assessing", "转市财政局核实")
    staff["chief"].refused(412, "stale", f"{case.at}/transitions", {"to": "responding"}, if_match=old)
    case.may_not_move("lancang", "responding", 403, "role_missing")
    case.move("chief", "responding", "情况属实")

    # the template waits for facts: the text that lacks one is held up
    case.confirm(
        "finance",
        事发时间=("date", "2026年3月1日"),
        事发地点=("place", "澜沧县糯扎渡镇"),
        事件=("text", "移民搬迁补偿款迟发"),
    )
    path = case.draft("office", template="first_bulletin")
    problem = staff["member"].refused(409, "inconsistent", f"{path}/approve")
    assert [one["kind"] for one in problem["findings"]] == ["placeholder"]
    assert "处置措施" in problem["detail"]
    staff["member"].post(f"{path}/approve", {"decision": "reject", "comment": "请补充处置措施"})
    case.confirm("lancang", 处置措施=("text", "组成工作组逐户核对账户，分批补发"))
    filled = next(
        one for one in staff["office"].get(f"{case.at}/statements/templates")["items"] if one["key"] == "first_bulletin"
    )
    assert "待核实" not in filled["text"]
    staff["office"].patch(path, {"title": filled["title"], "text": filled["text"]})
    staff["office"].post(f"{path}/submit")
    staff["office"].refused(403, "statement.role", f"{path}/approve")
    staff["office"].refused(409, "statement_state", f"{path}/publish")
    staff["member"].post(f"{path}/approve")
    said = case.publish("office", path)
    assert "组成工作组逐户核对账户" in said["text"]
    assert said["disclosure"]["publisher"] == "市搬迁安置办"
    assert said["disclosure"]["index_number"].startswith("1042-/")
    assert minutes(shown["detected_at"], said["published_at"]) < 48 * 60
    assert case.clock("first_release")["met_by"]["kind"] == "statement_published"

    # what people ask is answered one by one, and the share is shown
    case.do("finance", "verify_facts", "已与县里核对213户账户")
    case.may_not_move("office", "monitoring", 409, "task_open")
    asked = case.show()["concerns"]
    assert asked["total"] > 0
    assert asked["share"] == 0.0
    answering = f"{case.at}/concerns/{staff['office'].get(f'{case.at}/concerns')['items'][0]['id']}"
    staff["finance"].refused(409, "answer_says_nothing", f"{answering}/answer", {"text": "已处理"})
    staff["stranger"].refused(404, "not-found", f"{answering}/answer", {"text": "已发放"})
    case.answer_concerns("finance", "lancang")
    assert case.show()["concerns"]["share"] == 1.0
    case.do("finance", "answer_concerns", "已逐项答复")

    case.move("office", "monitoring")
    assert not case.running()
    case.may_not_move("office", "reviewing", 409, "aftercare_running")
    case.wait(7)
    case.move("office", "reviewing")
    assert case.running().keys() == {"review"}
    case.may_not_move("leader", "closed", 409, "review_missing", reason="已办结")
    final = case.review("chief", "leader", "member")
    facts = final["facts"]
    assert facts["concerns"]["share"] == 1.0
    case.close("office")
    offline(staff, case, tmp_path)
    nobody_is_named(staff)


@on_sqlite
def test_level_ii_is_handled_with_the_propaganda_department(staff: Staff) -> None:
    text = "景谷县永平镇库区移民安置房墙体开裂漏水，住户多次反映房屋质量问题没有人管，群众担心安全，强烈要求重新检测。"
    paper = {"source": "云南日报", "channel": "news", "url": "https://www.yndaily.com/2026/jinggu/1.html"}
    staff.push([*posts(staff, HANDLES[2], text, "", "求关注"), *posts(staff, "", text, "记者走访所见。", **paper)])
    alert = the_alert(staff, "II", "景谷")
    case = Handling(staff, alert["case_id"])
    shown = case.show()
    case.name_departments()
    staff.are_told(case.id, "alert_raised", "Ⅱ", "propaganda", "leader", "office")
    staff.are_told(case.id, "level_proposed", "Ⅱ", "propaganda", "leader", "office")
    case.may_not_sign("propaganda", 403, "approval.role")
    case.may_not_sign("member", 403, "approval.role")
    assert case.sign("leader")["state"] == "approved"
    staff.are_told(case.id, "level_changed", shown["number"], "propaganda", "leader", "member", "jinggu", "city")
    watch = eventually(lambda: watched(staff, case), "the 24-hour watch at ingest")
    assert "安置" in watch["keywords"]
    staff["propaganda"].post(f"/api/v1/alerts/{alert['id']}/acknowledge")
    staff["office"].post(f"{case.at}/reports", {"to": "group_leader", "text": "初报：安置房质量问题被省级媒体报道"})
    case.move("office", "assessing")
    case.move("office", "responding", "省级媒体报道属实")

    consult(staff, case)
    inform(staff, case)

    # one voice: a second bulletin that contradicts the first is held up until it is corrected
    case.confirm("jinggu", 受影响户数=("figure", "213户"))
    first = case.speak(
        "office",
        "leader",
        title="景谷县永平镇安置房质量问题情况通报",
        text="景谷县永平镇安置房出现墙体开裂漏水，受影响213户。市搬迁安置办已会同有关部门逐户检测，原因正在调查。",
    )
    assert minutes(shown["detected_at"], first["published_at"]) < 5 * 60
    assert case.clock("first_release")["state"] == "met"
    second = "景谷县永平镇安置房受影响{}户，其中首批40户已开始维修，其余年底前完成。"
    path = case.draft("propaganda", title="景谷县永平镇安置房质量问题续报", text=second.format(312))
    problem = staff["leader"].refused(409, "inconsistent", f"{path}/approve")
    assert {one["kind"] for one in problem["findings"]} == {"contradiction"}
    assert "213户" in problem["detail"]
    staff["leader"].post(f"{path}/approve", {"decision": "reject", "comment": "户数与首发通报不符，请更正"})
    staff["propaganda"].patch(path, {"text": second.format(213)})
    staff["propaganda"].post(f"{path}/submit")
    staff["leader"].post(f"{path}/approve")
    assert "213户" in case.publish("propaganda", path)["text"]

    ask_for_a_correction(staff, case)
    meet_the_press(staff, case, "leader")
    assert minutes(shown["detected_at"], case.clock("press_conference")["ended_at"]) < 24 * 60

    case.do("finance", "verify_facts", "现场检测报告")
    case.answer_concerns("jinggu", "water")
    case.do("water", "answer_concerns", "已逐项答复")
    case.may_not_move("propaganda", "monitoring", 403, "role_missing")
    case.move("office", "monitoring")
    eventually(lambda: not watched(staff, case), "the end of the 24-hour watch at ingest")

    # the story comes back: the plan reopens the case, and it goes back only with a reason
    staff.system.forward(timedelta(hours=2))
    staff.push(posts(staff, HANDLES[2], text, *(f"第{i}户也开裂了，还是没有人来修！" for i in range(1, 17))))
    eventually(lambda: case.show()["state"] == "responding", "the case reopened by the plan", 180)
    case.may_not_move("office", "monitoring", 409, "resurgence_open")
    case.speak(
        "office",
        "leader",
        kind="final",
        title="景谷县永平镇安置房质量问题处置结果的通报",
        text="景谷县永平镇安置房受影响213户已全部完成检测，维修工作按计划推进，县里设现场接待点解答疑问。",
    )
    case.move("office", "monitoring", "反弹信息已逐条核实并再次公开答复")
    case.wait(15)
    case.may_not_move("water", "reviewing", 403, "role_missing")
    case.move("member", "reviewing")
    staff["expert"].refused(404, "not-found", f"{case.at}/review", method="GET")
    staff["office"].post(f"{case.at}/participants", {"role": "expert", "unit": CAST["expert"][2], "part": "informed"})
    case.review("office", "leader", "expert", "member")
    case.may_not_move("member", "closed", 403, "role_missing", reason="办结")
    case.close("leader")
    nobody_is_named(staff)


@on_both
def test_level_i_is_led_by_the_city(staff: Staff) -> None:
    text = "宁洱县磨黑镇移民安置点征地补偿标准不公开，近百名群众到镇政府门口聚集讨要说法，要求县里出面答复。"
    paper = {"source": "云南日报", "channel": "news", "url": "https://www.yndaily.com/2026/ninger/1.html"}
    staff.push([*posts(staff, HANDLES[3], text, "", "快来看"), *posts(staff, "", text, "记者现场报道。", **paper)])
    alert = the_alert(staff, "II", "宁洱")
    case = Handling(staff, alert["case_id"])
    case.sign("leader")
    staff["leader"].post(f"/api/v1/alerts/{alert['id']}/acknowledge")
    case.move("office", "assessing")
    case.move("office", "responding", "县里核实属实")
    before = case.running()

    # a mass incident, established by a person: the graver clocks run at once; refused, the old ones are back
    established = {"mass_incident": True, "reason": "县信访局电话核实，现场约百人"}
    staff["stranger"].refused(404, "not-found", f"{case.at}/facts", established)
    staff["expert"].refused(404, "not-found", f"{case.at}/facts", established)
    assert staff["ninger"].post(f"{case.at}/facts", established)["level"] == "I"
    assert (case.show()["level"], case.show()["pending_level"]) == ("II", "I")
    graver = case.running()
    assert {graver[kind][0] for kind in ("report_up", "first_release", "press_conference")} == {"I"}
    assert graver["report_up"][1] < before["report_up"][1]
    staff.are_told(case.id, "level_proposed", "Ⅰ", "leader", "city", "office", "propaganda")
    case.may_not_sign("city", 403, "approval.role")
    staff["leader"].refused(409, "comment_missing", case.signing(), {"decision": "reject"})
    assert case.sign("leader", "reject", "人群已散去，暂不请示")["state"] == "rejected"
    assert case.running() == before
    assert case.show()["level"] == "II"

    # a new fact asks again; the leader requests, the city decides, and nobody does both, not by proxy either
    staff["office"].post(f"{case.at}/facts", {"national_hot_list": True, "reason": "登上全国热榜第12位"})
    proposal = case.pending()
    assert proposal is not None
    assert (proposal["by_machine"], proposal["to_level"]) == (True, "I")
    assert case.sign("leader", comment="向市委、市政府请示")["state"] == "pending"
    proxy = {
        "role": "city_leader",
        "delegate_id": staff.ids["leader"],
        "delegate": CAST["leader"][0],
        "ends_at": (staff.system.now() + timedelta(hours=8)).isoformat(),
        "reason": "外出开会",
    }
    case.may_not_sign("leader", 403, "approval.role")
    staff["city"].post("/api/v1/delegations", proxy)
    case.may_not_sign("leader", 409, "two_people")
    case.may_not_sign("member", 403, "approval.role")
    assert case.sign("city", comment="同意启动")["state"] == "approved"
    case.name_departments()
    command = staff["office"].get(f"{case.at}/command")
    assert {one["role"] for one in command["lead"]} == {"city_leader"}
    assert {"group_leader", "group_member", "office", "department"} <= {one["role"] for one in command["executors"]}
    assert any(entry["kind"] == "command_formed" and "Ⅰ级" in entry["text"] for entry in case.entries())
    staff.are_told(case.id, "level_changed", "Ⅰ", "city", "leader", "member", "office", "propaganda", "ninger")

    staff["office"].post(f"{case.at}/reports", {"to": "city_leader", "text": "初报：群众聚集，已派人到场"})
    case.confirm("ninger", 聚集人数=("figure", "98人"))
    said = case.speak(
        "propaganda",
        "city",
        kind="holding_line",
        title="关于宁洱县磨黑镇群众反映补偿标准问题的情况说明",
        text="宁洱县磨黑镇部分群众反映征地补偿标准不公开。市、县工作组已到场听取意见，补偿标准将于三日内公布。",
    )
    assert minutes(alert["raised_at"], said["published_at"]) < 5 * 60
    path = case.draft("office", title="续报", text="工作组正在现场。")
    staff["member"].refused(403, "statement.role", f"{path}/approve")
    # the city's delegate approves texts too, on its behalf
    assert "（代" in staff["leader"].post(f"{path}/approve")["decided_by"]
    update = case.draft("office", title="续报", text="工作组仍在现场。")
    meet_the_press(staff, case, "city")
    assert minutes(alert["raised_at"], case.clock("press_conference")["ended_at"]) < 24 * 60
    no = {"decision": "not_hold", "reason": "不再召开"}
    assert not staff["city"].post(f"{case.at}/press-conferences", no)["waived"]

    # the level that is left decides on leaving it
    over = {"mass_incident": False, "national_hot_list": False, "reason": "现场已平息，已不在热榜"}
    assert staff["ninger"].post(f"{case.at}/facts", over)["level"] == "II"
    staff["office"].post(f"{case.at}/level", {"level": "II", "reason": "人群已散去，补偿标准已公布"})
    case.may_not_sign("office", 403, "approval.role")
    case.may_not_move("office", "monitoring", 409, "proposal_pending", reason="先转入持续关注")
    case.sign("leader", comment="请示降级")
    case.may_not_sign("leader", 409, "two_people")
    case.sign("city", comment="同意降级")
    assert (case.show()["level"], case.show()["level_active"]) == ("II", True)

    case.do("finance", "verify_facts", "已核对补偿标准")
    case.answer_concerns("ninger", "finance")
    case.do("finance", "answer_concerns", "已逐项答复")
    # a text that awaits approval holds the case, until its author takes it back
    case.may_not_move("leader", "monitoring", 409, "statement_waiting")
    assert staff["office"].post(f"{update}/recall", {"reason": "现场已平息"})["state"] == "draft"
    case.move("leader", "monitoring")
    case.wait(15)
    case.move("leader", "reviewing")
    case.review("office", "leader", "member")
    case.may_not_move("member", "closed", 403, "role_missing", reason="办结")
    case.close("leader")
    nobody_is_named(staff)
