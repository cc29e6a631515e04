"""From the end of a response: days of monitoring, a resurgence that reopens, sending back, the review, and the end."""

from __future__ import annotations

from datetime import timedelta

from contracts.streams import WATCH_CHANGED
from tests.integration.cases.aftermath import (
    EXPERT,
    PROPAGANDA,
    entries,
    finished_review,
    responding,
    until_state,
)
from tests.integration.cases.harness import ADMIN, LEADER, OFFICE, PROVINCIAL, Cases, event, until


async def test_the_24_hour_watch_begins_again_with_the_resurgence_and_ends_with_the_response(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now(), posts_total=100, posts_1h=2, posts_24h=10, **PROVINCIAL))
    case = await cases.the_case()
    path = f"/api/v1/cases/{case['id']}"
    proposal = await cases.pending(case["id"])
    await cases.post(f"{path}/approvals/{proposal['id']}", LEADER, {"decision": "approve"})
    no = {"decision": "not_hold", "reason": "影响限于一村"}
    await cases.post(f"{path}/press-conferences", LEADER, no, status=201)
    for to in ("assessing", "responding", "monitoring"):
        await cases.post(f"{path}/transitions", LEADER, {"to": to, "reason": "已处理"})

    async def modes() -> list[str]:
        return [one["mode"] for one in await cases.heard(WATCH_CHANGED)]

    assert await modes() == ["surge", "routine"]
    cases.clock.advance(timedelta(hours=24))
    more = {"posts_total": 160, "posts_1h": 60, "negative_share": 0.8, **PROVINCIAL}
    await cases.tell(event(version=2, at=cases.clock.now(), **more))
    await until_state(cases, path, "responding")
    assert await modes() == ["surge", "routine", "surge"]
    assert (await cases.get(path))["watch_mode"] == "surge"
    assert (await entries(cases, case["id"], "watch_changed"))[-1]["text"].startswith("转入24小时监控：重新处置")
    # lowered to a level that asks for none, it ends; raised and ended, it ends again
    await cases.post(f"{path}/level", OFFICE, {"level": "III", "reason": "事态平稳"}, status=201)
    proposal = await cases.pending(case["id"])
    await cases.post(f"{path}/approvals/{proposal['id']}", LEADER, {"decision": "approve"})
    assert await modes() == ["surge", "routine", "surge", "routine"]
    # a person who reopens at a level without the watch gets none
    await cases.post(f"{path}/transitions", LEADER, {"to": "monitoring", "reason": "已处理"})
    await cases.post(f"{path}/transitions", LEADER, {"to": "responding", "reason": "又有新情况"})
    assert (await cases.get(path))["watch_mode"] == "routine"


