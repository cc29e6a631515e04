"""Rosters over HTTP: who sees and keeps them, what was changed by hand, problems told ahead, calendars."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest_asyncio

from contracts.words import Role
from kit.clock import ManualClock
from services.notify.models import Contact
from services.notify.rosters.on_duty import OnDuty
from tests.integration.notify.harness import Notify, StartNotify

LOG = [{"channel": "log", "address": "log"}]
ROSTERS = "/api/v1/rosters"
PEOPLE = {"zhang": "张三", "li": "李四", "wang": "王五", "zhao": "赵六"}


def shanghai(day: int, hour: int = 12, month: int = 3) -> str:
    return f"2026-{month:02}-{day:02}T{hour:02}:00:00+08:00"


def daily(*people: str, **values: Any) -> dict[str, Any]:
    turns = {"kind": "daily", "handovers": ["08:00"]}
    return {"name": "主班", "participants": list(people), "turns": turns, "starts_on": "2026-03-01", **values}


class Office:
    """A notify service whose clock stands at 2026-03-02 08:00 in Shanghai, with four contacts by login name."""

    def __init__(self, notify: Notify, clock: ManualClock, ids: dict[str, str]) -> None:
        self.notify, self.clock, self.ids = notify, clock, ids

    async def roster(self, *rotations: dict[str, Any], **values: Any) -> str:
        body = {"name": "办公室值班表", "rotations": list(rotations), **values}
        made = await self.notify.admin("POST", ROSTERS, json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def on_duty(self, at: str, **params: str) -> list[str | None]:
        answer = await self.notify.admin("GET", f"{ROSTERS}/on-duty", params={"at": at, **params})
        assert answer.status_code == 200, answer.text
        return [item["on_duty"] and item["on_duty"]["name"] for item in answer.json()["items"]]

    async def as_(self, name: str, method: str, path: str, *roles: Role, unit: str | None = None, **more: Any) -> Any:
        wanted = set(roles) or {Role.GROUP_MEMBER}
        return await self.notify.call(method, f"{ROSTERS}{path}", roles=wanted, name=name, unit=unit, **more)


@pytest_asyncio.fixture
async def office(start: StartNotify, clock: ManualClock) -> Office:
    notify = await start(clock=clock)
    ids = {login: await notify.add(name, username=login, ways=LOG) for login, name in PEOPLE.items()}
    return Office(notify, clock, ids)


async def test_life_of_a_roster(office: Office) -> None:
    notify, ids = office.notify, office.ids
    body = {"name": "办公室值班表", "role": "office", "rotations": [daily(ids["zhang"], ids["li"]), daily(ids["wang"])]}
    made = await notify.admin("POST", ROSTERS, json=body)
    assert made.status_code == 201, made.text
    path, roster = made.headers["location"], made.json()
    assert (path, made.headers["etag"]) == (f"{ROSTERS}/{roster['id']}", '"1"')
    assert (roster["zone"], roster["unit"], roster["longest_hours"]) == ("Asia/Shanghai", None, 24)
    assert [person["name"] for person in roster["people"]] == ["张三", "李四", "王五"]

    first, second = roster["rotations"]
    assert await office.on_duty(shanghai(2)) == ["李四"]
    swapped = await notify.admin("PATCH", path, json={"rotations": [second, first]}, headers={"If-Match": '"1"'})
    assert swapped.status_code == 200, swapped.text
    assert [one["id"] for one in swapped.json()["rotations"]] == [second["id"], first["id"]]
    assert await office.on_duty(shanghai(2)) == ["王五"]
    assert (await notify.admin("PATCH", path, json={"name": "x"}, headers={"If-Match": '"1"'})).status_code == 412
    changed = await notify.admin("PATCH", path, json={"unit": "景东县", "role": None, "longest_hours": None})
    assert (changed.json()["unit"], changed.json()["role"], changed.json()["longest_hours"]) == ("景东县", None, None)
    assert (await notify.admin("DELETE", path, headers={"If-Match": '"1"'})).status_code == 412
    assert (await notify.admin("DELETE", path, headers={"If-Match": '"3"'})).status_code == 204
    assert (await notify.admin("GET", path)).status_code == 404


async def test_what_could_not_work_is_refused_and_told_where(office: Office) -> None:
    zhang = office.ids["zhang"]
    for body, pointer in [
        ({"name": "x", "zone": "Asia/Beijing"}, "/zone"),
        ({"name": "x", "rotations": [daily()]}, "/rotations/0/participants"),
        ({"name": "x", "rotations": [daily(zhang, "nobody")]}, "/rotations/0/participants/1"),
        ({"name": "x", "rotations": [daily(zhang, id="another")]}, "/rotations/0/id"),
        (
            {"name": "x", "rotations": [daily(zhang, turns={"kind": "daily", "handovers": ["20:00", "08:00"]})]},
            "/rotations/0/turns/daily/handovers",
        ),
        (
            {"name": "x", "rotations": [daily(zhang, turns={"kind": "weekly", "weekday": 8, "at": "25:00"})]},
            "/rotations/0/turns/weekly/weekday",
        ),
        (
            {"name": "x", "rotations": [daily(zhang, between={"start": "09:00", "end": "09:00"})]},
            "/rotations/0/between",
        ),
    ]:
        answer = await office.notify.admin("POST", ROSTERS, json=body)
        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["pointer"] == pointer
    id_ = await office.roster(daily(zhang))
    for query in (
        "from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z",
        "from=2026-03-01T00:00:00Z&to=2027-04-06T00:00:00Z",
    ):
        answer = await office.notify.admin("GET", f"{ROSTERS}/{id_}/shifts?{query}")
        assert (answer.status_code, "400" in answer.json()["detail"]) == (422, True)
    bad = {"starts_at": shanghai(5), "ends_at": shanghai(4), "contact_id": zhang, "reason": "x"}
    assert (await office.notify.admin("POST", f"{ROSTERS}/{id_}/overrides", json=bad)).status_code == 422


async def test_people_see_their_unit_and_where_they_are_on_and_the_office_keeps_all(office: Office) -> None:
    ids = office.ids
    bureau = await office.roster(daily(ids["zhang"]))
    county = await office.roster(daily(ids["li"]), name="景东值班表", unit="景东县")

    async def seen(name: str, *roles: Role, unit: str | None = None) -> list[str]:
        listed = (await office.as_(name, "GET", "", *roles, unit=unit)).json()["items"]
        asked = (await office.as_(name, "GET", "/on-duty", *roles, unit=unit)).json()["items"]
        assert [item["id"] for item in listed] == [item["roster_id"] for item in asked]
        return [item["id"] for item in listed]

    assert await seen("leader", Role.GROUP_LEADER) == [bureau, county]
    assert await seen("someone", Role.COUNTY, unit="景东县") == [county]
    assert await seen("zhang", Role.COUNTY, unit="景谷县") == [bureau]
    assert await seen("someone", Role.EXPERT) == []
    for path in (
        "",
        "/shifts?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z",
        "/problems",
        "/calendar.ics",
        "/notes",
    ):
        other = await office.as_("someone", "GET", f"/{bureau}{path}", Role.COUNTY, unit="景东县")
        own = await office.as_("someone", "GET", f"/{county}{path}", Role.COUNTY, unit="景东县")
        assert (other.status_code, own.status_code) == (404, 200), path

    for name, roles in (("zhang", {Role.GROUP_LEADER}), ("li", {Role.COUNTY})):
        refused = await office.as_(name, "POST", "", *roles, json={"name": "x"})
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "roster.keepers-only")
        assert (
            await office.as_(name, "DELETE", f"/{bureau if name == 'zhang' else county}", *roles)
        ).status_code == 403
    assert (await office.as_("auditor", "POST", "", Role.AUDITOR, json={"name": "x"})).status_code == 403
    assert await office.on_duty(shanghai(2), unit="景东县") == ["李四"]
    async with office.notify.runtime.database.reading() as session:
        (duty,) = await OnDuty.at(session, office.clock.now(), unit="景东县")
    assert (duty.roster_id, duty.names[duty.answer.on_duty or ""]) == (county, "李四")


async def test_overrides_and_surges_and_their_early_end(office: Office) -> None:
    ids, notify = office.ids, office.notify
    id_ = await office.roster(daily(ids["zhang"]))
    body = {"starts_at": shanghai(2, 18), "ends_at": shanghai(3, 18), "contact_id": ids["li"], "replaces": ids["zhang"]}
    made = await notify.admin("POST", f"{ROSTERS}/{id_}/overrides", json={**body, "reason": "病假"})
    assert made.status_code == 201, made.text
    assert (made.json()["person"]["name"], made.json()["replaces"]["name"], made.json()["entered_by"]) == (
        "李四",
        "张三",
        "admin",
    )
    surge = {"starts_at": shanghai(4, 8), "ends_at": shanghai(6, 8), "hours": 8, "reason": "Ⅱ级响应"}
    lines = [[ids["wang"], ids["zhao"]], [ids["li"]]]
    set_up = await notify.admin("POST", f"{ROSTERS}/{id_}/surges", json={**surge, "lines": lines})
    assert set_up.status_code == 201, set_up.text
    twice = await notify.admin("POST", f"{ROSTERS}/{id_}/surges", json={**surge, "lines": lines})
    assert (twice.status_code, twice.json()["surge_id"]) == (409, set_up.json()["id"])

    answer = await notify.admin("GET", f"{ROSTERS}/{id_}/shifts?from=2026-03-02T00:00:00Z&to=2026-03-06T01:00:00Z")
    shifts = answer.json()["items"]
    assert [shift["on_duty"]["name"] for shift in shifts] == [
        "张三",
        "李四",  # the rest of one shift of 张三's
        "李四",  # and the beginning of the next
        "张三",
        *["王五", "赵六"] * 3,
        "张三",
    ]
    assert shifts[4]["deputies"] == [{"contact_id": ids["li"], "name": "李四"}]
    assert [one["ends_at"] for one in shifts[:-1]] == [one["starts_at"] for one in shifts[1:]]

    office.clock.advance(timedelta(hours=12))
    running = f"{ROSTERS}/{id_}/overrides/{made.json()['id']}"
    assert (await notify.admin("DELETE", running)).status_code == 204
    assert [await office.on_duty(shanghai(2, hour)) for hour in (19, 21)] == [["李四"], ["张三"]]
    over = await notify.admin("DELETE", running)
    assert (over.status_code, over.json()["type"].rpartition("/")[2]) == (409, "roster.change-over")
    assert (await notify.admin("DELETE", f"{ROSTERS}/{id_}/surges/{set_up.json()['id']}")).status_code == 204
    assert (await notify.admin("GET", f"{ROSTERS}/{id_}/surges")).json()["items"] == []
    assert await office.on_duty(shanghai(4, 9)) == ["张三"]


async def test_a_swap_is_offered_by_the_one_and_accepted_by_the_other(office: Office) -> None:
    ids = office.ids
    id_ = await office.roster(daily(ids["li"], ids["zhang"], ids["wang"]))
    # zhang has the 2nd, wang the 3rd, li the 4th, zhang the 5th
    offer = {"at": shanghai(5), "other_at": shanghai(3), "reason": "家中有事"}
    assert (await office.as_("li", "POST", f"/{id_}/swaps", json=offer)).status_code == 403
    begun = await office.as_("zhang", "POST", f"/{id_}/swaps", json={**offer, "at": shanghai(2)})
    assert (begun.status_code, begun.json()["type"].rpartition("/")[2]) == (409, "roster.shift-begun")
    same = await office.as_("zhang", "POST", f"/{id_}/swaps", json={**offer, "other_at": shanghai(8)})
    assert same.status_code == 409

    async def propose() -> str:
        made = await office.as_("zhang", "POST", f"/{id_}/swaps", json=offer)
        assert made.status_code == 201, made.text
        assert (made.json()["offered"]["person"]["name"], made.json()["wanted"]["person"]["name"]) == ("张三", "王五")
        return f"/{id_}/swaps/{made.json()['id']}"

    withdrawn, refused, swap = [await propose() for _ in range(3)]
    assert (await office.as_("wang", "POST", f"{withdrawn}/withdraw")).status_code == 403
    assert (await office.as_("zhang", "POST", f"{withdrawn}/withdraw")).json()["state"] == "withdrawn"
    late = await office.as_("wang", "POST", f"{withdrawn}/accept")
    assert (late.status_code, late.json()["state"]) == (409, "withdrawn")
    assert (await office.as_("wang", "POST", f"{refused}/refuse")).json()["state"] == "refused"
    own = await office.as_("zhang", "POST", f"{swap}/accept", Role.OFFICE)
    assert own.status_code == 403, "nobody accepts a swap of their own, not even of the office"
    assert await office.on_duty(shanghai(3)) == ["王五"]

    for _ in range(2):
        accepted = await office.as_("wang", "POST", f"{swap}/accept")
        assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
        assert accepted.json()["decided_by"] == "wang"
    assert [(await office.on_duty(shanghai(day)))[0] for day in range(2, 7)] == ["张三", "张三", "李四", "王五", "王五"]
    states = [one["state"] for one in (await office.as_("li", "GET", f"/{id_}/swaps")).json()["items"]]
    assert sorted(states) == ["accepted", "refused", "withdrawn"]


async def test_a_swap_of_shifts_that_have_changed_is_not_accepted(office: Office) -> None:
    ids = office.ids
    id_ = await office.roster(daily(ids["li"], ids["zhang"], ids["wang"]))
    made = await office.as_(
        "zhang", "POST", f"/{id_}/swaps", json={"at": shanghai(5), "other_at": shanghai(3), "reason": "x"}
    )
    cover = {
        "starts_at": shanghai(3, 10),
        "ends_at": shanghai(3, 20),
        "contact_id": ids["zhao"],
        "replaces": ids["wang"],
    }
    await office.notify.admin("POST", f"{ROSTERS}/{id_}/overrides", json={**cover, "reason": "会议"})
    stale = await office.as_("wang", "POST", f"/{id_}/swaps/{made.json()['id']}/accept")
    assert (stale.status_code, stale.json()["type"].rpartition("/")[2]) == (409, "roster.swap-stale")


async def test_a_hand_over_note_is_read_by_the_next_with_a_receipt(office: Office) -> None:
    ids = office.ids
    id_ = await office.roster(daily(ids["li"], ids["zhang"], ids["wang"]))
    note = {"text": "热线 3 条待回复，已转景东县。"}
    assert (await office.as_("wang", "POST", f"/{id_}/notes", json=note)).status_code == 403
    early = await office.as_("wang", "POST", f"/{id_}/notes", json={**note, "at": shanghai(3)})
    assert early.status_code == 409
    made = await office.as_("zhang", "POST", f"/{id_}/notes", json=note)
    assert made.status_code == 201, made.text
    assert datetime.fromisoformat(made.json()["ends_at"]) == datetime.fromisoformat(shanghai(3, 8))
    assert (made.json()["person"]["name"], made.json()["reader"]) == ("张三", None)
    path = f"/{id_}/notes/{made.json()['id']}/read"
    for name in ("zhang", "li", "admin"):
        assert (await office.as_(name, "POST", path)).status_code == 403
    office.clock.advance(timedelta(hours=24, minutes=5))
    read = await office.as_("wang", "POST", path)
    assert (read.json()["reader"]["name"], read.json()["read_at"]) == ("王五", "2026-03-03T00:05:00Z")
    office.clock.advance(timedelta(hours=1))
    assert (await office.as_("wang", "POST", path)).json() == read.json()
    assert (await office.as_("li", "GET", f"/{id_}/notes")).json()["items"] == [read.json()]


async def test_whoever_is_on_a_roster_is_not_deleted_and_disabled_leaves_a_gap_that_is_shown(office: Office) -> None:
    notify, ids = office.notify, office.ids
    id_ = await office.roster(daily(ids["zhang"], ids["li"]))
    refused = await notify.admin("DELETE", f"/api/v1/contacts/{ids['zhang']}")
    assert (refused.status_code, refused.json()["rosters"]) == (409, ["办公室值班表"])
    assert (await notify.admin("PATCH", f"/api/v1/contacts/{ids['zhang']}", json={"enabled": False})).status_code == 200
    (item,) = (await notify.admin("GET", f"{ROSTERS}/on-duty", params={"at": shanghai(3)})).json()["items"]
    assert (item["on_duty"], item["gap"], item["unavailable"][0]["name"]) == (None, "unavailable", "张三")
    found = (await notify.admin("GET", f"{ROSTERS}/{id_}/problems", params={"until": shanghai(6)})).json()["items"]
    assert [(one["kind"], one["starts_at"], one["ends_at"]) for one in found] == [
        ("gap", "2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z"),
        ("gap", "2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z"),
    ]
    # a contact that is gone all the same, by whatever way
    async with notify.runtime.database.writing() as session:
        await session.delete(await session.get_one(Contact, ids["li"]))
    (item,) = (await notify.admin("GET", f"{ROSTERS}/on-duty", params={"at": shanghai(2)})).json()["items"]
    assert (item["gap"], item["unavailable"][0]["name"]) == ("unavailable", "（已删除的联络员）")
    assert (await notify.admin("GET", f"{ROSTERS}/{id_}")).status_code == 200


async def test_problems_of_the_coming_week_are_told_to_the_office_once(office: Office) -> None:
    notify, ids = office.notify, office.ids
    watch = office.notify.parts.roster_watch
    id_ = await office.roster(daily(ids["zhang"], ids["li"], valid_until=shanghai(7, 8)))
    await office.roster(daily(ids["wang"], ids["li"]), name="景东值班表")
    assert await watch.look() == 4, "a gap, and one person on both rosters on three days, told once"
    assert await watch.look() == 0

    async def told() -> list[dict[str, Any]]:
        return list((await notify.admin("GET", "/api/v1/notifications?kind=roster_gap")).json()["items"])

    (first,) = await told()
    assert first["subject"] == "办公室值班表：未来 7 天排班有 4 项问题"
    assert first["body"].splitlines()[1:] == [
        "· 2026-03-02 08:00 至 2026-03-03 08:00：李四 同时在“景东值班表”值班",
        "· 2026-03-04 08:00 至 2026-03-05 08:00：李四 同时在“景东值班表”值班",
        "· 2026-03-06 08:00 至 2026-03-07 08:00：李四 同时在“景东值班表”值班",
        "· 2026-03-07 08:00 至 2026-03-09 08:00：无人值班：排班已经结束",
    ]
    assert [one["role"] for one in first["deliveries"]] == ["office"]

    office.clock.advance(timedelta(days=6, hours=12))
    assert await watch.look() == 0, "the gap has begun and reaches further: it is the same"
    cover = daily(ids["wang"], ids["zhao"], starts_on="2026-03-07")
    before = (await notify.admin("GET", f"{ROSTERS}/{id_}")).json()["rotations"]
    assert (await notify.admin("PATCH", f"{ROSTERS}/{id_}", json={"rotations": [*before, cover]})).status_code == 200
    assert await watch.look() == 4, "no gap any more, and another person on both rosters: on the 9th, 11th, 13th, 15th"
    assert len(await told()) == 2
    assert (await notify.admin("PATCH", f"{ROSTERS}/{id_}", json={"rotations": before})).status_code == 200
    assert await watch.look() == 1, "a gap that had gone and came back is a new one"


async def test_two_replicas_tell_of_a_problem_once(office: Office, start: StartNotify) -> None:
    await office.roster()
    other = await start(clock=office.clock)
    watches = [office.notify.parts.roster_watch, other.parts.roster_watch]
    assert sorted(await asyncio.gather(*(watch.look() for watch in watches * 2))) == [0, 0, 0, 1]


def strict_lines(body: bytes) -> list[str]:
    """Return the content lines of a calendar, after the rules of RFC 5545 3.1: CRLF, 75 octets, folds unfolded."""
    assert body.endswith(b"\r\n")
    lines = body.split(b"\r\n")[:-1]
    for line in lines:
        assert b"\n" not in line
        assert b"\r" not in line
        assert len(line) <= 75
        line.decode("utf-8")
    unfolded: list[str] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            unfolded[-1] += line[1:].decode()
        else:
            unfolded.append(line.decode())
    return unfolded


def strict_events(body: bytes) -> list[dict[str, str]]:
    """Return the events of a calendar read by hand, each property once."""
    lines = strict_lines(body)
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    head = lines[: lines.index("BEGIN:VEVENT")]
    assert [sum(line.startswith(name) for line in head) for name in ("VERSION:2.0", "PRODID:")] == [1, 1]
    events: list[dict[str, str]] = []
    for line in lines[len(head) : -1]:
        name, sep, value = line.partition(":")
        assert sep
        if line == "BEGIN:VEVENT":
            events.append({})
        elif line != "END:VEVENT":
            name = name.partition(";")[0]
            assert name not in events[-1]
            events[-1][name] = value
    return events


async def test_a_calendar_is_read_back_by_the_library_and_by_hand(office: Office) -> None:
    ids = office.ids
    long = "普洱市移民开发局办公室；节假日,值班\\表" * 2
    id_ = await office.roster(daily(ids["zhang"], ids["li"]), daily(ids["wang"]), name=long)
    got = await office.as_("li", "GET", f"/{id_}/calendar.ics")
    assert got.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = icalendar.Calendar.from_ical(got.content)
    assert not calendar.errors
    events = calendar.walk("VEVENT")
    by_hand = strict_events(got.content)
    assert len(events) == len(by_hand) == 180
    answer = await office.as_("li", "GET", f"/{id_}/shifts?from=2026-03-01T00:00:00Z&to=2026-08-28T00:00:00Z")
    shifts = answer.json()["items"]
    for event, raw, shift in zip(events, by_hand, shifts, strict=True):
        assert set(raw) == {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "TRANSP"}
        for name, at in (("DTSTART", shift["starts_at"]), ("DTEND", shift["ends_at"])):
            assert event.decoded(name) == datetime.fromisoformat(at)
            assert datetime.strptime(raw[name], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) == event.decoded(name)
        assert str(event["SUMMARY"]) == f"值班：{shift['on_duty']['name']}（{long}）"
        assert str(event["DESCRIPTION"]) == "副班：王五"
    assert len({raw["UID"] for raw in by_hand}) == len(by_hand)
    for private in ("log", *PEOPLE, *ids.values()):
        assert private.encode() not in got.content
    office.clock.advance(timedelta(days=3))
    later = strict_events((await office.as_("li", "GET", f"/{id_}/calendar.ics")).content)
    assert later[: 177 + 3] == [*by_hand, *later[180:]][: 177 + 3], "events stay what they were"


async def test_a_calendar_link_works_without_login_until_it_is_withdrawn(office: Office) -> None:
    notify = office.notify
    id_ = await office.roster(daily(office.ids["zhang"]))
    made = await office.as_("zhang", "POST", f"/{id_}/calendar-links")
    assert made.status_code == 201, made.text
    base, path = made.json()["url"].split("/public/")
    assert base == "https://huiying.example"
    got = await notify.http.get(f"/public/{path}")
    assert (got.status_code, got.headers["cache-control"]) == (200, "private, max-age=300")
    assert got.content == (await office.as_("zhang", "GET", f"/{id_}/calendar.ics")).content
    token = path.split("/")[2]
    assert (await notify.http.get(f"/public/v1/calendars/{token[:-3]}abc/roster.ics")).status_code == 400
    acknowledgement = await notify.http.get(f"/public/v1/acknowledgements/{token}")
    assert acknowledgement.status_code == 400, "a key for one purpose opens no other door"
    assert (await office.as_("zhang", "DELETE", f"/{id_}/calendar-links")).status_code == 403
    assert (await notify.admin("DELETE", f"{ROSTERS}/{id_}/calendar-links")).status_code == 204
    assert (await notify.http.get(f"/public/{path}")).status_code == 410
    again = (await office.as_("zhang", "POST", f"/{id_}/calendar-links")).json()["url"].split("/public/")[1]
    assert (await notify.http.get(f"/public/{again}")).status_code == 200
    office.clock.advance(timedelta(days=401))
    assert (await notify.http.get(f"/public/{again}")).status_code == 410
