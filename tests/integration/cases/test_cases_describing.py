"""A case's title, summary and incident type changed by a person: kept on the timeline, told, never lost."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.streams import CASES_CHANGED
from contracts.words import Role
from tests.integration.cases.harness import AUDITOR, LEADER, OFFICE, OFFICE_TWO, Cases, event, person


@pytest.fixture
async def path(cases: Cases) -> str:
    await cases.tell(event(at=cases.clock.now()))
    return f"/api/v1/cases/{(await cases.the_case())['id']}"


async def patch(cases: Cases, path: str, body: dict[str, Any], who: Any = OFFICE, **headers: str) -> Any:
    return await cases.call("PATCH", path, who, json=body, headers=headers)


async def test_the_old_and_the_new_words_stand_on_the_timeline_and_are_told(cases: Cases, path: str) -> None:
    before = await cases.get(path)
    body = {"title": "景谷县补偿款发放情况核查", "summary": "补偿款发放进度待核实", "reason": "原标题为网民原话"}
    answer = await patch(cases, path, body)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["title"], shown["summary"]) == (body["title"], body["summary"])
    (entry,) = [one for one in await cases.timeline(before["id"]) if one["kind"] == "case_described"]
    assert entry["data"]["changes"] == {
        "title": {"old": before["title"], "new": body["title"]},
        "summary": {"old": before["summary"], "new": body["summary"]},
    }
    assert f"标题由“{before['title']}”改为“{body['title']}”" in entry["text"]
    assert "原标题为网民原话" in entry["text"]
    assert entry["actor"]["name"] == OFFICE.name
    told = [one for one in await cases.heard(CASES_CHANGED, "case.changed") if one["entry"] == "case_described"]
    assert [one["title"] for one in told] == [body["title"]]
    assert answer.headers["ETag"] == f'"{shown["version"]}"'
    # the same words again change nothing
    assert (await patch(cases, path, body)).json()["version"] == shown["version"]
    assert (await cases.get(f"{path}/timeline/verify"))["intact"] is True


async def test_another_incident_type_brings_its_tasks(cases: Cases, path: str) -> None:
    before = {one["key"] for one in (await cases.get(f"{path}/tasks"))["items"]}
    answer = await patch(cases, path, {"incident_type": "public_health"}, LEADER)
    assert answer.json()["incident_type"] == "public_health"
    after = {one["key"] for one in (await cases.get(f"{path}/tasks"))["items"]}
    assert after - before == {"health_facts"}
    assert before <= after
    (entry,) = [one for one in await cases.timeline(answer.json()["id"]) if one["kind"] == "case_described"]
    assert entry["text"] == "事件类型由“社会安全事件”改为“公共卫生事件”"


async def test_a_stale_writer_is_told_and_a_closed_case_stays(cases: Cases, path: str) -> None:
    tag = (await cases.call("GET", path, OFFICE)).headers["ETag"]
    assert (await patch(cases, path, {"title": "甲"}, **{"if-match": tag})).status_code == 200
    stale = await patch(cases, path, {"title": "乙"}, OFFICE_TWO, **{"if-match": tag})
    assert stale.status_code == 412
    assert (await cases.get(path))["title"] == "甲"
    await cases.post(f"{path}/transitions", OFFICE, {"to": "dismissed", "reason": "系误报"})
    refused = await patch(cases, path, {"title": "丙"})
    assert (refused.status_code, refused.json()["rule"]) == (409, "case_settled")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "title、summary 或 incident_type"),
        ({"reason": "试"}, "title、summary 或 incident_type"),
        ({"title": None}, "title 不能为空值"),
        ({"title": "  "}, "title"),
        ({"title": "长" * 501}, "title"),
        ({"incident_type": "flood"}, "incident_type"),
        ({"title": "甲", "level": "I"}, "level"),
    ],
)
async def test_bad_input_is_named_and_nothing_is_changed(
    cases: Cases, path: str, body: dict[str, Any], says: str
) -> None:
    before = await cases.get(path)
    answer = await patch(cases, path, body)
    assert answer.status_code == 422
    assert says in answer.text
    assert await cases.get(path) == before


async def test_only_who_works_on_every_case_may(cases: Cases, path: str) -> None:
    for who in (AUDITOR, person("市长", Role.CITY_LEADER)):
        assert (await patch(cases, path, {"title": "甲"}, who)).status_code == 403
    county = person("联络员", Role.COUNTY)
    assert (await patch(cases, path, {"title": "甲"}, county)).status_code in (403, 404)