async def test_a_case_from_monitoring_over_a_resurgence_to_its_end(cases: Cases) -> None:
    case = await responding(cases, posts_total=100, posts_1h=2, posts_24h=10)
    path = f"/api/v1/cases/{case['id']}"
    await cases.post(f"{path}/transitions", OFFICE, {"to": "monitoring", "reason": "无需发布"})
    began = await cases.get(f"{path}/aftercare")
    assert (began["active"], began["baseline"], began["threshold"]) == (True, 2, 10)

    cases.clock.advance(timedelta(hours=24))
    assert await cases.parts.aftercare.move_on() == 1
    assert await cases.parts.aftercare.move_on() == 0
    days = await entries(cases, case["id"], "aftercare_day")
    assert len(days) == 1
    assert "第 1 天（共 7 天）" in days[0]["text"]

    # many posts, but none of them negative: the sum of negative ones stays at 80
    await cases.tell(event(version=2, at=cases.clock.now(), posts_total=160, posts_1h=60, negative_share=0.5))

    async def noted() -> bool:
        return bool((await cases.get(f"{path}/concerns"))["items"]) and not await entries(
            cases, case["id"], "resurgence"
        )

    await until(noted)
    await cases.tell(event(version=3, at=cases.clock.now(), posts_total=180, posts_1h=70, negative_share=0.6))
    await until_state(cases, path, "responding")
    told = (await entries(cases, case["id"], "resurgence"))[0]
    assert told["data"]["negative_posts_1h"] == 28
    assert told["data"]["automatic"] is True
    moved = (await entries(cases, case["id"], "state_changed"))[-1]
    assert (moved["actor"]["kind"], moved["data"]["step"]) == ("plan", "reopen")
    await cases.running(case["id"], "report_up")

    without = await cases.post(f"{path}/transitions", OFFICE, {"to": "monitoring"}, status=409)
    assert "resurgence_open" in {one["rule"] for one in without["missing"]}
    await cases.post(f"{path}/transitions", OFFICE, {"to": "monitoring", "reason": "系旧帖转发，已说明"})
    held = await cases.get(f"{path}/aftercare")
    assert (held["held"], held["reopened"]) == (28, False)
    cases.clock.advance(timedelta(minutes=90))
    await cases.tell(event(version=4, at=cases.clock.now(), posts_total=230, posts_1h=50, negative_share=0.6))
    await cases.tell(event("event-2", at=cases.clock.now()))

    async def both() -> bool:
        return len((await cases.get("/api/v1/cases"))["items"]) == 2

    await until(both)
    assert (await cases.get(path))["state"] == "monitoring"
    assert len(await entries(cases, case["id"], "resurgence")) == 1

    cases.clock.advance(timedelta(days=7))
    await cases.parts.aftercare.move_on()
    await cases.parts.aftercare.move_on()
    assert len(await entries(cases, case["id"], "aftercare_over")) == 1
    early = await cases.post(f"{path}/review", OFFICE, status=409)
    assert early["rule"] == "not_reviewing"
    await cases.post(f"{path}/transitions", OFFICE, {"to": "reviewing"})
    lacking = await cases.post(f"{path}/transitions", OFFICE, {"to": "closed", "reason": "办结"}, status=409)
    assert "review_missing" in {one["rule"] for one in lacking["missing"]}

    review = await finished_review(cases, path)
    assert review["state"] == "final"
    assert len(review["digest"]) == 64
    assert [one["state"] for one in await cases.clocks(case["id"], "review")][-1] == "met"
    entry = (await entries(cases, case["id"], "review_finished"))[0]
    assert entry["data"]["digest"] == review["digest"]
    assert entry["data"]["clocks"]
    fixed = await cases.call("PATCH", f"{path}/review", OFFICE, json={"conclusion": "改写"})
    assert fixed.status_code == 409
    assert fixed.json()["rule"] == "review_final"
    await cases.post(f"{path}/review", OFFICE, status=409)
    closed = await cases.post(f"{path}/transitions", OFFICE, {"to": "closed", "reason": review["conclusion"]})
    assert closed["state"] == "closed"
    assert (await cases.get(f"{path}/timeline/verify"))["intact"] is True

    # reopened, it is reviewed again
    await cases.post(f"{path}/transitions", OFFICE, {"to": "responding", "reason": "再次出现同类投诉"})
    await cases.post(f"{path}/transitions", OFFICE, {"to": "monitoring", "reason": "已答复"})
    await cases.post(f"{path}/transitions", OFFICE, {"to": "reviewing", "reason": "情况平稳"})
    lacking = await cases.post(f"{path}/transitions", OFFICE, {"to": "closed", "reason": "办结"}, status=409)
    assert "review_missing" in {one["rule"] for one in lacking["missing"]}
    assert (await cases.post(f"{path}/review", OFFICE, status=201))["number"] == 2
    assert [one["number"] for one in (await cases.get(f"{path}/reviews"))["items"]] == [2, 1]


