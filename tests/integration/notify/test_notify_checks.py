"""The contact network is paged: who answered when and by which way, on both databases, in simulated time."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest_asyncio
from openpyxl import load_workbook

from contracts.words import Role
from kit.clock import ManualClock
from tests.integration.notify.harness import SECRET, Receiver, StartNotify, until
from tests.integration.notify.paging import Paging

CHECKS = "/api/v1/communication-checks"


@pytest_asyncio.fixture
async def paging(start: StartNotify, receiver: Receiver, clock: ManualClock) -> Paging:
    """Give a service with two people in a county, one in the bureau, and one who cannot be reached."""
    made = Paging(await start(clock=clock), receiver, clock)
    await made.notify.bare_desk()
    await made.person("岩专员", "county", unit="孟连县移民局")
    await made.person("娜专员", "county", unit="孟连县移民局")
    await made.person("王干事", "office", unit="局办公室")
    gone = {"channel": "webhook", "address": f"{receiver.base}/gone", "secret": SECRET}
    await made.person("=失联", "department", unit="市水务局", ways=[gone])
    receiver.script["/gone"] = [(404, {})] * 9
    return made


async def started(paging: Paging, **body: Any) -> dict[str, Any]:
    answer = await paging.notify.admin("POST", CHECKS, json={"minutes": 60, **body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def closed(paging: Paging, check_id: str) -> None:
    async def there() -> bool:
        return (await paging.notify.admin("GET", f"{CHECKS}/{check_id}")).json()["running"] is False

    await until(there)


async def report(paging: Paging, check_id: str, **who: Any) -> dict[str, Any]:
    path = f"{CHECKS}/{check_id}/report"
    answer = await (paging.notify.call("GET", path, **who) if who else paging.notify.admin("GET", path))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_check_from_paging_to_report_and_the_next_one_beside_it(paging: Paging) -> None:
    check = await started(paging)
    (letter,) = await paging.heard("岩专员", 1)
    assert letter["subject"] == "通信检查：请在 60 分钟内确认"
    await paging.heard("娜专员", 1)
    await paging.forward(4)
    await paging.notify.http.post(letter["acknowledgement_url"].removeprefix("https://huiying.example"))
    await paging.forward(27)
    # at half time those who are silent are reminded, once
    (_, reminder) = await paging.heard("娜专员", 2)
    assert reminder["note"] == "催办：检查时间已过半，尚未收到您的确认"
    await paging.heard("王干事", 2)
    await paging.heard("岩专员", 1)
    await paging.acknowledge("娜专员", check["notification_id"], Role.COUNTY)
    await paging.forward(30)
    await closed(paging, check["id"])
    await paging.acknowledge("王干事", check["notification_id"])

    found = await report(paging, check["id"])
    assert found["figures"] == {
        "asked": 4,
        "reached": 3,
        "answered": 2,
        "late": 1,
        "share": 0.5,
        "median_minutes": 17.5,
    }
    units = {unit["unit"]: unit for unit in found["units"]}
    assert found["units"][0]["unit"] == "孟连县移民局"
    assert units["孟连县移民局"]["county"] is True
    assert (units["局办公室"]["silent"], units["局办公室"]["late"]) == (["王干事"], 1)
    failed = {"contact_name": "=失联", "channel": "webhook", "reason": "回调地址答复 404"}
    assert units["市水务局"]["failed_ways"] == [failed]
    ways = {one["contact_name"]: (one["minutes"], one["via"], one["channel"]) for one in found["people"]}
    assert ways["岩专员"] == (4.0, "link", "webhook")
    assert ways["娜专员"] == (31.0, "api", None)
    assert found["previous"] is None
    shown = await report(paging, check["id"], roles={Role.PROPAGANDA}, name="周科长")
    assert [way["reason"] for unit in shown["units"] for way in unit["failed_ways"]] == [None]

    for contact in (await paging.notify.admin("GET", "/api/v1/contacts")).json()["items"]:
        takes_part = {"drill_target": not contact["desk"]}
        assert (await paging.notify.admin("PATCH", f"/api/v1/contacts/{contact['id']}", json=takes_part)).is_success
    again = await started(paging, drill=True)
    (*_, drill) = await paging.heard("岩专员", 2)
    assert drill["subject"].startswith("【演练】")
    await paging.acknowledge("王干事", again["notification_id"])
    before = (await report(paging, again["id"]))["previous"]
    assert (before["check_id"], before["lost"], before["regained"]) == (check["id"], ["娜专员", "岩专员"], ["王干事"])
    assert before["share_change"] == -0.25


async def test_the_report_as_files(paging: Paging) -> None:
    check = await started(paging)
    await paging.heard("岩专员", 1)
    path = f"{CHECKS}/{check['id']}/report/file"
    units = await paging.notify.admin("GET", f"{path}?format=csv")
    assert units.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(units.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["单位", "孟连县移民局", "局办公室", "市水务局"]
    people = await paging.notify.admin("GET", f"{path}?format=csv&table=people")
    assert "'=失联" in people.content.decode("utf-8-sig")
    book = load_workbook(io.BytesIO((await paging.notify.admin("GET", path)).content))
    assert book.sheetnames == ["单位汇总", "人员明细"]
    names = [cell for cell in book["人员明细"]["B"] if cell.value == "=失联"]
    assert [cell.data_type for cell in names] == ["s"]
    assert (await paging.notify.admin("GET", f"{path}?format=pdf")).status_code == 422


async def test_scope_is_the_network_a_unit_or_a_county(paging: Paging) -> None:
    for body, names in (
        ({"scope": "unit", "unit": "局办公室"}, {"王干事"}),
        ({"scope": "county", "unit": "孟连县"}, {"岩专员", "娜专员"}),
        ({"scope": "network"}, {"岩专员", "娜专员", "王干事", "=失联"}),
    ):
        check = await started(paging, **body)
        assert {one["contact_name"] for one in (await report(paging, check["id"]))["people"]} == names
    nobody = await paging.notify.admin("POST", CHECKS, json={"scope": "county", "unit": "西盟县"})
    assert nobody.status_code == 409
    for wrong in ({"scope": "unit"}, {"unit": "局办公室"}, {"minutes": 1}):
        assert (await paging.notify.admin("POST", CHECKS, json=wrong)).status_code == 422
    refused = await paging.notify.call("POST", CHECKS, roles={Role.COUNTY}, name="岩专员", json={})
    assert refused.status_code == 403
    assert (await paging.notify.admin("GET", f"{CHECKS}/none/report")).status_code == 404


async def test_regular_checks_by_schedule(paging: Paging) -> None:
    """It is 08:00 on Monday 2 March 2026: the check of Sunday the first was put off to today, then 1 April is due."""
    body = {"name": "每月通信检查", "day": 1, "time": "09:30", "workdays_only": True, "minutes": 30}
    made = await paging.notify.admin("POST", f"{CHECKS}/schedules", json=body)
    assert made.status_code == 201, made.text
    schedule = made.json()
    assert schedule["next_at"] == "2026-03-02T01:30:00Z"
    await paging.forward(91)
    await paging.heard("王干事", 1)

    async def due() -> list[dict[str, Any]]:
        return list((await paging.notify.admin("GET", f"{CHECKS}/schedules")).json()["items"])

    assert (await due())[0]["next_at"] == "2026-04-01T01:30:00Z"
    (check,) = (await paging.notify.admin("GET", f"{CHECKS}?running=true")).json()["items"]
    assert (check["schedule_id"], check["started_by"]) == (schedule["id"], "每月通信检查")
    path = f"{CHECKS}/schedules/{schedule['id']}"
    off = {**body, "enabled": False}
    assert (await paging.notify.admin("PUT", path, json=off, headers={"If-Match": '"7"'})).status_code == 412
    put = await paging.notify.admin("PUT", path, json=off, headers={"If-Match": '"1"'})
    assert (put.status_code, put.json()["next_at"], put.json()["version"]) == (200, None, 2)
    await paging.forward(60 * 24 * 60)
    await closed(paging, check["id"])
    assert len((await paging.notify.admin("GET", CHECKS)).json()["items"]) == 1
    assert (await paging.notify.admin("DELETE", path)).status_code == 204
    wrong = await paging.notify.admin("POST", f"{CHECKS}/schedules", json={**body, "time": "09:30:15"})
    assert wrong.status_code == 422
