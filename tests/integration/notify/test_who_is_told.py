"""Who is told besides the roles: groups of units, subscribers, those on duty; quiet hours; and the dry run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.words import Role
from kit.clock import ManualClock
from services.notify.duty import Duty
from tests.integration.notify.harness import SECRET, Mailbox, Notify, Receiver, StartNotify

LOG = {"channel": "log", "address": "log"}
NIGHT = [{"start": "22:00", "end": "07:00"}]
#: 02:10 in Shanghai
SMALL_HOURS = datetime(2026, 3, 2, 18, 10, tzinfo=UTC)
MORNING = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
SUBSCRIPTIONS = "/api/v1/subscriptions"


def mail(name: str) -> dict[str, str]:
    return {"channel": "email", "address": f"{name}@example.org"}


def group(receiver: Receiver, path: str = "/group") -> dict[str, str]:
    return {"channel": "webhook", "address": f"{receiver.base}{path}", "secret": SECRET}


class Roster:
    """People on duty by day and by night, in Shanghai's hours, of every unit and role."""

    def __init__(self) -> None:
        self.day: list[str] = []
        self.night: list[str] = []
        self.asked: list[tuple[str | None, Role | None]] = []

    async def at(
        self, _session: Any, instant: datetime, unit: str | None = None, role: Role | None = None
    ) -> Sequence[Duty]:
        self.asked.append((unit, role))
        return [Duty(one) for one in (self.day if 0 <= instant.hour < 12 else self.night)]


async def test_quiet_hours_hold_back_until_they_end_but_not_what_is_grave(start: StartNotify, mailbox: Mailbox) -> None:
    clock = ManualClock(SMALL_HOURS)
    notify = await start(clock=clock)
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[mail("zhang")], quiet_hours=NIGHT)
    await notify.add("李四", "office", ways=[mail("li")])
    ids = {}
    kinds = {"III": "alert_raised", "II": "alert_raised", "I": "case_changed", "IV": "clock_breached"}
    for level, kind in kinds.items():
        ids[level] = await notify.request(recipients=[{"role": "office"}], level=level, kind=kind)
        states = ("pending", "sent") if level == "III" else ("sent", "sent")
        await notify.settled(ids[level], *states)
    held = (await notify.deliveries(ids["III"]))[0]
    assert held["next_attempt_at"] == MORNING.isoformat().replace("+00:00", "Z")
    assert held["note"] == "于 2026-03-03 02:10 提出，因静默时段顺延至 2026-03-03 07:00"
    clock.advance(MORNING - SMALL_HOURS - timedelta(seconds=1))
    await notify.parts.dispatcher.send_due()
    await notify.parts.dispatcher.idle()
    assert (await notify.deliveries(ids["III"]))[0]["state"] == "pending"
    clock.advance(timedelta(seconds=1))
    notify.parts.dispatcher.wake.set()
    await notify.settled(ids["III"], "sent", "sent")


async def test_quiet_hours_are_not_for_the_duty_desk_nor_for_who_is_on_duty(start: StartNotify) -> None:
    roster = Roster()
    notify = await start(clock=ManualClock(SMALL_HOURS), on_duty=roster)
    desk = await notify.bare_desk()
    assert (await notify.admin("PATCH", f"/api/v1/contacts/{desk}", json={"quiet_hours": NIGHT})).status_code == 200
    zhang = await notify.add("张三", "office", ways=[LOG], quiet_hours=NIGHT)
    await notify.add("李四", "office", ways=[LOG], quiet_hours=NIGHT)
    wanted = {"recipients": [{"role": "office", "on_duty": True}], "level": "IV"}
    roster.night = [zhang]
    id_ = await notify.request(**wanted)
    (only,) = await notify.settled(id_, "sent")
    assert only["contact_name"] == "张三"
    assert roster.asked == [(None, Role.OFFICE)]
    roster.night = []
    id_ = await notify.request(**wanted)
    found = await notify.settled(id_, "pending", "pending", "sent")
    assert found[2]["contact_name"] == "值班席"
    assert found[2]["note"] == "值班表中此刻无人值班：办公室，已通知全部相关人员"


