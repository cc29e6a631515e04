"""Approvals over HTTP: delegates, deputies, reminders, escalation and expiry, each told once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from contracts.words import Role
from tests.integration.cases.chains import DEPUTY, STAND_IN, delegate, in_hours, open_at, overdue, sign
from tests.integration.cases.harness import CITY, LEADER, MEMBER, OFFICE, OFFICE_TWO, Cases, StartCases


async def test_a_delegate_signs_for_the_holder_and_it_shows(cases: Cases) -> None:
    case = await open_at(cases, "II")
    await sign(cases, case["id"], STAND_IN, status=403)
    given = await delegate(cases, LEADER, Role.GROUP_LEADER, STAND_IN)
    assert given["in_force"] is True
    decided = await sign(cases, case["id"], STAND_IN, comment="同意")
    assert decided["state"] == "approved"
    assert [(one["signed"], one["role"], one["on_behalf_of"]) for one in decided["signatures"]] == [
        (f"{STAND_IN.name}（代{LEADER.name}）", "group_leader", LEADER.name)
    ]
    entry = next(one for one in await cases.timeline(case["id"]) if one["kind"] == "level_decided")
    assert f"（{STAND_IN.name}（代{LEADER.name}））" in entry["text"]
    assert entry["data"]["delegation_id"] == given["id"]


async def test_a_delegation_never_widens(cases: Cases) -> None:
    async def refused(rule: str, *args: object, **more: object) -> None:
        answer = await delegate(cases, *args, status=409, **more)  # type: ignore[arg-type]
        assert answer["rule"] == rule

    await refused("not_your_role", OFFICE, Role.GROUP_LEADER, STAND_IN)
    await refused("own_delegate", LEADER, Role.GROUP_LEADER, LEADER)
    await refused("delegation_too_long", LEADER, Role.GROUP_LEADER, STAND_IN, hours=31 * 24)
    await refused("span_over", LEADER, Role.GROUP_LEADER, STAND_IN, hours=-1)
    await delegate(cases, LEADER, Role.GROUP_LEADER, DEPUTY)
    await refused("not_your_role", DEPUTY, Role.GROUP_LEADER, STAND_IN)  # not transitive
    await delegate(cases, STAND_IN, Role.PROPAGANDA, DEPUTY, status=403)

    # whoever proposed does not decide for somebody else either
    proposed = await open_at(cases, "II", DEPUTY)
    assert (await sign(cases, proposed["id"], DEPUTY, status=409))["rule"] == "two_people"
    assert (await sign(cases, proposed["id"], LEADER))["state"] == "approved"

    # nor is a request approved for the person who made it
    case = await open_at(cases, "I")
    await delegate(cases, CITY, Role.CITY_LEADER, LEADER)
    await sign(cases, case["id"], DEPUTY)  # as the leader's delegate
    assert (await sign(cases, case["id"], LEADER, status=409))["rule"] == "two_people"
    assert (await sign(cases, case["id"], CITY))["state"] == "approved"


async def test_a_delegation_ends_by_time_or_by_revocation(cases: Cases) -> None:
    case = await open_at(cases, "II")
    later = await delegate(cases, LEADER, Role.GROUP_LEADER, STAND_IN, hours=3, starts_at=in_hours(cases, 2))
    assert later["in_force"] is False
    await sign(cases, case["id"], STAND_IN, status=403)
    cases.clock.advance(timedelta(hours=2))
    listed = (await cases.get("/api/v1/delegations", at=in_hours(cases, 0), role="group_leader"))["items"]
    assert [one["id"] for one in listed] == [later["id"]]
    path = f"/api/v1/delegations/{later['id']}/revoke"
    stale = await cases.call("POST", path, LEADER, json={"reason": "返岗"}, headers={"if-match": '"7"'})
    assert stale.status_code == 412
    await cases.post(path, MEMBER, {"reason": "返岗"}, status=403)
    revoked = await cases.post(path, LEADER, {"reason": "返岗"})
    assert (revoked["in_force"], revoked["revoked_by"]) == (False, LEADER.name)
    await cases.post(path, LEADER, {"reason": "返岗"}, status=409)
    await sign(cases, case["id"], STAND_IN, status=403)


async def test_deputies_are_called_when_it_waits_or_nobody_is_on_duty(cases: Cases) -> None:
    slow, vacant = await open_at(cases, "II"), await open_at(cases, "II")
    await sign(cases, slow["id"], MEMBER, status=403)
    body = {"kind": "absence", "role": "group_leader", "holder": LEADER.name, "reason": "住院"}
    await cases.post("/api/v1/delegations", STAND_IN, {**body, "ends_at": in_hours(cases, 1)}, status=403)
    cases.clock.advance(timedelta(minutes=1))
    absence = await cases.post("/api/v1/delegations", OFFICE, {**body, "ends_at": in_hours(cases, 1)}, status=201)
    assert await cases.parts.decisions.move_on() == 2
    assert await overdue(cases) == [("代行审批", {"group_member"})] * 2
    assert (await cases.pending(vacant["id"]))["may_sign"] == ["group_leader", "group_member"]
    decided = await sign(cases, vacant["id"], MEMBER)
    assert (decided["state"], decided["signatures"][0]["deputy"]) == ("approved", True)
    await cases.post(f"/api/v1/delegations/{absence['id']}/revoke", OFFICE, {"reason": "出院"})

    waiting = await open_at(cases, "II")
    await sign(cases, waiting["id"], MEMBER, status=403)
    cases.clock.advance(timedelta(minutes=30))
    assert (await sign(cases, waiting["id"], MEMBER))["state"] == "approved"  # also before the pass has come round


async def test_a_raise_that_nobody_decides_stays_at_the_graver_clocks_and_climbs(
    cases: Cases, start: StartCases
) -> None:
    other = await start()
    case = await open_at(cases, "III")
    await sign(cases, case["id"], MEMBER)
    await cases.post(f"/api/v1/cases/{case['id']}/level", OFFICE, {"level": "II", "reason": "省媒"}, status=201)
    before = await cases.running(case["id"], "press_conference")
    assert before["level"] == "II"

    async def passes(minutes: int) -> None:
        cases.clock.advance(timedelta(minutes=minutes))
        for _ in range(2):  # however many replicas look, and however often
            await asyncio.gather(cases.parts.decisions.move_on(), other.parts.decisions.move_on())

    await passes(14)
    assert await overdue(cases) == []
    await passes(1)
    assert await overdue(cases) == [("催办", {"group_leader"})]
    await passes(15)
    told = await overdue(cases)
    assert told[1:] == [("代行审批", {"group_member"}), ("审批超时", {"city_leader", "group_leader"})]
    await passes(30)
    told = await overdue(cases)
    assert told[3:] == [("逾期未批", {"city_leader", "group_leader"})]
    pending = await cases.pending(case["id"])
    assert pending["may_sign"] == ["group_leader", "group_member", "city_leader"]
    assert (await cases.running(case["id"], "press_conference"))["id"] == before["id"]
    await passes(24 * 60)
    assert await cases.parts.decisions.move_on() == 0
    assert (await cases.pending(case["id"]))["id"] == pending["id"]
    assert (await sign(cases, case["id"], CITY))["state"] == "approved"
    assert (await cases.get(f"/api/v1/cases/{case['id']}"))["level"] == "II"


async def test_a_lowering_that_nobody_decides_lapses(cases: Cases) -> None:
    case = await open_at(cases, "II")
    await sign(cases, case["id"], LEADER)
    await cases.post(f"/api/v1/cases/{case['id']}/level", MEMBER, {"level": "III", "reason": "回落"}, status=201)
    cases.clock.advance(timedelta(hours=1))
    assert await cases.parts.decisions.move_on() > 0
    assert await cases.parts.decisions.move_on() == 0
    rows = (await cases.get(f"/api/v1/cases/{case['id']}/approvals"))["items"]
    assert [one["state"] for one in rows] == ["approved", "lapsed"]
    shown = await cases.get(f"/api/v1/cases/{case['id']}")
    assert (shown["level"], shown["pending_level"]) == ("II", None)
    assert ("建议失效", {"group_leader"}) in await overdue(cases)


async def test_a_step_that_is_signed_begins_to_wait_anew(cases: Cases) -> None:
    case = await open_at(cases, "I", OFFICE_TWO)
    cases.clock.advance(timedelta(minutes=10))
    assert await cases.parts.decisions.move_on() == 1
    await sign(cases, case["id"], LEADER, comment="呈请")
    cases.clock.advance(timedelta(minutes=9))
    assert await cases.parts.decisions.move_on() == 0
    cases.clock.advance(timedelta(minutes=1))
    assert await cases.parts.decisions.move_on() == 1
    assert (await overdue(cases))[-1] == ("催办", {"city_leader"})


async def test_next_steps_say_what_is_missing_and_for_whom(cases: Cases) -> None:
    case = await open_at(cases, "III")
    path = f"/api/v1/cases/{case['id']}"
    await cases.post(f"{path}/transitions", OFFICE, {"to": "assessing"})
    steps = {one["step"]: one for one in (await cases.get(path, STAND_IN))["next_steps"]}
    assert [one["rule"] for one in steps["respond"]["missing"]] == ["role_missing", "level_not_active"]
    assert steps["respond"]["allowed"] is False
    refused = await cases.post(f"{path}/transitions", STAND_IN, {"to": "responding"}, status=403)
    assert [one["rule"] for one in refused["missing"]] == ["role_missing", "level_not_active"]
    await sign(cases, case["id"], MEMBER)
    steps = {one["step"]: one for one in (await cases.get(path, OFFICE))["next_steps"]}
    assert (steps["respond"]["allowed"], steps["respond"]["missing"]) == (True, [])
    assert (steps["dismiss"]["allowed"], steps["dismiss"]["needs_reason"]) == (True, True)
    assert (await cases.get("/api/v1/cases", OFFICE))["items"][0]["next_steps"] is None
