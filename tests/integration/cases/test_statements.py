"""One voice over HTTP: facts confirmed, texts drafted, checked, approved, published, corrected, withdrawn."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from contracts.streams import STATEMENTS_PUBLISHED
from contracts.words import Role
from kit.auth import Principal
from tests.integration.cases.chains import STAND_IN, delegate
from tests.integration.cases.harness import ADMIN, AUDITOR, OFFICE, OFFICE_TWO, Cases, StartCases
from tests.integration.cases.voices import confirm, open_case, page, publish, release


async def test_a_draft_waits_for_its_facts_and_a_contradiction_for_its_explanation(cases: Cases) -> None:
    case = await open_case(cases)
    path = f"/api/v1/cases/{case}/statements"

    # a template shows what is missing, and its draft cannot be approved
    shown = {one["key"]: one for one in (await cases.get(f"{path}/templates"))["items"]}
    assert set(shown["first_bulletin"]["missing"]) >= {"事发时间", "事发地点", "处置措施"}
    draft = await cases.post(path, OFFICE, {"template": "first_bulletin"}, status=201)
    assert (draft["kind"], draft["revision"]) == ("first_bulletin", 1)
    assert "〔待核实：事发地点〕" in draft["text"]
    said = f"{path}/{draft['id']}"
    await cases.post(f"{said}/submit", OFFICE)
    blocked = await cases.post(f"{said}/approve", OFFICE_TWO, status=409)
    assert blocked["rule"] == "inconsistent"
    assert {one["kind"] for one in blocked["findings"]} == {"placeholder"}
    placeholder = blocked["findings"][0]["key"]
    refused = await cases.post(f"{said}/explanations", OFFICE, {"finding": placeholder, "text": "待查"}, status=409)
    assert refused["rule"] == "placeholder"
    returned = await cases.post(f"{said}/approve", OFFICE_TWO, {"decision": "reject", "comment": "先核实事实"})
    assert (returned["state"], returned["comment"]) == ("draft", "先核实事实")

    # facts are confirmed, and the template is filled anew
    day = "2026年3月1日9时"
    for kind, subject, value in (
        ("date", "事发时间", day),
        ("place", "事发地点", "景谷县永平镇"),
        ("text", "事件", "山体滑坡"),
        ("text", "处置措施", "转移群众，排查险情"),
        ("figure", "死亡人数", "2人"),
        ("figure", "受影响户数", "213户"),
    ):
        await confirm(cases, case, kind, subject, value)
    filled = {one["key"]: one for one in (await cases.get(f"{path}/templates"))["items"]}["first_bulletin"]
    assert (filled["missing"], filled["optional"]) == ([], ["受伤人数", "起因"])  # asked for by `if` only
    assert "〔" not in filled["text"]
    assert f"{day}，景谷县永平镇发生山体滑坡。" in filled["text"]
    edited = await cases.call("PATCH", said, OFFICE, json={"title": filled["title"], "text": filled["text"]})
    assert edited.json()["revision"] == 2
    diff = await cases.get(f"{said}/diff", **{"from": 1, "to": 2})
    assert "〔增：景谷县" in diff["readable"]
    assert "".join(one["before"] for one in diff["text"]) == draft["text"]
    assert "".join(one["after"] for one in diff["text"]) == filled["text"]
    first = await release(cases, case, draft["id"])
    assert first["state"] == "published"
    assert (await cases.clocks(case, "first_release"))[0]["state"] == "met"
    versions = (await cases.get(f"{said}/versions"))["items"]
    assert [one["revision"] for one in versions] == [2, 1]
    assert [one["kind"] for one in versions[1]["comments"]] == ["returned"]
    late = await cases.call("PATCH", said, OFFICE, json={"text": "改了"})
    assert (late.status_code, late.json()["rule"]) == (409, "statement_state")

    # a second bulletin contradicts the first
    cases.clock.advance(timedelta(hours=2))
    second = await cases.post(
        path, OFFICE, {"title": "续报", "text": "滑坡影响300户。因违规开挖导致山体滑坡。"}, status=201
    )
    assert second["kind"] == "follow_up"
    said = f"{path}/{second['id']}"
    await cases.post(f"{said}/submit", OFFICE)
    blocked = await cases.post(f"{said}/approve", OFFICE_TWO, status=409)
    kinds = {one["kind"]: one for one in blocked["findings"]}
    assert set(kinds) == {"contradiction", "unconfirmed_cause"}
    assert kinds["contradiction"]["against"]["origin"] == "fact"
    assert "213户" in kinds["contradiction"]["why"]
    for one in blocked["findings"]:
        await cases.post(f"{said}/explanations", OFFICE, {"finding": one["key"], "text": "已会同县里复核"}, status=201)
    waiting = await cases.post(f"{said}/approve", OFFICE_TWO, status=409)
    assert waiting["rule"] == "explanations_not_accepted"
    own = await cases.post(f"{said}/approve", OFFICE, {"accept_explanations": True}, status=409)
    assert own["rule"] == "two_people"
    await cases.post(f"{said}/approve", OFFICE_TWO, {"accept_explanations": True})
    detail = await cases.get(said)
    assert {(one["by"], one["accepted_by"]) for one in detail["explanations"]} == {("王办", "李办")}
    assert {one["key"] for one in detail["findings"]} >= {one["key"] for one in blocked["findings"]}
    await cases.post(f"{said}/publish", OFFICE)
    told = [one["kind"] for one in await cases.timeline(case)]
    assert told.count("finding_explained") == 2
    assert (await cases.get(f"/api/v1/cases/{case}/timeline/verify"))["intact"] is True


async def test_a_correction_and_a_withdrawal_leave_both_texts_readable(cases: Cases) -> None:
    case = await open_case(cases)
    first = await publish(cases, case, "情况通报", "截至3月2日8时，滑坡影响213户。")
    path = f"/api/v1/cases/{case}/statements/{first['id']}"
    body = {"title": "更正", "text": "滑坡影响231户。", "reason": "统计时漏了<b>两个组</b>"}
    correction = await cases.post(f"{path}/correct", OFFICE, body, status=201)
    again = await cases.post(f"{path}/correct", OFFICE, body, status=409)
    assert again["rule"] == "correction_pending"
    detail = await cases.get(f"/api/v1/cases/{case}/statements/{correction['id']}")
    assert {one["severity"] for one in detail["findings"]} == {"note"}
    assert (await cases.get(path))["state"] == "published"
    await release(cases, case, correction["id"])

    old = (await cases.call("GET", f"/public/v1/statements/{first['id']}", None)).json()
    new = (await cases.call("GET", f"/public/v1/statements/{correction['id']}", None)).json()
    assert (old["state"], old["text"]) == ("corrected", "截至3月2日8时，滑坡影响213户。")
    assert old["corrected_by"] == {"id": correction["id"], "url": new["url"], "title": "更正"}
    assert new["corrects"] == {"id": first["id"], "url": old["url"], "title": "情况通报"}
    html = await page(cases, f"/public/v1/statements/{first['id']}")
    assert "已更正" in html
    assert new["url"] in html
    html = await page(cases, f"/public/v1/statements/{correction['id']}")
    assert old["url"] in html
    assert "漏了&lt;b&gt;两个组" in html

    await cases.post(f"/api/v1/cases/{case}/statements/{correction['id']}/withdraw", OFFICE, {"reason": "县里重新统计"})
    html = await page(cases, f"/public/v1/statements/{correction['id']}")
    assert "已撤回" in html
    assert "县里重新统计" in html
    assert "滑坡影响231户。" in html
    listed = await page(cases, "/public/v1/statements")
    assert "〔已撤回〕" in listed
    assert "〔已更正〕" in listed
    feed = (await cases.call("GET", "/public/v1/statements", None)).json()
    assert [one["_state"] for one in feed["items"]] == ["withdrawn", "corrected"]
    assert feed["items"][0]["_withdrawn"]["reason"] == "县里重新统计"
    for name in (OFFICE.name, OFFICE_TWO.name):
        assert name not in html + listed + str(feed)
    types = ("statement.published", "statement.corrected", "statement.withdrawn")
    told = {type_: await cases.heard(STATEMENTS_PUBLISHED, type_) for type_ in types}
    assert {type_: len(data) for type_, data in told.items()} == dict(zip(types, (2, 1, 1), strict=True))
    assert told["statement.corrected"][0]["corrected_by"] == correction["id"]
    # what was withdrawn or corrected holds nothing up any more
    assert (await cases.post(f"/api/v1/cases/{case}/statements/check", AUDITOR, {"text": "影响240户。"}))[
        "blocks"
    ] is False


async def test_a_delegate_approves_for_the_holder_never_for_the_author_and_it_shows(cases: Cases) -> None:
    case_id = await open_case(cases)
    path = f"/api/v1/cases/{case_id}/statements"
    text = {"title": "永平镇滑坡情况通报", "text": "永平镇发生滑坡，县里已组织力量到场处置。"}

    async def handed_in(author: Principal) -> str:
        drafted = await cases.post(path, author, text, 201)
        await cases.post(f"{path}/{drafted['id']}/submit", author)
        return f"{path}/{drafted['id']}/approve"

    by_another, by_the_holder = await handed_in(ADMIN), await handed_in(OFFICE)
    refused = await cases.post(by_another, STAND_IN, status=403)
    assert refused["type"].endswith("statement.role")
    given = await delegate(cases, OFFICE, Role.OFFICE, STAND_IN)
    assert (await cases.post(by_the_holder, STAND_IN, status=409))["rule"] == "two_people"
    approved = await cases.post(by_another, STAND_IN)
    assert (approved["state"], approved["decided_by"]) == ("approved", f"{STAND_IN.name}（代{OFFICE.name}）")
    entry = [one for one in await cases.timeline(case_id) if one["kind"] == "statement_approved"][-1]
    assert f"（{STAND_IN.name}（代{OFFICE.name}））" in entry["text"]
    assert entry["actor"]["name"] == STAND_IN.name
    assert (entry["data"]["on_behalf_of"], entry["data"]["delegation_id"]) == (OFFICE.name, given["id"])


async def test_numbers_are_given_by_rule_and_never_twice(cases: Cases, start: StartCases) -> None:
    other = await start()
    ids = [await open_case(cases, f"停水{number}") for number in range(6)]
    drafts = []
    for id_ in ids:
        draft = await cases.post(
            f"/api/v1/cases/{id_}/statements", OFFICE, {"title": "说明", "text": "已恢复供水"}, status=201
        )
        said = f"/api/v1/cases/{id_}/statements/{draft['id']}"
        await cases.post(f"{said}/submit", OFFICE)
        await cases.post(f"{said}/approve", OFFICE_TWO)
        drafts.append(said)
    done = await asyncio.gather(
        *((cases, other)[index % 2].post(f"{said}/publish", OFFICE) for index, said in enumerate(drafts))
    )
    day = cases.clock.now() + timedelta(hours=8)
    prefix = f"1042-/{day:%Y}-{day:%m%d}"
    assert sorted(one["disclosure"]["index_number"] for one in done) == [f"{prefix}{n:03d}" for n in range(1, 7)]
    cases.clock.advance(timedelta(days=1))
    later = await publish(cases, ids[0], "再说明", "供水正常")
    day += timedelta(days=1)
    assert later["disclosure"]["index_number"] == f"1042-/{day:%Y}-{day:%m%d}001"


async def test_what_was_published_since_the_approval_holds_publication_up(cases: Cases) -> None:
    case = await open_case(cases)
    path = f"/api/v1/cases/{case}/statements"
    answer = await cases.post(
        path, OFFICE, {"title": "答问", "text": "问：影响多少户？答：影响213户。", "kind": "qa"}, status=201
    )
    said = f"{path}/{answer['id']}"
    await cases.post(f"{said}/submit", OFFICE)
    await cases.post(f"{said}/approve", OFFICE_TWO)
    await publish(cases, case, "通报", "停水影响300户。")
    late = await cases.post(f"{said}/publish", OFFICE, status=409)
    assert late["rule"] == "inconsistent"
    edited = await cases.call("PATCH", said, OFFICE, json={"text": "问：影响多少户？答：影响300户。"})
    assert (edited.json()["state"], edited.json()["revision"]) == ("draft", 2)
    await release(cases, case, answer["id"])


async def test_kinds_of_text_meet_their_own_clocks(cases: Cases) -> None:
    case = await open_case(cases)
    await publish(cases, case, "答问", "问：水何时来？答：抢修中。", kind="qa")
    assert (await cases.clocks(case, "first_release"))[0]["state"] == "running"
    await publish(cases, case, "口径要点", "正在抢修。", kind="holding_line")
    assert (await cases.clocks(case, "first_release"))[0]["state"] == "met"
    due = await cases.running(case, "next_update")
    await publish(cases, case, "续报", "抢修仍在进行。", kind="follow_up")
    again = await cases.running(case, "next_update")
    assert again["id"] != due["id"]
    await publish(cases, case, "终报", "供水恢复。", kind="final")
    assert all(one["state"] != "running" for one in await cases.clocks(case, "next_update"))


async def test_facts_are_read_superseded_and_withdrawn(cases: Cases) -> None:
    case = await open_case(cases)
    path = f"/api/v1/cases/{case}/confirmed-facts"
    body = {"kind": "figure", "subject": "死亡人数", "value": "若干", "source": "现场"}
    wrong = await cases.post(path, OFFICE, body, status=422)
    assert wrong["errors"][0]["pointer"] == "/value"
    assert "单位" in wrong["detail"]
    for kind, value in (("date", "不久前"), ("place", "山那边")):
        await cases.post(path, OFFICE, {**body, "kind": kind, "value": value}, status=422)
    assert (await cases.call("POST", path, AUDITOR, json=body)).status_code == 403
    two = await confirm(cases, case, "figure", "死亡人数", "2人")
    cases.clock.advance(timedelta(hours=1))
    three = await confirm(cases, case, "figure", "死亡人数", "3人")
    early = {**body, "value": "1人", "as_of": "2026-01-01T00:00:00+08:00"}
    assert (await cases.post(path, OFFICE, early, status=409))["rule"] == "newer_confirmed"
    assert [one["value"] for one in (await cases.get(path))["items"]] == ["3人"]
    history = (await cases.get(path, history=True))["items"]
    assert [(one["value"], one["current"], one["superseded_by"]) for one in history] == [
        ("2人", False, three["id"]),
        ("3人", True, None),
    ]
    assert (await cases.post(f"{path}/{two['id']}/withdraw", OFFICE, {"reason": "x"}, status=409))[
        "rule"
    ] == "fact_state"
    gone = await cases.post(f"{path}/{three['id']}/withdraw", OFFICE, {"reason": "医院更正"})
    assert (gone["current"], gone["withdrawn_reason"]) == (False, "医院更正")
    assert (await cases.get(path))["items"] == []
    told = [one["text"] for one in await cases.timeline(case) if one["kind"].startswith("fact_")]
    assert len(told) == 3
    assert "代替“2人”" in told[1]
    # a cause is a fact like others
    check = f"/api/v1/cases/{case}/statements/check"
    text = {"text": "停水系供水主管道爆裂所致。"}
    assert [one["kind"] for one in (await cases.post(check, AUDITOR, text))["findings"]] == ["unconfirmed_cause"]
    await confirm(cases, case, "cause", "停水原因", "供水主管道爆裂")
    assert (await cases.post(check, AUDITOR, text)) == {"blocks": False, "findings": []}


async def test_comments_stay_with_their_version_and_a_stale_writer_is_told(cases: Cases) -> None:
    case = await open_case(cases)
    path = f"/api/v1/cases/{case}/statements"
    draft = await cases.post(path, OFFICE, {"title": "说明", "text": "正在核实"}, status=201)
    said = f"{path}/{draft['id']}"
    await cases.post(f"{said}/comments", OFFICE_TWO, {"text": "补充联系电话"}, status=201)
    tag = (await cases.call("GET", f"/api/v1/cases/{case}", OFFICE)).headers["etag"]
    fresh = await cases.call("PATCH", said, OFFICE, json={"text": "正在核实。"}, headers={"if-match": tag})
    assert fresh.status_code == 200
    stale = await cases.call("PATCH", said, OFFICE_TWO, json={"text": "核实中"}, headers={"if-match": tag})
    assert stale.status_code == 412
    same = await cases.call("PATCH", said, OFFICE, json={"text": "正在核实。"})
    assert same.json()["rule"] == "nothing_changed"
    versions = (await cases.get(f"{said}/versions"))["items"]
    assert [[one["text"] for one in version["comments"]] for version in versions] == [[], ["补充联系电话"]]
    assert (await cases.call("GET", f"{said}/diff", OFFICE, params={"from": 1, "to": 9})).status_code == 404
    await cases.post(path, OFFICE, {"kind": "qa"}, status=422)
    await cases.post(path, OFFICE, {"template": "none"}, status=404)