async def test_without_rosters_nobody_is_on_duty_and_all_are_told(notify: Notify) -> None:
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[LOG])
    id_ = await notify.request(recipients=[{"role": "office", "on_duty": True}])
    found = await notify.settled(id_, "sent", "sent")
    assert [one["contact_name"] for one in found] == ["张三", "值班席"]


async def test_a_units_group_is_told_besides_its_people(notify: Notify, receiver: Receiver) -> None:
    await notify.bare_desk()
    unit = {"name": "澜沧县移民系统", "kind": "county", "aliases": ["澜沧县"], "way": group(receiver)}
    made = await notify.admin("POST", "/api/v1/units", json=unit)
    await notify.add("岩罕", "county", unit="澜沧县", ways=[LOG])
    for recipient in ({"role": "county"}, {"role": "county", "unit": "澜沧县"}, {"unit": "澜沧县移民系统"}):
        id_ = await notify.request(recipients=[recipient, {"unit": "澜沧县"}])
        one, other = await notify.settled(id_, "sent", "sent")
        person, to_group = (one, other) if not one["to_unit"] else (other, one)
        assert (person["contact_name"], to_group["contact_name"]) == ("岩罕", "澜沧县移民系统")
        assert to_group["contact_id"] == made.json()["id"]
    call = receiver.to("/group")[-1]
    assert call.data["data"]["acknowledgement_url"] is None, "nobody acknowledges for a group"
    assert [one.contact_id for one in await notify.told() if one.contact_name == "澜沧县移民系统"] == [None] * 3
    receiver.script["/group"] = [(410, {})]
    gone = await notify.request(recipients=[{"role": "county"}])
    assert sorted(one["state"] for one in await notify.settled_any(gone, 2)) == ["failed", "sent"]
    way = (await notify.admin("GET", made.headers["location"])).json()["way"]
    assert (way["enabled"], "410" in way["disabled_reason"]) == (False, True)
    after = await notify.request(recipients=[{"role": "county"}])
    assert [one["contact_name"] for one in await notify.settled(after, "sent")] == ["岩罕"]


async def test_life_of_a_subscription(notify: Notify) -> None:
    zhang = await notify.add("张三", unit="澜沧县", ways=[LOG])
    body = {"contact_id": zhang, "topics": ["water", "water"], "kinds": ["alert_raised"], "least_level": "III"}
    made = await notify.admin("POST", SUBSCRIPTIONS, json=body)
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    assert made.json()["topics"] == ["water"]
    by_unit = await notify.admin("POST", SUBSCRIPTIONS, json={"unit": "澜沧县", "topics": ["dam"]})
    assert (by_unit.json()["unit"], by_unit.json()["contact_id"]) == ("澜沧县", None)
    for refused in (
        {"topics": ["water"]},
        {"contact_id": zhang, "unit": "澜沧县", "topics": ["water"]},
        {"contact_id": zhang, "topics": []},
        {"contact_id": "none", "topics": ["water"]},
        {"unit": "火星", "topics": ["water"]},
    ):
        assert (await notify.admin("POST", SUBSCRIPTIONS, json=refused)).status_code == 422, refused
    changed = await notify.admin(
        "PATCH", path, headers={"If-Match": '"1"'}, json={"least_level": None, "channels": ["log"]}
    )
    assert (changed.json()["least_level"], changed.json()["kinds"]) == (None, ["alert_raised"])
    assert (await notify.admin("PATCH", path, headers={"If-Match": '"1"'}, json={})).status_code == 412
    listed = (await notify.admin("GET", f"{SUBSCRIPTIONS}?unit=澜沧县")).json()["items"]
    assert [one["id"] for one in listed] == [by_unit.json()["id"]]
    assert (await notify.call("GET", SUBSCRIPTIONS, roles={Role.COUNTY})).status_code == 403
    assert (await notify.admin("DELETE", f"/api/v1/contacts/{zhang}")).status_code == 204
    assert (await notify.admin("GET", path)).status_code == 404, "it ends with its contact"
    assert (await notify.admin("DELETE", by_unit.headers["location"])).status_code == 204
    assert (await notify.admin("GET", SUBSCRIPTIONS)).json()["items"] == []