async def test_a_review_holds_facts_marks_and_proposals_and_two_people_finish_it(cases: Cases) -> None:
    case = await responding(cases)
    path = f"/api/v1/cases/{case['id']}"
    await cases.post(f"{path}/transitions", OFFICE, {"to": "monitoring", "reason": "无需发布"})
    await cases.post(f"{path}/transitions", OFFICE, {"to": "reviewing", "reason": "情况平稳"})
    review = await cases.post(f"{path}/review", OFFICE, status=201)
    facts = review["facts"]
    assert [one["state"] for one in facts["phases"]] == [
        "reported",
        "assessing",
        "responding",
        "monitoring",
        "reviewing",
    ]
    assert {one["kind"] for one in facts["clocks"]} >= {"acknowledge", "report_up", "first_release", "review"}
    assert facts["concerns"]["total"] == 2
    assert all("unit" in one and not {"person", "name"} & one.keys() for one in facts["units"])
    assert sum(one["due"] for one in facts["units"]) > 0
    assert facts["approvals"][0]["steps"]
    texts = {section["title"]: section["text"] for section in review["sections"]}
    assert case["number"] in texts["基本情况"]
    assert texts["成功经验"] == ""

    marks = {one["key"]: 4 for one in review["criteria"]}
    short = await cases.call("PUT", f"{path}/review/marks", LEADER, json={"marks": {"timeliness": 4}})
    assert short.json()["rule"] == "marks_incomplete"
    wide = await cases.call("PUT", f"{path}/review/marks", LEADER, json={"marks": {**marks, "accuracy": 6}})
    assert wide.json()["rule"] == "marks_out_of_range"
    for mark in (5, 3):
        given = await cases.call("PUT", f"{path}/review/marks", LEADER, json={"marks": {**marks, "accuracy": mark}})
        assert given.status_code == 200, given.text
    # an expert who was not invited to this case does not see it
    assert (await cases.call("PUT", f"{path}/review/marks", EXPERT, json={"marks": marks})).status_code in (403, 404)

    tag = (await cases.call("GET", f"{path}/review", OFFICE)).headers["etag"]
    wrong = {"proposals": [{"text": "改", "path": "clocks.limits.V"}]}
    assert (await cases.call("PATCH", f"{path}/review", OFFICE, json=wrong)).status_code == 422
    edit = {
        "sections": {title: text or "无" for title, text in texts.items()},
        "lessons": "首报应更快",
        "proposals": [{"text": "Ⅲ级首报时限改为 2 小时", "path": "clocks.limits.III.report_up"}],
    }
    answer = await cases.call("PATCH", f"{path}/review", OFFICE, json=edit, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    stale = await cases.call("PATCH", f"{path}/review", OFFICE, json=edit, headers={"If-Match": tag})
    assert stale.status_code == 412
    missing = await cases.post(f"{path}/review/submit", OFFICE, status=409)
    assert missing["rule"] == "conclusion_missing"
    await cases.call("PATCH", f"{path}/review", OFFICE, json={"conclusion": "处置基本及时"})
    await cases.post(f"{path}/review/submit", LEADER)
    await cases.post(f"{path}/review/finish", OFFICE, status=403)
    same = await cases.post(f"{path}/review/finish", LEADER, status=409)
    assert same["rule"] == "two_people"
    await cases.post(f"{path}/review/finish", LEADER, {"decision": "reject", "comment": "请补充教训"})
    await cases.post(f"{path}/review/submit", PROPAGANDA)
    done = await cases.post(f"{path}/review/finish", LEADER)
    means = {one["key"]: one["mean"] for one in done["criteria"]}
    assert (means["accuracy"], means["timeliness"]) == (3.0, 4.0)
    proposals = (await cases.get("/api/v1/plan/proposals", ADMIN))["items"]
    assert [one["proposals"][0]["path"] for one in proposals] == ["clocks.limits.III.report_up"]
    assert (await cases.call("GET", "/api/v1/plan/proposals", OFFICE)).status_code == 403
