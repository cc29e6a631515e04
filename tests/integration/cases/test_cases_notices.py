"""Whom the plan names for something, over HTTP, and that it is what notify is then asked for."""

from __future__ import annotations

from contracts.messages import Audience
from contracts.streams import NOTIFICATIONS_REQUESTED, PLANS_ACTIVATED
from contracts.words import Role
from tests.integration.cases.harness import AUDITOR, OFFICE, PROVINCIAL, Cases, event, person


async def test_what_is_shown_is_what_is_asked_for(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now(), **PROVINCIAL))
    case = await cases.the_case()
    asked = await cases.heard(NOTIFICATIONS_REQUESTED)
    alert = (await cases.get("/api/v1/alerts"))["items"][0]
    shown = await cases.get(f"/api/v1/alerts/{alert['id']}/notices")
    assert (shown["kind"], shown["level"]) == ("alert_raised", alert["level"])
    assert [(row["number"] is not None, row["clause"]) for row in shown["notices"]] == [(True, "四 Ⅱ类")]
    assert _audiences(shown["notices"]) == _audiences([one for one in asked if one["kind"] == "alert_raised"])
    assert shown["notices"][0]["topics"] == ["resettlement"]

    opened = await cases.get(f"/api/v1/cases/{case['id']}/notices", kind="case_opened")
    assert _audiences(opened["notices"]) == _audiences([one for one in asked if one["kind"] == "case_opened"])
    units = {one["unit"] for row in opened["notices"] for one in row["recipients"] if one["role"] == "county"}
    assert units == {"景谷县移民系统"}
    proposed = [one for one in asked if one["kind"] == "level_proposed"]
    assert [bool(one["topics"]) for one in proposed] == [True, *[False] * (len(proposed) - 1)]
    fourth = await cases.get(f"/api/v1/cases/{case['id']}/notices", kind="case_changed", level="IV")
    assert fourth["level"] == "IV"


async def test_the_matrix_of_a_version_before_it_is_in_force(cases: Cases) -> None:
    active = await cases.get("/api/v1/plan/notices", kind="clock_breached", level="I", topic="water")
    (row,) = active["notices"]
    assert [one["role"] for one in row["recipients"]] == ["group_leader", "office"]
    assert row["topics"] == ["water"]
    assert (
        await cases.get(f"/api/v1/plans/{active['version']}/notices", kind="clock_breached", level="I", topic="water")
        == active
    )
    alone = await cases.get("/api/v1/plan/notices", kind="source_silent", level="I", topic="water")
    assert [(row["number"], row["recipients"], row["topics"]) for row in alone["notices"]] == [(None, [], ["water"])]
    unknown = await cases.call("GET", "/api/v1/plans/none/notices?kind=case_opened&level=I", AUDITOR)
    assert unknown.status_code == 404
    stranger = person("外人", Role.COUNTY)
    await cases.tell(event(at=cases.clock.now(), **PROVINCIAL))
    case = await cases.the_case()
    path = f"/api/v1/cases/{case['id']}/notices?kind=case_opened"
    assert (await cases.call("GET", path, stranger)).status_code == 404
    assert (await cases.call("GET", path, OFFICE)).status_code == 200


async def test_the_plan_tells_of_its_units(cases: Cases) -> None:
    told = await cases.heard(PLANS_ACTIVATED)
    assert {"name": "澜沧县移民系统", "role": "county"} in told[-1]["units"]


def _audiences(rows: list[dict[str, object]]) -> list[Audience]:
    return [Audience.model_validate(row) for row in rows]