async def test_subscribers_are_told_besides_the_matrix_and_once(notify: Notify, receiver: Receiver) -> None:
    await notify.bare_desk()
    office = await notify.add("张三", "office", ways=[LOG])
    county = await notify.add("岩罕", "county", unit="澜沧县", ways=[LOG, mail("yan")])
    follower = await notify.add("吴科长", unit="市财政局", ways=[LOG, mail("wu")])
    other = await notify.add("郑科长", unit="市水务局", ways=[LOG])
    await notify.admin("POST", "/api/v1/units", json={"name": "市应急局", "way": group(receiver)})
    for holder in ({"contact_id": office}, {"contact_id": county}, {"unit": "市财政局"}, {"unit": "市应急局"}):
        await notify.admin("POST", SUBSCRIPTIONS, json={**holder, "topics": ["water"]})
    await notify.admin("POST", SUBSCRIPTIONS, json={"contact_id": follower, "topics": ["water"], "channels": ["email"]})
    await notify.admin("POST", SUBSCRIPTIONS, json={"contact_id": other, "topics": ["water"], "least_level": "I"})
    first = {"recipients": [{"role": "office"}], "topics": ["water"], "told_elsewhere": [{"role": "county"}]}
    id_ = await notify.request(**first)
    found = await notify.settled_any(id_, 3)
    assert sorted(one["contact_name"] for one in found) == ["吴科长", "市应急局", "张三"]
    notes = {one["contact_name"]: one["note"] for one in found}
    assert notes == {"张三": "", "吴科长": "按专题订阅通知", "市应急局": "按专题订阅通知"}

    alone = await notify.request(recipients=[], topics=["water"], told_elsewhere=[], level="I")
    found = await notify.settled_any(alone, 5)
    assert sorted(one["contact_name"] for one in found) == ["吴科长", "岩罕", "市应急局", "张三", "郑科长"]
    nobody = await notify.request(recipients=[], topics=["weather"])
    last = await notify.request(recipients=[{"role": "office"}])
    await notify.settled(last, "sent")
    assert (await notify.admin("GET", f"/api/v1/notifications/{nobody}")).status_code == 404


async def _fill(notify: Notify, receiver: Receiver, roster: Roster) -> None:
    await notify.bare_desk()
    way = group(receiver)
    await notify.admin("POST", "/api/v1/units", json={"name": "澜沧县移民系统", "kind": "county", "way": way})
    roster.night = [await notify.add("张三", "office", ways=[mail("zhang")], quiet_hours=NIGHT)]
    await notify.add("李四", "office", "propaganda", ways=[mail("li"), LOG], quiet_hours=NIGHT)
    await notify.add("岩罕", "county", unit="澜沧县移民系统", ways=[LOG], quiet_hours=NIGHT)
    wu = await notify.add("吴科长", unit="市财政局", ways=[LOG], quiet_hours=NIGHT)
    await notify.admin("POST", SUBSCRIPTIONS, json={"contact_id": wu, "topics": ["water"]})
    hook = {"name": "门户", "url": f"{receiver.base}/portal", "secret": SECRET, "kinds": ["alert_raised"]}
    await notify.admin("POST", "/api/v1/webhooks", json=hook)


