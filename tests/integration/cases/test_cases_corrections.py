"""A correction request from its draft to its outcome, and everything that it may never be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contracts.streams import NOTIFICATIONS_REQUESTED
from tests.integration.cases.aftermath import PROPAGANDA, entries, responding
from tests.integration.cases.harness import LEADER, OFFICE, OFFICE_TWO, Cases

GOOD: dict[str, Any] = {
    "outlet": "某网",
    "title": "补偿款去哪了",
    "url": "https://news.example.com/a/1.html",
    "claim": "县移民局把2000万元补偿款挪作他用",
    "evidence": [
        {"kind": "document", "description": "国库支付凭证显示补偿款已拨付到户", "reference": "景财支〔2026〕18号"}
    ],
    "fact": "2000万元补偿款已于2月20日全部发放到213户移民的账户",
    "fact_source": "县财政局、县移民局联合核查",
}


async def test_a_request_is_approved_by_two_others_sent_by_a_person_and_followed_up(cases: Cases) -> None:
    case = await responding(cases)
    path = f"/api/v1/cases/{case['id']}/corrections"
    request = await cases.post(path, OFFICE, GOOD, status=201)
    one = f"{path}/{request['id']}"
    assert (request["state"], request["number"], request["letter"]) == ("draft", 1, "")
    assert (await cases.call("GET", f"{one}/letter", OFFICE)).status_code == 409
    await cases.post(f"{one}/sent", OFFICE, {"way": "挂号信", "to": "总编室"}, status=409)
    await cases.post(f"{one}/submit", OFFICE)

    own = await cases.post(f"{one}/approve", OFFICE, {"decision": "approve"}, status=409)
    assert own["rule"] == "two_people"
    first = await cases.post(f"{one}/approve", OFFICE_TWO)
    assert (first["state"], first["letter"]) == ("submitted", "")
    twice = await cases.post(f"{one}/approve", OFFICE_TWO, status=409)
    assert twice["rule"] == "two_people"
    approved = await cases.post(f"{one}/approve", PROPAGANDA, {"decision": "approve", "comment": "同意"})
    assert approved["state"] == "approved"
    letter = (await cases.call("GET", f"{one}/letter", OFFICE)).text
    for part in (
        GOOD["outlet"],
        GOOD["url"],
        GOOD["claim"],
        "景财支〔2026〕18号",
        GOOD["fact"],
        GOOD["fact_source"],
        "更正说明",
    ):
        assert part in letter
    assert "删" not in letter
    assert "撤稿" not in letter

    sent = await cases.post(f"{one}/sent", OFFICE, {"way": "挂号信", "to": "该网总编室"})
    assert (sent["state"], sent["sent_by"]) == ("sent", "王办")
    early = await cases.post(f"{one}/outcome", OFFICE, {"outcome": "no_answer"}, status=409)
    assert early["rule"] == "answer_still_due"
    cases.clock.advance(timedelta(days=7))
    assert await cases.parts.correction_reminders.move_on() == 1
    assert await cases.parts.correction_reminders.move_on() == 0
    assert (await cases.get(one))["outcome"] == "no_answer"

    promised = await cases.post(f"{one}/outcome", OFFICE, {"outcome": "corrected", "answer": "已核实，将予更正"})
    assert promised["promised"] is True
    cases.clock.advance(timedelta(days=7))
    assert await cases.parts.correction_reminders.move_on() == 1
    url = "https://news.example.com/a/2.html"
    done = await cases.post(
        f"{one}/outcome", OFFICE, {"outcome": "corrected", "answer": "已刊发", "published_url": url}
    )
    assert (done["promised"], done["published_url"], done["remind_at"]) == (False, url, None)
    kinds = [entry["kind"] for entry in await cases.timeline(case["id"]) if entry["kind"].startswith("correction_")]
    assert kinds == [
        "correction_drafted",
        "correction_submitted",
        "correction_signed",
        "correction_approved",
        "correction_sent",
        "correction_unanswered",
        "correction_settled",
        "correction_reminded",
        "correction_settled",
    ]
    told = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if one["kind"] == "correction_submitted"]
    assert told
    assert (await cases.get(f"/api/v1/cases/{case['id']}/timeline/verify"))["intact"] is True


async def test_what_it_may_never_be_is_refused_by_name(cases: Cases) -> None:
    case = await responding(cases)
    path = f"/api/v1/cases/{case['id']}/corrections"

    async def refused(status: int, rule: str, **change: Any) -> dict[str, Any]:
        answer = await cases.post(path, OFFICE, {**GOOD, **change}, status=status)
        assert answer["rule"] == rule
        assert answer["reasons"][0]["rule"] == rule
        return dict(answer)

    await refused(422, "claim_missing", claim="")
    await refused(422, "evidence_missing", evidence=[])
    await refused(422, "fact_missing", fact="")
    await refused(422, "source_missing", fact_source="")
    await refused(409, "opinion", claim="移民局办事太慢了")
    await refused(409, "takedown", note="请该网删帖")
    mixed = await refused(409, "claim_mixed", claim="移民局太黑了，把2000万元补偿款挪去盖楼")
    assert "把2000万元补偿款挪去盖楼" in mixed["detail"]
    whole = await refused(409, "opinion", claim="太不像话", evidence=[], fact="", fact_source="")
    assert {one["rule"] for one in whole["reasons"]} == {
        "opinion",
        "evidence_missing",
        "fact_missing",
        "source_missing",
    }
    assert (await cases.get(path))["items"] == []

    await cases.post(path, OFFICE, {**GOOD, "statement_id": "no-such"}, status=404)
    request = await cases.post(path, OFFICE, GOOD, status=201)
    one = f"{path}/{request['id']}"
    worse = await cases.call("PUT", one, OFFICE_TWO, json={**GOOD, "claim": "太不像话"})
    assert worse.status_code == 409
    changed = await cases.call("PUT", one, OFFICE_TWO, json={**GOOD, "claim": "县移民局把3000万元补偿款挪作他用"})
    assert changed.status_code == 200, changed.text
    await cases.post(f"{one}/submit", OFFICE)
    # whoever wrote any of it is a writer
    both = await cases.post(f"{one}/approve", OFFICE_TWO, status=409)
    assert both["rule"] == "two_people"
    back = await cases.post(f"{one}/approve", LEADER, {"decision": "reject", "comment": "请补充银行回单"})
    assert back["state"] == "draft"
    gone = await cases.post(f"{one}/withdraw", OFFICE, {"reason": "对方已自行更正"})
    assert gone["state"] == "withdrawn"
    await cases.post(f"{one}/submit", OFFICE, status=409)
    assert (await entries(cases, case["id"], "correction_withdrawn"))[0]["data"]["number"] == 1


async def test_a_confirmed_fact_of_the_case_may_be_the_fact(cases: Cases) -> None:
    case = await responding(cases)
    path = f"/api/v1/cases/{case['id']}"
    body = {"kind": "figure", "subject": "已发放户数", "value": "213户", "source": "县财政局"}
    answer = await cases.call("POST", f"{path}/confirmed-facts", OFFICE, json=body)
    assert answer.status_code == 201, answer.text
    fact = answer.json()
    request = await cases.post(
        f"{path}/corrections", OFFICE, {**GOOD, "fact": "", "fact_source": "", "fact_id": fact["id"]}, status=201
    )
    assert (request["fact"], request["fact_source"]) == ("已发放户数：213户", "县财政局")
