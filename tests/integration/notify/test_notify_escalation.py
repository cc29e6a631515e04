"""One person after another is told until somebody acknowledges, on both databases, in simulated time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from contracts.messages import AlertSettled, CaseChanged
from contracts.streams import ALERTS_RAISED, CASES_CHANGED
from contracts.words import AlertStatus, CaseState, EscalationState, Level, Role
from kit.clock import ManualClock
from kit.ids import new_id
from kit.metrics import PASS_FAILED
from services.notify.escalation.models import Escalation
from tests.integration.notify.harness import SECRET, Receiver, StartNotify, until
from tests.integration.notify.paging import Paging


@pytest_asyncio.fixture
async def paging(start: StartNotify, receiver: Receiver, clock: ManualClock) -> Paging:
    """Give a service with 甲 (whom the matrix tells), 乙, 丙 and 丁, and a desk that holds no role."""
    made = Paging(await start(clock=clock), receiver, clock)
    await made.notify.bare_desk()
    await made.person("甲", "propaganda")
    for name in ("乙", "丙", "丁"):
        await made.person(name, "office" if name != "丁" else "group_leader")
    return made


async def alert(paging: Paging, **values: Any) -> str:
    """Raise an alert of which the matrix tells 甲."""
    return await paging.notify.request(recipients=[{"role": "propaganda"}], **values)


async def test_the_second_answers_and_the_first_learns_of_it(paging: Paging) -> None:
    await paging.policy(paging.step(0, "乙"), paging.step(10, "丙"), paging.step(10, "丁"), repeat=2)
    id_ = await alert(paging)
    await paging.came_to(id_, "running", ["乙"])
    (first,) = await paging.heard("乙", 1)
    assert first["note"] == "逐级通知第 1 轮第 1 步"
    assert first["acknowledgement_url"]
    await paging.forward(9.5)
    await paging.forward(0.5)
    running = await paging.came_to(id_, "running", ["乙"], ["丙"])
    assert (running["next_round"], running["next_step"]) == (1, 3)
    (second,) = await paging.heard("丙", 1)
    assert second["note"] == "逐级通知第 1 轮第 2 步，此前无人签收"
    assert second["notification_id"] == id_

    page = await paging.notify.http.post(second["acknowledgement_url"].removeprefix("https://huiying.example"))
    assert page.status_code == 200
    ended = await paging.came_to(id_, "acknowledged", ["乙"], ["丙"])
    assert (ended["ended_by"], ended["ended_via"], ended["next_at"]) == ("丙", "link", None)
    assert [one["contact_name"] for one in ended["acknowledgements"]] == ["丙"]
    taken = (await paging.heard("乙", 2))[1]
    assert taken["kind"] == "notice_taken"
    assert taken["subject"].startswith("【Ⅱ级】丙已签收：")
    assert taken["acknowledgement_url"] is None

    await paging.forward(600)
    await paging.came_to(id_, "acknowledged", ["乙"], ["丙"])
    assert paging.receiver.to("/丁") == []
    paging.told_once()
    told = await paging.changes()
    assert [(one.state, one.step, one.told) for one in told] == [
        (EscalationState.RUNNING, 1, ["乙"]),
        (EscalationState.RUNNING, 2, ["丙"]),
        (EscalationState.ACKNOWLEDGED, 2, []),
    ]
    assert told[-1].by == "丙"


async def test_the_link_of_who_was_late_says_who_has_taken_it(paging: Paging) -> None:
    await paging.policy(paging.step(0, "乙"))
    id_ = await alert(paging)
    (first,) = await paging.heard("甲", 1)
    await paging.heard("乙", 1)
    await paging.acknowledge("乙", id_)
    await paging.came_to(id_, "acknowledged", ["乙"])
    link = first["acknowledgement_url"].removeprefix("https://huiying.example")
    page = (await paging.notify.http.get(link)).text
    assert "乙 已于 2026-03-02 08:00 登录系统签收" in page
    assert "<button" in page
    used = await paging.notify.http.post(link)
    again = await paging.notify.http.post(link)
    assert "甲 已于 2026-03-02 08:00 经确认链接确认收到，谢谢" in used.text
    assert "甲 已于 2026-03-02 08:00 经确认链接确认收到，无需再次确认" in again.text


async def test_rounds_go_by_every_way_and_at_last_the_desk_and_the_bus_hear_that_nobody_answers(
    paging: Paging,
) -> None:
    hook = {"channel": "webhook", "address": f"{paging.receiver.base}/戊", "secret": SECRET}
    mail = {"channel": "email", "address": "wu@example.org"}
    await paging.person("戊", "expert", ways=[hook, mail])
    await paging.policy(paging.step(0, "戊"), repeat=1, repeat_after_minutes=5)
    id_ = await alert(paging)
    await paging.came_to(id_, "running", ["戊"])
    await paging.forward(5)
    await paging.came_to(id_, "running", ["戊"], ["戊"])

    async def by_both_ways() -> bool:
        mine = [one for one in await paging.notify.deliveries(id_) if one["contact_name"] == "戊"]
        return sorted((one["turn"], one["channel"]) for one in mine) == [
            (1, "webhook"),
            (2, "email"),
            (2, "webhook"),
        ] and all(one["state"] == "sent" for one in mine)

    await until(by_both_ways)
    await paging.forward(5)
    ended = await paging.came_to(id_, "unanswered", ["戊"], ["戊"])
    assert ended["reason"] == "各步均已通知，无人签收"
    desk = await paging.notify.desk()
    (notice,) = (await paging.notify.admin("GET", "/api/v1/notifications?kind=notice_unanswered")).json()["items"]
    assert [one["contact_id"] for one in notice["deliveries"]] == [desk["id"]]
    assert notice["body"].count("：戊") == 2
    assert (await paging.changes())[-1].state is EscalationState.UNANSWERED
    # an answer that comes after all is on record, and changes nothing
    await paging.acknowledge("戊", id_, Role.EXPERT)
    assert (await paging.escalation(id_))["state"] == "unanswered"


async def test_everyone_of_a_step_must_acknowledge_and_is_not_told_again(paging: Paging) -> None:
    await paging.policy(paging.step(0, "乙", "丙", everyone=True), repeat=3, repeat_after_minutes=5)
    id_ = await alert(paging)
    await paging.came_to(id_, "running", ["乙", "丙"])
    await paging.heard("乙", 1)
    await paging.acknowledge("乙", id_)
    await paging.forward(5)
    running = await paging.came_to(id_, "running", ["乙", "丙"], ["丙"])
    assert [(one["contact_name"], one["told"]) for one in running["calls"][1]["people"]] == [
        ("丙", True),
        ("乙", False),
    ]
    await paging.heard("丙", 2)
    await paging.acknowledge("丙", id_)
    ended = await paging.came_to(id_, "acknowledged", ["乙", "丙"], ["丙"])
    assert ended["ended_by"] == "乙、丙"
    await paging.heard("乙", 1)


async def test_who_is_no_target_does_not_end_it_and_a_later_target_does(paging: Paging) -> None:
    """甲 and 丁 know by the matrix; only 丁 is named by the policy, in a step whose turn has not come."""
    await paging.policy(
        paging.step(0, "乙"), {"delay_minutes": 10, "targets": [{"kind": "role", "role": "group_leader"}]}
    )
    id_ = await paging.notify.request(recipients=[{"role": "propaganda"}, {"role": "group_leader"}])
    await paging.came_to(id_, "running", ["乙"])
    await paging.acknowledge("甲", id_, Role.PROPAGANDA)
    assert (await paging.escalation(id_))["state"] == "running"
    await paging.acknowledge("丁", id_, Role.GROUP_LEADER)
    ended = await paging.came_to(id_, "acknowledged", ["乙"])
    assert ended["ended_by"] == "丁"


async def test_whom_the_notification_told_already_gets_no_second_letter_at_once(paging: Paging) -> None:
    await paging.policy(paging.step(0, "甲", "乙"), paging.step(10, "甲"))
    id_ = await alert(paging)
    await paging.came_to(id_, "running", ["甲", "乙"])
    await paging.heard("乙", 1)
    await paging.heard("甲", 1)
    await paging.forward(10)
    await paging.came_to(id_, "running", ["甲", "乙"], ["甲"])
    await paging.heard("甲", 2)


async def test_without_a_roster_all_who_hold_the_role_are_told_and_it_is_noted(paging: Paging) -> None:
    duty = {"delay_minutes": 0, "targets": [{"kind": "on_duty", "role": "office"}]}
    nobody = {"delay_minutes": 5, "targets": [{"kind": "deputy", "role": "county", "unit": "西盟县移民局"}]}
    await paging.policy(duty, nobody)
    id_ = await alert(paging)
    found = await paging.came_to(id_, "running", ["乙", "丙"])
    assert found["calls"][0]["people"][0]["note"] == "值班表无值班人员：办公室，改为通知担任该角色的全部人员"
    await paging.forward(5)
    found = await paging.came_to(id_, "running", ["乙", "丙"], ["值班席"])
    assert "无人担任：县（区）联络员（西盟县移民局）" in found["calls"][1]["people"][0]["note"]


async def test_handing_on_and_stopping(paging: Paging) -> None:
    await paging.policy(paging.step(0, "乙"), paging.step(60, "丙"), paging.step(60, "丁"))
    id_ = await alert(paging)
    found = await paging.came_to(id_, "running", ["乙"])
    path = f"/api/v1/escalations/{found['id']}"
    stranger = await paging.notify.call("POST", f"{path}/next", roles={Role.PROPAGANDA}, name="nobody")
    assert stranger.status_code == 403
    stale = await paging.notify.call(
        "POST", f"{path}/next", roles={Role.EXPERT}, name="乙", headers={"If-Match": '"99"'}
    )
    assert stale.status_code == 412
    done = await paging.notify.call("POST", f"{path}/next", roles={Role.EXPERT}, name="乙")
    assert done.status_code == 200, done.text
    await paging.came_to(id_, "running", ["乙"], ["丙"])
    (letter,) = await paging.heard("丙", 1)
    assert letter["note"] == "逐级通知第 1 轮第 2 步，由乙转交"

    for roles, body, status in (
        ({Role.OFFICE}, {"reason": "误报"}, 403),
        ({Role.GROUP_LEADER}, {"reason": " "}, 422),
        ({Role.GROUP_LEADER}, {"reason": "已电话确认"}, 200),
        ({Role.GROUP_LEADER}, {"reason": "再来一次"}, 409),
    ):
        answer = await paging.notify.call("POST", f"{path}/stop", roles=roles, name="赵局长", json=body)
        assert answer.status_code == status, answer.text
    ended = await paging.came_to(id_, "stopped", ["乙"], ["丙"])
    assert (ended["ended_by"], ended["reason"]) == ("赵局长", "已电话确认")
    assert "已电话确认" in (await paging.heard("丙", 2))[1]["text"]
    await paging.forward(600)
    await paging.came_to(id_, "stopped", ["乙"], ["丙"])
    assert paging.receiver.to("/丁") == []


def settled(paging: Paging, status: AlertStatus) -> AlertSettled:
    """Return the message that an alert was settled in the system."""
    return AlertSettled(
        id="alert-1",
        event_id="e",
        level=Level.II,
        status=status,
        by="王干事",
        reason="误报",
        at=paging.clock.now(),
    )


@pytest.mark.parametrize(
    ("status", "reason"),
    [(AlertStatus.ACKNOWLEDGED, "预警已在系统中签收"), (AlertStatus.DISMISSED, "预警已驳回：误报")],
)
async def test_an_alert_settled_in_the_system_ends_it(paging: Paging, status: AlertStatus, reason: str) -> None:
    await paging.policy(paging.step(0, "乙"), paging.step(10, "丙"))
    id_ = await alert(paging)
    await paging.came_to(id_, "running", ["乙"])
    await paging.publish(ALERTS_RAISED, "alert.settled", settled(paging, status))
    ended = await paging.came_to(id_, "settled", ["乙"])
    assert (ended["ended_by"], ended["reason"]) == ("王干事", reason)
    assert (await paging.heard("乙", 2))[1]["kind"] == "notice_taken"


async def test_what_was_settled_before_the_request_was_read_tells_nobody(paging: Paging) -> None:
    await paging.policy(paging.step(0, "乙"))
    requested_at = paging.clock.now()
    await paging.forward(1)
    case = CaseChanged(
        case_id="case-1",
        number="YQ-2026-0001",
        title="t",
        state=CaseState.DISMISSED,
        level=Level.II,
        entry="state_changed",
        sequence=3,
        at=paging.clock.now(),
    )
    await paging.publish(CASES_CHANGED, "case.changed", case)

    async def read() -> bool:
        groups = await paging.notify.runtime.redis.xinfo_groups(CASES_CHANGED)
        return any(one["name"] == b"notify" and one["lag"] == 0 and one["pending"] == 0 for one in groups)

    await until(read)
    id_ = await alert(paging, requested_at=requested_at)
    ended = await paging.came_to(id_, "settled")
    assert ended["reason"] == "已决定不予立案"
    assert paging.receiver.to("/乙") == []
    # the case is taken up again: what is requested after that is told
    await paging.forward(1)
    later = await alert(paging, alert_id="alert-2")
    await paging.came_to(later, "running", ["乙"])


async def test_two_replicas_and_two_requests_make_one_escalation(
    paging: Paging, start: StartNotify, clock: ManualClock
) -> None:
    other = await start(clock=clock, policies=True)
    await paging.policy(paging.step(0, "乙"), paging.step(1, "丙"), paging.step(1, "丁"), repeat=2)
    id_ = new_id()
    for message_id in ("m-1", "m-2"):
        await alert(paging, id=id_, message_id=message_id)
    await paging.came_to(id_, "running", ["乙"])
    for _ in range(3):
        await paging.forward(1)
        # both look at the same moment, whoever has the lease
        escalating = [one.parts.escalations._escalating for one in (paging.notify, other)]
        await asyncio.gather(*(one.run() for one in escalating * 4))
    found = await paging.came_to(id_, "running", ["乙"], ["丙"], ["丁"])
    assert found["next_step"] == 4
    for name in ("乙", "丙", "丁"):
        await paging.heard(name, 1)
    assert len(await paging.changes()) == 3


async def test_only_what_asks_to_be_acknowledged_and_is_named_is_escalated(paging: Paging) -> None:
    await paging.policy(paging.step(0, "乙"))
    ids = [
        await alert(paging, requires_acknowledgement=False),
        await alert(paging, level="III"),
        await alert(paging, level=None),
        await alert(paging, kind="case_opened"),
    ]
    marker = await alert(paging)
    await paging.came_to(marker, "running", ["乙"])
    for id_ in ids:
        await until(lambda id_=id_: exists(paging, id_))
        assert await paging.escalation(id_) == {}


async def exists(paging: Paging, id_: str) -> bool:
    return bool(await paging.notify.deliveries(id_))


async def test_policies_are_versioned_and_do_not_overlap(paging: Paging) -> None:
    made = await paging.policy(paging.step(0, "乙"), paging.step(10, "丙"))
    path = f"/api/v1/escalation-policies/{made['id']}"
    body = made["policy"]
    again = await paging.notify.admin("POST", "/api/v1/escalation-policies", json={**body, "name": "另一个"})
    assert again.status_code == 409
    assert "值班" in again.json()["detail"]
    idle = await paging.notify.admin("POST", "/api/v1/escalation-policies", json={**body, "enabled": False})
    assert idle.status_code == 201
    unknown = {
        **body,
        "levels": ["I"],
        "steps": [{"delay_minutes": 0, "targets": [{"kind": "contact", "contact_id": "x"}]}],
    }
    refused = await paging.notify.admin("POST", "/api/v1/escalation-policies", json=unknown)
    assert refused.status_code == 422
    assert refused.json()["pointer"] == "/steps/0/targets/0/contact_id"

    id_ = await alert(paging)
    await paging.came_to(id_, "running", ["乙"])
    stale = await paging.notify.admin("PUT", path, json=body, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    changed = {**body, "steps": [paging.step(0, "丁")]}
    put = await paging.notify.admin("PUT", path, json=changed, headers={"If-Match": '"1"'})
    assert (put.status_code, put.headers["ETag"]) == (200, '"2"')
    # what runs goes on by the copy that it began with
    await paging.forward(10)
    old = await paging.came_to(id_, "running", ["乙"], ["丙"])
    assert old["policy_version"] == 1
    assert (await paging.notify.admin("DELETE", path)).status_code == 204
    assert (await paging.notify.admin("GET", path)).status_code == 404
    assert (
        await paging.notify.call("POST", "/api/v1/escalation-policies", roles={Role.EXPERT}, json=body)
    ).status_code == 403


async def test_what_ships_is_two_policies_of_the_projects_own(start: StartNotify, clock: ManualClock) -> None:
    notify = await start(clock=clock, policies=True)
    items = (await notify.admin("GET", "/api/v1/escalation-policies")).json()["items"]
    assert [(one["shipped"], one["policy"]["levels"]) for one in items] == [(True, ["I", "II"]), (True, ["III", "IV"])]
    assert [[step["delay_minutes"] for step in one["policy"]["steps"]] for one in items] == [[0, 5, 5], [0, 10, 10]]


async def test_a_county_sees_only_what_went_to_it(paging: Paging) -> None:
    await paging.person("岩专员", "county", unit="孟连县移民局")
    await paging.policy(paging.step(0, "乙"))
    other = await alert(paging)
    mine = await paging.notify.request(recipients=[{"contact_id": paging.ids["岩专员"]}])
    for id_ in (other, mine):
        await paging.came_to(id_, "running", ["乙"])
    seen = await paging.notify.call("GET", "/api/v1/escalations?state=running", roles={Role.COUNTY}, name="岩专员")
    assert [one["notification_id"] for one in seen.json()["items"]] == [mine]
    hidden = await paging.notify.call(
        "GET", f"/api/v1/notifications/{other}/escalation", roles={Role.COUNTY}, name="岩专员"
    )
    assert hidden.status_code == 404
    everything = (await paging.notify.admin("GET", "/api/v1/escalations?limit=1")).json()
    assert everything["next_cursor"]
    rest = (await paging.notify.admin("GET", f"/api/v1/escalations?cursor={everything['next_cursor']}")).json()
    assert {one["notification_id"] for one in (*everything["items"], *rest["items"])} == {other, mine}


async def test_one_that_cannot_be_moved_on_holds_up_no_other(paging: Paging) -> None:
    await paging.policy(paging.step(0, "乙"), paging.step(10, "丙"))
    broken = await alert(paging)
    await paging.came_to(broken, "running", ["乙"])
    async with paging.notify.runtime.database.writing() as session:
        await session.execute(sa.update(Escalation).values(policy={"name": "broken"}))
    whole = await alert(paging)
    await paging.came_to(whole, "running", ["乙"])
    await paging.forward(10)
    await paging.came_to(whole, "running", ["乙"], ["丙"])
    assert PASS_FAILED.labels("escalate")._value.get() >= 1
