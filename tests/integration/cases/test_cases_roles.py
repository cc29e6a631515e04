"""Who sees and does what, over HTTP: every role with its own case and with another's, and every route there is.

The routes are those of the service's own OpenAPI document, so that one added later is held against the rules too.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
import pytest_asyncio
from fastapi import APIRouter

from contracts.permissions import CONFINED, Reach, reach
from contracts.streams import ALERTS_RAISED, CASES_CHANGED
from contracts.words import Role
from kit.auth import Principal, require
from services.cases.api.guard import guarded
from tests.integration.cases.harness import ADMIN, AUDITOR, OFFICE, Cases, event, until

JINGGU, JINGDONG = "景谷县移民系统", "景东县移民系统"
NOT_THERE: Final = "没有这个处置单"
SECRET: Final = "糯扎渡移民补偿款一案"
#: what a path may name beside the case
_PARAMETER: Final = re.compile(r"\{(\w+)\}")


def of(role: Role, unit: str | None = None, name: str = "") -> Principal:
    name = name or f"{role}-{unit or 'whole'}"
    return Principal(id=f"user-{name}", name=name, roles=frozenset({role}), unit=unit)


INSIDER, OUTSIDER = of(Role.COUNTY, JINGGU), of(Role.COUNTY, JINGDONG)


@pytest_asyncio.fixture
async def case(cases: Cases) -> dict[str, Any]:
    """Give a case of level IV in 景谷县, in which besides the plan's own two units and an expert take part."""
    body = {"title": SECRET, "level": "IV", "reason": "来电反映", "summary": "景谷县来电"}
    made = dict(await cases.post("/api/v1/cases", OFFICE, body, status=201))
    for participant in (
        {"role": "county", "unit": JINGGU},
        {"role": "department", "unit": "市水务局"},
        {"role": "expert", "person": "zhang.wei"},
    ):
        await cases.post(f"/api/v1/cases/{made['id']}/participants", OFFICE, participant, status=201)
    return made


async def routes(cases: Cases) -> list[tuple[str, str]]:
    """Return every method and path that the service offers."""
    document = (await cases.http.get("/openapi.json")).json()
    return [
        (method.upper(), path) for path, item in document["paths"].items() for method in item if method != "parameters"
    ]


def filled(path: str, case_id: str) -> str:
    """Return a path with the case's id, and an id that nothing has for whatever else it names."""
    return _PARAMETER.sub("none", path.replace("{case_id}", case_id))


def told(problem: dict[str, Any], case_id: str) -> dict[str, Any]:
    """Return a problem without what differs from one request to the next."""
    return {
        key: str(value).replace(case_id, "ID")
        for key, value in problem.items()
        if key not in ("request_id", "instance")
    }


async def test_to_an_outsider_a_case_is_not_there_on_any_route(cases: Cases, case: dict[str, Any]) -> None:
    under = [(method, path) for method, path in await routes(cases) if "{case_id}" in path]
    assert len(under) > 20
    for method, path in under:
        for body in ({}, {"json": {"nonsense": True}}):
            more = {} if method == "GET" else body
            answer = await cases.call(method, filled(path, case["id"]), OUTSIDER, **more)
            assert answer.status_code == 404, (method, path, answer.text)
            assert NOT_THERE in answer.text, (method, path, answer.text)
            nothing = await cases.call(method, filled(path, "no-such-case"), OUTSIDER, **more)
            assert told(answer.json(), case["id"]) == told(nothing.json(), "no-such-case"), (method, path)


async def test_the_auditor_reads_every_route_of_a_case_and_changes_none(cases: Cases, case: dict[str, Any]) -> None:
    for method, path in await routes(cases):
        if "{case_id}" not in path:
            continue
        answer = await cases.call(method, filled(path, case["id"]), AUDITOR)
        # a check looks at what it is handed and keeps nothing
        if method == "GET" or path.endswith("/check"):
            assert answer.status_code != 403, (path, answer.text)
            assert NOT_THERE not in answer.text, (path, answer.text)
        else:
            assert answer.status_code == 403, (method, path, answer.text)


