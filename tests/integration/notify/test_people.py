"""The contact network: units, codes that verify ways, files, one's own contact, and what is missing."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from pydantic import SecretStr

from contracts.envelope import Publication
from contracts.messages import MovedUnit, PlanActivated, PlanUnit, UnitsMoved
from contracts.streams import PLANS_ACTIVATED, UNITS_MOVED
from contracts.words import Role
from kit import migrations
from kit.bus import envelope
from kit.clock import ManualClock
from kit.database import Database, Json, UtcDateTime
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY
from services.notify.models import Base, ContactRole
from services.notify.people import store
from services.notify.people.models import WayCode
from tests.integration.notify.harness import SECRET, Mailbox, Notify, Receiver, StartNotify, until

LOG = {"channel": "log", "address": "log"}
MAIL = {"channel": "email", "address": "zhang@example.org"}
CONTACTS = "/api/v1/contacts"


async def names(notify: Notify, query: str = "") -> dict[str, tuple[str, str | None]]:
    items = (await notify.admin("GET", f"/api/v1/units{query}")).json()["items"]
    return {item["name"]: (item["kind"], item["role"]) for item in items}


async def test_life_of_a_unit(notify: Notify) -> None:
    body = {"name": "澜沧县移民系统", "kind": "county", "aliases": ["澜沧县", "澜沧 县"]}
    made = await notify.admin("POST", "/api/v1/units", json=body)
    assert made.status_code == 201
    unit = made.json()
    assert (unit["role"], unit["aliases"], unit["way"]) == ("county", ["澜沧县"], None)
    for name in ("澜沧县", "澜沧县移民系统"):
        assert (await notify.admin("POST", "/api/v1/units", json={"name": name})).status_code == 409
    zhang = await notify.add("张三", unit="澜沧县", ways=[MAIL])
    assert (await notify.admin("GET", f"{CONTACTS}/{zhang}")).json()["unit"] == "澜沧县移民系统"
    unknown = await notify.admin("PATCH", f"{CONTACTS}/{zhang}", json={"unit": "澜仓县移民系统"})
    assert unknown.status_code == 422
    assert unknown.json()["errors"][0]["pointer"] == "/unit"
    assert "是否为：澜沧县移民系统" in unknown.json()["detail"]

    path = made.headers["location"]
    way = {"channel": "webhook", "address": "https://chat.example.org/bot/1", "secret": SECRET}
    changed = await notify.admin(
        "PATCH", path, headers={"If-Match": '"1"'}, json={"name": "澜沧县水电移民局", "way": way}
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["way"]["address"] == way["address"]
    assert SECRET not in changed.text
    seen = await notify.call("GET", path, roles={Role.PROPAGANDA})
    assert seen.json()["way"]["address"] == "https://chat.example.org/***"
    assert (await notify.admin("GET", f"{CONTACTS}/{zhang}")).json()["unit"] == "澜沧县水电移民局"
    assert (await notify.admin("PATCH", path, headers={"If-Match": '"1"'}, json={"way": None})).status_code == 412
    assert (await notify.admin("PATCH", path, json={"way": None})).json()["way"] is None
    assert (await notify.admin("DELETE", path)).status_code == 409
    assert (await notify.admin("PATCH", f"{CONTACTS}/{zhang}", json={"unit": None})).status_code == 200
    assert (await notify.admin("DELETE", path)).status_code == 204
    assert (await notify.admin("GET", path)).status_code == 404
    assert (await notify.admin("POST", "/api/v1/units", json={"name": "澜沧县"})).status_code == 201
    assert (await notify.call("POST", "/api/v1/units", roles={Role.COUNTY}, json={"name": "甲"})).status_code == 403


async def test_units_of_the_plan_and_of_the_gateway_are_taken_in_once(notify: Notify) -> None:
    assert (await notify.admin("POST", "/api/v1/units", json={"name": "宣传部", "kind": "bureau"})).status_code == 201
    now = notify.runtime.clock.now()
    units = [PlanUnit(name="孟连县移民系统", role=Role.COUNTY), PlanUnit(name="宣传部", role=Role.PROPAGANDA)]
    plan = PlanActivated(version="1", name="预案", topics=[], units=units, activated_at=now)
    moved = UnitsMoved(units=[MovedUnit(name="孟连县移民系统", kind="other"), MovedUnit(name="市水务局", kind="other")])
    told = [
        Publication(stream=PLANS_ACTIVATED, message=envelope("plan.activated", "1", plan, source="cases", at=now)),
        Publication(stream=PLANS_ACTIVATED, message=envelope("plan.activated", "1", plan, source="cases", at=now)),
    ]
    await notify.runtime.bus.publish(told)

    async def knows(name: str) -> bool:
        return name in await names(notify)

    await until(lambda: knows("孟连县移民系统"))
    carried = envelope("units.moved", "units", moved, source="gateway", at=now)
    await notify.runtime.bus.publish([Publication(stream=UNITS_MOVED, message=carried)])
    await until(lambda: knows("市水务局"))
    assert await names(notify) == {
        "孟连县移民系统": ("county", "county"),
        "宣传部": ("bureau", "propaganda"),
        "市水务局": ("department", "department"),
    }
    assert list(await names(notify, "?kind=county")) == ["孟连县移民系统"]


async def test_units_that_contacts_were_entered_with_become_units(database_url: str) -> None:
    settings = ServiceSettings(database_url=database_url, internal_key=SecretStr(INTERNAL_KEY))
    url = settings.database_url_for("notify")
    await migrations.upgrade(url, "notify", Base.metadata, to="0001")
    now = datetime(2026, 3, 2, tzinfo=UTC)
    contacts = sa.table(
        "contacts",
        *(sa.column(name) for name in ("id", "name", "unit", "enabled", "version")),
        *(sa.column(name, Json) for name in ("roles", "ways")),
        *(sa.column(name, UtcDateTime()) for name in ("created_at", "updated_at")),
    )
    held = [
        ("a", "澜沧县", "county"),
        ("b", "澜沧县", "office"),
        ("c", "局办公室", "office"),
        ("d", "澜 沧县", "office"),
    ]
    row = {"enabled": True, "version": 1, "ways": [], "created_at": now, "updated_at": now}
    database = Database(url, "notify")
    try:
        async with database.writing() as session:
            for id_, unit, role in held:
                await session.execute(contacts.insert().values(id=id_, name=id_, unit=unit, roles=[role], **row))
                await session.execute(sa.insert(ContactRole).values(contact_id=id_, role=role))
        await migrations.upgrade(url, "notify", Base.metadata)
        async with database.reading() as session:
            units = await store.units(session)
            people = await store.everybody(session)
            known = await store.named(session, [" 澜 沧县"])
    finally:
        await database.dispose()
    assert sorted((unit.name, unit.kind, unit.role) for unit in units) == [
        ("局办公室", "bureau", None),
        ("澜沧县", "county", "county"),
    ]
    assert known[" 澜 沧县"].name == "澜沧县"
    assert {one.unit for one in people} == {"局办公室", "澜沧县"}
    assert all((one.quiet_hours, one.language) == ([], "zh") for one in people)


async def code_of(mailbox: Mailbox) -> str:
    found = re.search(r"\b\d{6}\b", mailbox.letters[-1].get_content())
    assert found is not None
    return found[0]


async def test_a_way_is_verified_by_the_code_that_it_brings(
    start: StartNotify, clock: ManualClock, mailbox: Mailbox
) -> None:
    notify = await start(clock=clock)
    zhang = await notify.add("张三", ways=[LOG, MAIL])
    way = f"{CONTACTS}/{zhang}/ways/2"
    assert (await notify.admin("POST", f"{way}/confirm", json={"code": "123456"})).status_code == 409
    sent = await notify.admin("POST", f"{way}/verify")
    assert (sent.status_code, sent.json()["state"]) == (200, "sent"), sent.text
    code = await code_of(mailbox)
    async with notify.runtime.database.reading() as session:
        (row,) = (await session.scalars(sa.select(WayCode))).all()
    assert code not in str(row.model_dump())
    confirmed = await notify.admin("POST", f"{way}/confirm", json={"code": code})
    assert confirmed.status_code == 200
    assert [one["verified"] for one in confirmed.json()["ways"]] == [True, True]
    assert (await notify.admin("POST", f"{way}/confirm", json={"code": code})).status_code == 409, "good once"
    for number, status in ((1, 409), (3, 404), (0, 404)):
        assert (await notify.admin("POST", f"{CONTACTS}/{zhang}/ways/{number}/verify")).status_code == status

    same = await notify.admin("PATCH", f"{CONTACTS}/{zhang}", json={"ways": [MAIL, LOG]})
    assert [one["verified"] for one in same.json()["ways"]] == [True, True]
    moved = {"channel": "email", "address": "zhang@new.example.org"}
    other = await notify.admin("PATCH", f"{CONTACTS}/{zhang}", json={"ways": [moved]})
    assert [one["verified"] for one in other.json()["ways"]] == [False], "another address is unverified again"


async def test_a_code_can_neither_be_guessed_nor_sent_too_often(
    start: StartNotify, clock: ManualClock, mailbox: Mailbox
) -> None:
    notify = await start(clock=clock)
    zhang = await notify.add("张三", ways=[MAIL])
    way = f"{CONTACTS}/{zhang}/ways/1"
    await notify.admin("POST", f"{way}/verify")
    code = await code_of(mailbox)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for left in (4, 3, 2, 1, 0):
        answer = await notify.admin("POST", f"{way}/confirm", json={"code": wrong})
        assert (answer.status_code, answer.json()["left"]) == (422, left)
    assert (await notify.admin("POST", f"{way}/confirm", json={"code": code})).status_code == 409, "the code is spent"
    soon = await notify.admin("POST", f"{way}/verify")
    assert (soon.status_code, soon.headers["retry-after"]) == (429, "61")

    for _ in range(4):
        clock.advance(timedelta(seconds=61))
        assert (await notify.admin("POST", f"{way}/verify")).status_code == 200
    clock.advance(timedelta(seconds=61))
    assert (await notify.admin("POST", f"{way}/verify")).status_code == 429, "five an hour"
    latest = await code_of(mailbox)
    clock.advance(timedelta(minutes=10))
    assert (await notify.admin("POST", f"{way}/confirm", json={"code": latest})).status_code == 409, "expired"
    clock.advance(timedelta(hours=1))
    assert (await notify.admin("POST", f"{way}/verify")).status_code == 200
    right = await notify.admin("POST", f"{way}/confirm", json={"code": await code_of(mailbox)})
    assert right.json()["ways"][0]["verified_at"] == clock.now().isoformat().replace("+00:00", "Z")


async def test_ones_own_contact(notify: Notify, mailbox: Mailbox) -> None:
    await notify.add("张三", "county", username="zs", ways=[MAIL])

    async def call(method: str, path: str, **options: Any) -> Any:
        return await notify.call(method, f"{CONTACTS}/me{path}", roles={Role.COUNTY}, name="zs", **options)

    mine = await call("GET", "")
    assert mine.json()["ways"][0]["address"] == MAIL["address"]
    quiet = [{"start": "22:00", "end": "07:00"}]
    changed = await call("PATCH", "", json={"quiet_hours": quiet, "language": "en"})
    assert changed.json()["quiet_hours"] == [{"weekdays": [1, 2, 3, 4, 5, 6, 7], **quiet[0]}]
    assert changed.json()["language"] == "en"
    assert (await call("PATCH", "", json={"roles": ["admin"]})).status_code == 422
    assert (await call("PATCH", "", json={"quiet_hours": [{"start": "22:00", "end": "22:00"}]})).status_code == 422
    assert (await call("POST", "/ways/1/verify")).json()["state"] == "sent"
    confirmed = await call("POST", "/ways/1/confirm", json={"code": await code_of(mailbox)})
    assert confirmed.json()["ways"][0]["verified"] is True
    stranger = await notify.call("GET", f"{CONTACTS}/me", roles={Role.COUNTY}, name="nobody")
    assert stranger.status_code == 404
    assert (await notify.call("GET", CONTACTS, roles={Role.COUNTY}, name="zs")).status_code == 403


async def test_what_the_network_lacks(notify: Notify, receiver: Receiver) -> None:
    await notify.bare_desk()
    hook = {"channel": "webhook", "address": f"{receiver.base}/z", "secret": SECRET}
    await notify.add(
        "张三", "office", "group_leader", "group_member", "propaganda", "department", "county", ways=[hook]
    )
    await notify.admin("POST", "/api/v1/units", json={"name": "西盟县", "kind": "county"})
    receiver.script["/z"] = [(410, {})]
    await notify.settled(await notify.request(recipients=[{"role": "office"}]), "failed")
    found = (await notify.admin("GET", f"{CONTACTS}/gaps")).json()
    assert (found["ways"], found["verified"]) == (0, 0)
    assert sorted((item["kind"], item["name"]) for item in found["items"]) == [
        ("closed", "张三"),
        ("no_way", "值班席"),
        ("no_way", "张三"),
        ("role_empty", "市领导"),
        ("unit_empty", "西盟县"),
    ]
    assert (await notify.call("GET", f"{CONTACTS}/gaps", roles={Role.EXPERT})).status_code == 403


SHEET = """姓名,登录名,单位,角色,静默时段,渠道1,地址1,渠道2,地址2
张三,zs,澜沧,县（区）联络员、办公室,每天 22:00-07:00,email,zhang@example.org,,
李四,,澜沧县移民系统,部门,,邮件,li@example.org,log,log
"""


async def load(notify: Notify, text: str | bytes, *, really: bool = False, name: str = "a.csv") -> Any:
    content = text.encode() if isinstance(text, str) else text
    path = f"{CONTACTS}/import" + ("?dry_run=false" if really else "")
    return await notify.admin("POST", path, files={"file": (name, content)})


async def everybody(notify: Notify) -> list[dict[str, Any]]:
    items = (await notify.admin("GET", CONTACTS)).json()["items"]
    return [item for item in items if not item["desk"]]


async def test_a_file_is_shown_first_then_taken_in_and_twice_changes_nothing(notify: Notify) -> None:
    await notify.admin("POST", "/api/v1/units", json={"name": "澜沧县移民系统", "kind": "county", "aliases": ["澜沧"]})
    title = next(
        one["name"] for one in (await notify.admin("GET", "/api/v1/channels")).json()["items"] if one["id"] == "email"
    )
    text = SHEET.replace("邮件", title)
    shown = (await load(notify, text)).json()
    assert (shown["dry_run"], shown["added"], shown["refused"]) == (True, 2, 0), shown
    assert shown["rows"][0]["changes"]["ways"] == ["", "email z***@example.org"]
    assert await everybody(notify) == []
    done = (await load(notify, text, really=True)).json()
    assert (done["dry_run"], done["added"]) == (False, 2)
    zhang, li = await everybody(notify)
    assert (zhang["username"], zhang["unit"], zhang["roles"]) == ("zs", "澜沧县移民系统", ["county", "office"])
    assert zhang["quiet_hours"][0]["start"] == "22:00"
    assert [way["channel"] for way in li["ways"]] == ["email", "log"]
    again = (await load(notify, text, really=True)).json()
    assert (again["added"], again["changed"], again["same"]) == (0, 0, 2)
    assert [one["version"] for one in await everybody(notify)] == [1, 1]

    changed = await load(notify, "姓名,登录名,角色,静默时段\n张三丰,zs,-,-\n", really=True)
    assert changed.json()["rows"][0]["action"] == "change"
    zhang, _ = await everybody(notify)
    assert (zhang["name"], zhang["roles"], zhang["quiet_hours"]) == ("张三丰", [], [])
    assert len(zhang["ways"]) == 1, "what the file does not name stays"
    adopted = await load(notify, "姓名,单位,登录名\n李四,澜沧县移民系统,ls\n", really=True)
    assert adopted.json()["changed"] == 1
    entries = (await notify.admin("GET", f"{CONTACTS}/log")).json()["items"]
    assert [(entry["action"], entry["by"], entry["contacts"]) for entry in entries] == [
        ("imported", "admin", 1),
        ("imported", "admin", 1),
        ("imported", "admin", 0),
        ("imported", "admin", 2),
    ]


async def test_one_bad_line_keeps_the_whole_file_out_and_each_is_named(notify: Notify) -> None:
    bad = (
        "姓名,登录名,单位,角色,启用,渠道1,地址1\n"
        "张三,zs,,办公室,,log,log\n"
        ",,,,,log,log\n"
        "李四,,火星局,皇帝,也许,pigeon,x\n"
        "王五,,,,,email,not an address\n"
        "赵六,,,,,,\n"
        "张三三,zs,,,,log,log\n"
        "值班席,admin,,,否,,\n"
    )
    shown = (await load(notify, bad)).json()
    assert [row["action"] for row in shown["rows"]] == ["add", *["refuse"] * 6]
    assert len(shown["rows"][2]["errors"]) == 4
    refused = await load(notify, bad, really=True)
    assert refused.status_code == 422
    lines = {error["pointer"] for error in refused.json()["errors"]}
    assert lines == {"line 3", "line 4", "line 5", "line 6", "line 7", "line 8"}
    assert await everybody(notify) == []
    assert (await notify.admin("GET", f"{CONTACTS}/log")).json()["items"] == []
    for content in (b"", b"%PDF", b"a,b\n1,2\n"):
        assert (await load(notify, content)).status_code == 422
    assert (
        await notify.call("POST", f"{CONTACTS}/import", roles={Role.AUDITOR}, files={"file": b"x"})
    ).status_code == 403


@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
async def test_what_is_exported_can_be_imported_and_runs_nothing(notify: Notify, fmt: str) -> None:
    hook = {"channel": "webhook", "address": "https://hooks.example.org/x", "secret": SECRET}
    await notify.add("=HYPERLINK(1)", "office", username="+zs", unit="@澜沧县", ways=[hook, MAIL])
    path = f"{CONTACTS}/export.{fmt}"
    assert (await notify.call("GET", path, roles={Role.AUDITOR})).status_code == 403
    assert (await notify.admin("GET", f"{CONTACTS}/log")).json()["items"] == []
    file = await notify.admin("GET", path)
    assert file.status_code == 200
    assert SECRET.encode() not in file.content
    if fmt == "csv":
        assert "'=HYPERLINK(1),'+zs,'@澜沧县" in file.content.decode("utf-8-sig")
    else:
        cells = [cell for row in load_workbook(io.BytesIO(file.content)).active.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"]
        assert any(cell.quotePrefix for cell in cells)
    (entry,) = (await notify.admin("GET", f"{CONTACTS}/log")).json()["items"]
    assert (entry["action"], entry["by"], entry["contacts"], entry["detail"]) == ("exported", "admin", 2, fmt)
    again = (await load(notify, file.content, really=True, name=f"a.{fmt}")).json()
    assert (again["same"], again["added"], again["changed"]) == (2, 0, 0), again
    template = await notify.admin("GET", f"{CONTACTS}/import-template.xlsx")
    assert (await load(notify, template.content)).json()["rows"] == []