ASKED: list[dict[str, Any]] = [
    {"recipients": [{"role": "office", "on_duty": True}], "topics": ["water"], "told_elsewhere": [{"role": "county"}]},
    {"recipients": [{"role": "county"}, {"role": "propaganda"}, {"role": "expert"}], "channels": ["log"]},
    {"recipients": [{"role": "county", "unit": "澜沧县移民系统"}, {"contact_id": "gone"}]},
    {"recipients": [], "topics": ["water"]},
]


@pytest.mark.parametrize("level", ["IV", "II"])
async def test_a_dry_run_tells_what_a_request_then_does(
    start: StartNotify, receiver: Receiver, mailbox: Mailbox, level: str
) -> None:
    roster = Roster()
    clock = ManualClock(SMALL_HOURS)
    notify = await start(clock=clock, on_duty=roster)
    await _fill(notify, receiver, roster)
    body = {"kind": "alert_raised", "level": level, "notices": ASKED}
    answer = await notify.admin("POST", "/api/v1/notifications/dry-run", json=body)
    assert answer.status_code == 200, answer.text
    shown = answer.json()["notices"]
    assert (await notify.admin("GET", "/api/v1/notifications")).json()["items"] == []
    for asked, notice in zip(ASKED, shown, strict=True):
        id_ = await notify.request(**asked, level=level, kind="alert_raised")
        done = await notify.written(id_)
        assert sorted(
            (one["id"], one["channel"], one["address"], one["role"], "；".join(one["notes"]), one["due"])
            for one in notice["told"]
        ) == sorted(
            (one["contact_id"], one["channel"], one["address"], one["role"], one["note"], one["first_due"])
            for one in done
        )
        assert len({(one["id"], one["channel"]) for one in notice["told"]}) == len(notice["told"])
    held = {one["name"] for notice in shown for one in notice["told"] if one["held"]}
    assert held == ({"李四", "岩罕", "吴科长"} if level == "IV" else set())


async def test_a_dry_run_says_why_when_and_what_is_missing(
    start: StartNotify, receiver: Receiver, mailbox: Mailbox
) -> None:
    roster = Roster()
    notify = await start(clock=ManualClock(MORNING), on_duty=roster)
    await _fill(notify, receiver, roster)
    path = "/api/v1/notifications/dry-run"
    notices = [{"number": 4, "clause": "四 Ⅲ", **ASKED[0]}, {"number": 5, "clause": "五(二)3", **ASKED[1]}]
    body = {"kind": "alert_raised", "level": "III", "at": SMALL_HOURS.isoformat(), "notices": notices}
    one, two = (await notify.admin("POST", path, json=body)).json()["notices"]
    assert {told["name"]: told["why"] for told in one["told"]} == {
        "张三": "通知矩阵第 4 行（四 Ⅲ）：办公室，值班人员",
        "吴科长": "专题订阅",
        "门户": "回调订阅",
    }
    assert {told["name"]: told["why"] for told in two["told"]} == {
        "岩罕": "通知矩阵第 5 行（五(二)3）：县（区）联络员",
        "澜沧县移民系统": "通知矩阵第 5 行（五(二)3）：县（区）联络员，单位群",
        "李四": "通知矩阵第 5 行（五(二)3）：宣传部",
        "值班席": "值班席：无人担任：专家",
        "门户": "回调订阅",
    }
    assert two["gaps"] == ["无人担任：专家"]
    assert {told["name"]: told["due"] for told in two["told"]}["李四"] == "2026-03-02T23:00:00Z"
    simple = {"kind": "case_opened", "recipients": [{"role": "propaganda"}], "channels": ["email"]}
    seen = await notify.call("POST", path, roles={Role.PROPAGANDA}, json=simple)
    assert [told["address"] for told in seen.json()["notices"][0]["told"]] == ["l***@example.org"]
    assert (await notify.call("POST", path, roles={Role.COUNTY}, json=simple)).status_code == 403
    both = {**simple, "notices": notices}
    assert (await notify.admin("POST", path, json=both)).status_code == 422