async def test_an_insider_finds_every_reading_route_of_its_case(cases: Cases, case: dict[str, Any]) -> None:
    for method, path in await routes(cases):
        if method == "GET" and _PARAMETER.findall(path) == ["case_id"]:
            answer = await cases.call(method, filled(path, case["id"]), INSIDER)
            assert answer.status_code != 403, (path, answer.text)
            assert NOT_THERE not in answer.text, (path, answer.text)


async def test_no_list_tells_an_outsider_of_a_case(cases: Cases, case: dict[str, Any]) -> None:
    lists = [path for method, path in await routes(cases) if method == "GET" and "{" not in path]
    assert {"/api/v1/cases", "/api/v1/alerts"} <= set(lists)
    for who in (OUTSIDER, of(Role.EXPERT), of(Role.EXPERT, "高校")):
        for path in lists:
            answer = await cases.call("GET", path, who)
            assert answer.status_code in (200, 400, 403, 422), (path, answer.text)
            for word in (SECRET, case["id"], case["number"]):
                assert word not in answer.text, (path, who)
    assert SECRET in (await cases.call("GET", "/api/v1/cases", INSIDER)).text


async def test_every_role_with_its_own_case_and_with_anothers(cases: Cases, case: dict[str, Any]) -> None:
    path = f"/api/v1/cases/{case['id']}"
    own = {
        Role.COUNTY: of(Role.COUNTY, JINGGU),
        Role.DEPARTMENT: of(Role.DEPARTMENT, "市水务局"),
        Role.EXPERT: of(Role.EXPERT, name="zhang.wei"),
    }
    for role in Role:
        for whose, caller in (("own", own.get(role, of(role))), ("other", of(role, JINGDONG))):
            sees = role not in CONFINED or whose == "own"
            assert (await cases.call("GET", path, caller)).status_code == (200 if sees else 404), (role, whose)
            listed = (await cases.get("/api/v1/cases", caller))["items"]
            assert [one["id"] for one in listed] == ([case["id"]] if sees else []), (role, whose)
            right = reach("cases.write", {role})
            expected = 404 if not sees else 403 if right is None else 409
            step = {"to": "closed", "reason": "试"}
            answer = await cases.call("POST", f"{path}/transitions", caller, json=step)
            assert answer.status_code == expected, (role, whose, answer.text)


async def test_whoever_has_left_sees_it_no_longer(cases: Cases, case: dict[str, Any]) -> None:
    path = f"/api/v1/cases/{case['id']}"
    there = (await cases.get(f"{path}/participants", INSIDER))["items"]
    row = next(one for one in there if one["unit"] == JINGGU)
    released = {"reason": "与该县无关"}
    answer = await cases.call("POST", f"{path}/participants/{row['id']}/release", OFFICE, json=released)
    assert answer.status_code == 204
    assert (await cases.call("GET", path, INSIDER)).status_code == 404
    assert (await cases.get("/api/v1/cases", INSIDER))["items"] == []


async def test_what_may_be_read_but_not_changed_says_why(cases: Cases, case: dict[str, Any]) -> None:
    both = Principal(id="x", name="x", roles=frozenset({Role.AUDITOR, Role.COUNTY}), unit=JINGDONG)
    assert reach("cases.write", both.roles) is Reach.OWN
    path = f"/api/v1/cases/{case['id']}"
    assert (await cases.call("GET", path, both)).status_code == 200
    refused = await cases.call("POST", f"{path}/transitions", both, json={"to": "assessing"})
    assert refused.status_code == 403
    assert "未参与此处置单" in refused.json()["detail"]


