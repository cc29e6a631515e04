"""What people ask is taken from the event, answered, passed on or merged, and its share is shown."""

from __future__ import annotations

from tests.integration.cases.aftermath import asked, entries, responding, with_concerns
from tests.integration.cases.harness import LEADER, OFFICE, Cases, event, until


async def test_concerns_come_with_the_event_and_the_share_answered_is_shown(cases: Cases) -> None:
    case = await responding(cases)
    path = f"/api/v1/cases/{case['id']}"
    assert case["concerns"] == {"total": 2, "answered": 0, "passed": 0, "share": 0.0, "posts_share": 0.0}
    rows = (await cases.get(f"{path}/concerns"))["items"]
    assert [(one["theme"], one["posts"], one["state"]) for one in rows] == [
        ("compensation", 6, "open"),
        ("housing", 2, "open"),
    ]
    assert rows[0]["samples"] == "/api/v1/events/event-1/concerns"
    assert not {"author", "voice", "quote", "text"} & rows[0].keys()

    later = (asked("compensation", "补偿标准与兑现", 9), asked("housing", "安置房质量", 2), asked("water", "供水", 1))
    await cases.tell(with_concerns(event(version=2, at=cases.clock.now()), *later))

    async def three() -> bool:
        return len((await cases.get(f"{path}/concerns"))["items"]) == 3

    await until(three)
    rows = {one["theme"]: one for one in (await cases.get(f"{path}/concerns"))["items"]}
    assert rows["compensation"]["posts"] == 9
    assert len(await entries(cases, case["id"], "concerns_raised")) == 2

    one = f"{path}/concerns/{rows['compensation']['id']}"
    for text, rule in (("", "answer_missing"), ("已处理", "answer_says_nothing"), ("不予答复", "answer_says_nothing")):
        refused = await cases.post(f"{one}/answer", OFFICE, {"text": text}, status=409)
        assert refused["rule"] == rule
    answered = await cases.post(
        f"{one}/answer", OFFICE, {"text": "213户补偿款已于2月20日全部到账，5户信息有误的3月10日前补发"}
    )
    assert (answered["state"], answered["posts_since"]) == ("answered", 0)
    shown = (await cases.get(path))["concerns"]
    assert shown == {"total": 3, "answered": 1, "passed": 0, "share": 0.3333, "posts_share": 0.75}
    assert "已答复 1 项（33%，按信息量 75%）" in (await entries(cases, case["id"], "concern_answered"))[0]["text"]

    passed = await cases.post(
        f"{path}/concerns/{rows['water']['id']}/pass", OFFICE, {"unit": "县水务局", "reason": "供水由其负责"}
    )
    assert (passed["state"], passed["passed_to"]) == ("passed", "县水务局")
    assert (await cases.get(path))["concerns"]["answered"] == 1
    assert (await cases.get(path))["concerns"]["passed"] == 1

    more = (asked("compensation", "补偿标准与兑现", 12),)
    await cases.tell(with_concerns(event(version=3, at=cases.clock.now()), *more))

    async def grown() -> bool:
        return bool((await cases.get(one))["posts_since"] == 3)

    await until(grown)
    again = await cases.post(f"{one}/reopen", LEADER, {"reason": "又有人反映未到账"})
    assert again["state"] == "open"


async def test_concerns_by_hand_are_merged_and_a_task_answers_only_once_done(cases: Cases) -> None:
    case = await responding(cases)
    path = f"/api/v1/cases/{case['id']}"
    body = {"name": "过渡期补助何时发放", "kind": "question", "origin": "hotline", "people": 4}
    added = await cases.post(f"{path}/concerns", OFFICE, body, status=201)
    target = next(one for one in (await cases.get(f"{path}/concerns"))["items"] if one["theme"] == "compensation")
    one = f"{path}/concerns/{added['id']}"
    task = (await cases.get(f"{path}/tasks"))["items"][0]
    early = await cases.post(f"{one}/answer", OFFICE, {"task_id": task["id"]}, status=409)
    assert early["rule"] == "task_not_done"
    own = await cases.post(f"{one}/merge", OFFICE, {"into": added["id"]}, status=409)
    assert own["rule"] == "merge_target"
    await cases.post(f"{one}/merge", OFFICE, {"into": "no-such"}, status=404)
    await cases.post(f"{one}/merge", OFFICE, {"into": target["id"]})
    await cases.post(f"{one}/answer", OFFICE, {"text": "过渡期补助每月5日发放"}, status=409)
    merged = await cases.get(f"{path}/concerns/{target['id']}")
    assert merged["posts"] == 10
    assert (await cases.get(path))["concerns"]["total"] == 2
    draft = await cases.post(f"{path}/statements", OFFICE, {"title": "说明", "text": "补偿款已发放。"}, status=201)
    unread = await cases.post(
        f"{path}/concerns/{target['id']}/answer", OFFICE, {"statement_id": draft["id"]}, status=409
    )
    assert unread["rule"] == "statement_not_published"