async def test_a_county_sees_the_alerts_of_its_places(cases: Cases) -> None:
    # one source: level IV, at which the plan opens no case by itself
    await cases.tell(event(at=cases.clock.now(), sources=1))

    async def there() -> bool:
        return bool((await cases.get("/api/v1/alerts"))["items"])

    await until(there)
    alert = (await cases.get("/api/v1/alerts", INSIDER))["items"][0]
    assert (await cases.get("/api/v1/alerts", OUTSIDER))["items"] == []
    assert (await cases.get("/api/v1/alerts", of(Role.DEPARTMENT, "市水务局")))["items"] == []
    path = f"/api/v1/alerts/{alert['id']}"
    assert (await cases.call("GET", path, INSIDER)).status_code == 200
    assert (await cases.call("GET", path, OUTSIDER)).status_code == 404
    assert (await cases.call("POST", f"{path}/acknowledge", INSIDER)).status_code == 403
    assert (await cases.call("POST", f"{path}/acknowledge", OUTSIDER)).status_code == 404
    body = {"alert_id": alert["id"], "reason": "核实"}
    assert (await cases.call("POST", "/api/v1/cases", OUTSIDER, json=body)).status_code == 404
    opened = await cases.post("/api/v1/cases", INSIDER, body, status=201)
    assert (await cases.call("GET", f"/api/v1/cases/{opened['id']}", INSIDER)).status_code == 200
    # the event moves on to another county: its alert is that county's too
    moved = event(version=2, at=cases.clock.now(), sources=1).model_copy(update={"places": ["景东县"]})
    await cases.tell(moved)

    async def seen() -> bool:
        return bool((await cases.get("/api/v1/alerts", OUTSIDER))["items"])

    await until(seen)
    assert (await cases.get("/api/v1/alerts", INSIDER))["items"], "its case is still theirs"
    heard = await cases.heard(ALERTS_RAISED, "alert.raised")
    assert heard[0]["seen_by"] == [{"role": "county", "unit": JINGGU, "person": ""}]


async def test_whoever_opens_a_case_takes_part_in_it(cases: Cases) -> None:
    body = {"title": "库区塌岸", "level": "IV", "reason": "巡查发现"}
    for caller in (OUTSIDER, of(Role.COUNTY, name="wang.wu")):
        made = await cases.post("/api/v1/cases", caller, body, status=201)
        assert [one["id"] for one in (await cases.get("/api/v1/cases", caller))["items"]] == [made["id"]]
        assert (await cases.call("GET", f"/api/v1/cases/{made['id']}", INSIDER)).status_code == 404
    assert len((await cases.get("/api/v1/cases", ADMIN))["items"]) == 2


async def test_an_outsider_is_not_told_which_case_an_event_has(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    body = {"event_id": "event-1", "reason": "核实"}
    plain = await cases.call("POST", "/api/v1/cases", OUTSIDER, json=body)
    assert plain.status_code == 409
    assert case["number"] not in plain.text
    assert case["id"] not in plain.text
    assert case["number"] in (await cases.call("POST", "/api/v1/cases", OFFICE, json=body)).text


async def test_messages_name_who_may_hear_them(cases: Cases, case: dict[str, Any]) -> None:
    heard = await cases.heard(CASES_CHANGED, "case.changed")
    last = [one for one in heard if one["case_id"] == case["id"]][-1]
    assert {"role": "county", "unit": JINGGU, "person": ""} in last["seen_by"]
    assert {"role": "expert", "unit": "", "person": "zhang.wei"} in last["seen_by"]
    assert {party["role"] for party in last["seen_by"]} <= set(CONFINED)


def test_a_route_that_escapes_the_guard_is_not_served() -> None:
    async def nothing() -> None:
        """Answer nothing."""

    forgotten = APIRouter(prefix="/api/v1/cases/{case_id}")
    forgotten.add_api_route("/secrets", nothing)
    with pytest.raises(RuntimeError, match="requires no action"):
        guarded([forgotten])
    elsewhere = APIRouter(prefix="/api/v1/statements")
    elsewhere.add_api_route("/{statement_id}", nothing, dependencies=[require("cases.read")])
    with pytest.raises(RuntimeError, match="names no case or alert"):
        guarded([elsewhere])
    nested = APIRouter()
    nested.include_router(elsewhere)
    with pytest.raises(RuntimeError, match="no route of the router's own"):
        guarded([nested])
