"""From a request on the bus to a person, by log, mail and webhook, whatever the receivers do."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from pydantic import BaseModel

from contracts.words import DeliveryState, Role
from kit.bus import envelope
from kit.ids import new_id
from kit.testing import schema_differences
from services.notify.models import Base
from tests.integration.notify.harness import SECRET, Mailbox, Notify, Receiver, StartNotify, until


class _Rubbish(BaseModel):
    kind: str = "no such kind"


LOG = {"channel": "log", "address": "log"}
MAIL = {"channel": "email", "address": "zhang@example.org"}


def hook(receiver: Receiver, path: str) -> dict[str, str]:
    return {"channel": "webhook", "address": f"{receiver.base}{path}", "secret": SECRET}


async def test_migrations_and_tables_agree(database_url: str, start: StartNotify) -> None:
    notify = await start()
    url = notify.runtime.settings.database_url_for("notify")
    assert await schema_differences(url, "notify", Base) == []


async def test_before_anybody_is_entered_the_desk_is_told_of_everything(notify: Notify) -> None:
    desk = await notify.desk()
    assert (desk["name"], desk["username"], desk["ways"][0]["channel"]) == ("值班席", "admin", "log")
    assert set(desk["roles"]) == {role.value for role in Role}
    id_ = await notify.request(recipients=[{"role": "group_leader"}, {"role": "office"}])
    (sent,) = await notify.settled(id_, "sent")
    assert (sent["contact_id"], sent["role"], sent["channel"], sent["attempts"]) == (
        desk["id"],
        "group_leader",
        "log",
        1,
    )
    assert sent["note"] == ""


async def test_second_start_makes_no_second_desk(start: StartNotify) -> None:
    await start()
    second = await start()
    items = (await second.admin("GET", "/api/v1/contacts")).json()["items"]
    assert [item["name"] for item in items] == ["值班席"]


async def test_one_person_by_mail_and_webhook(notify: Notify, mailbox: Mailbox, receiver: Receiver) -> None:
    await notify.bare_desk()
    zhang = await notify.add(
        "张三", "group_leader", "office", ways=[MAIL, hook(receiver, "/zhang"), LOG], drill_target=True
    )
    id_ = await notify.request(
        recipients=[{"role": "group_leader"}, {"role": "office"}, {"contact_id": zhang}],
        channels=["email", "webhook", "sms"],
        drill=True,
    )
    mail, call = await notify.settled(id_, "sent", "sent")
    assert (mail["channel"], call["channel"]) == ("email", "webhook")
    (letter,) = mailbox.letters
    assert mailbox.recipients == [["zhang@example.org"]]
    assert letter["Message-ID"] == f"<{mail['id']}@puer.example>"
    assert letter["Subject"] == "【演练】【Ⅱ级】澜沧县移民安置点饮水问题"
    text = letter.get_content()
    for part in ("张三（组长）", "Ⅱ级（重大或较大）", "YQ-2026-0001", "负面占八成", "/public/v1/acknowledgements/"):
        assert part in text
    (received,) = receiver.calls
    assert receiver.forged == 0
    assert received.id == call["id"]
    data = received.data["data"]
    assert (data["notification_id"], data["case_number"], data["drill"]) == (id_, "YQ-2026-0001", True)
    assert data["acknowledgement_url"].startswith("https://huiying.example/public/v1/acknowledgements/")
    told = await notify.told()
    assert sorted((one.channel, one.state, one.contact_id) for one in told) == [
        ("email", DeliveryState.SENT, zhang),
        ("webhook", DeliveryState.SENT, zhang),
    ]
    assert {(one.notification_id, one.case_id, one.alert_id, one.role) for one in told} == {
        (id_, "case-1", "alert-1", Role.GROUP_LEADER)
    }


async def test_role_that_nobody_holds_reaches_the_desk_with_a_note(notify: Notify) -> None:
    desk = await notify.bare_desk()
    li = await notify.add("李四", "office", ways=[LOG])
    id_ = await notify.request(
        recipients=[{"role": "office"}, {"role": "propaganda"}, {"role": "county", "unit": "澜沧县"}]
    )
    found = {item["contact_id"]: item["note"] for item in await notify.settled(id_, "sent", "sent")}
    assert found == {li: "", desk: "无人担任：宣传部；无人担任：县（区）联络员（澜沧县）"}


async def test_redelivered_and_repeated_requests_double_nothing(notify: Notify, receiver: Receiver) -> None:
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[hook(receiver, "/zhang")])
    once, id_ = new_id(), new_id()
    for message_id in (once, once, new_id()):
        await notify.request(id=id_, message_id=message_id, recipients=[{"role": "office"}])
    await notify.settled(id_, "sent")
    last = await notify.request(recipients=[{"role": "office"}])
    await notify.settled(last, "sent")
    assert [call.data["data"]["notification_id"] for call in receiver.calls] == [id_, last]
    assert len(await notify.told()) == 2


async def test_unreadable_request_does_not_hold_up_the_next(notify: Notify) -> None:
    bad = envelope("notification.requested", "x", _Rubbish(), source="cases", at=notify.runtime.clock.now())
    await notify.publish(bad)
    id_ = await notify.request(recipients=[{"role": "office"}])
    await notify.settled(id_, "sent")


async def test_receiver_that_stumbles_is_called_again_under_the_same_id(notify: Notify, receiver: Receiver) -> None:
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[hook(receiver, "/flaky")])
    receiver.script["/flaky"] = [(500, {}), (503, {})]
    id_ = await notify.request(recipients=[{"role": "office"}])
    (sent,) = await notify.settled(id_, "sent")
    assert sent["attempts"] == 3
    assert sent["last_error"] is None
    assert {call.id for call in receiver.calls} == {sent["id"]}
    assert len(receiver.calls) == 3
    assert [one.state for one in await notify.told()] == [DeliveryState.SENT]


async def test_retry_after_is_honoured(notify: Notify, receiver: Receiver) -> None:
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[hook(receiver, "/busy")])
    receiver.script["/busy"] = [(429, {"Retry-After": "2"})]
    id_ = await notify.request(recipients=[{"role": "office"}])
    await notify.settled(id_, "sent")
    first, second = receiver.calls
    assert second.at - first.at >= 1.9


async def test_gone_closes_the_way_for_good_and_the_next_way_is_used(
    notify: Notify, receiver: Receiver, mailbox: Mailbox
) -> None:
    await notify.bare_desk()
    zhang = await notify.add("张三", "office", ways=[hook(receiver, "/gone"), MAIL])
    receiver.script["/gone"] = [(410, {})]
    id_ = await notify.request(recipients=[{"role": "office"}])
    gone, mail = await notify.settled(id_, "failed", "sent")
    assert (gone["attempts"], gone["last_error"], mail["channel"]) == (1, "接收方已关闭该回调（410）", "email")
    assert "网络回调未送达" in mail["note"]
    ways = (await notify.admin("GET", f"/api/v1/contacts/{zhang}")).json()["ways"]
    assert [(way["channel"], way["enabled"]) for way in ways] == [("webhook", False), ("email", True)]
    again = await notify.request(recipients=[{"role": "office"}])
    (second,) = await notify.settled(again, "sent")
    assert second["channel"] == "email"
    assert len(receiver.calls) == 1
    assert len(mailbox.letters) == 2


async def test_hanging_receiver_delays_nobody_else(start: StartNotify, receiver: Receiver, mailbox: Mailbox) -> None:
    notify = await start(send_timeout=6.0, max_attempts=1)
    await notify.bare_desk()
    await notify.add("慢", "county", ways=[hook(receiver, "/slow")])
    await notify.add("快", "office", ways=[hook(receiver, "/fast")])
    await notify.add("信", "office", ways=[MAIL])
    await notify.add("志", "office", ways=[LOG])
    receiver.hanging.add("/slow")
    slow = [await notify.request(recipients=[{"role": "county"}]) for _ in range(5)]
    await until(lambda: _reached(receiver, "/slow", 2))
    quick = await notify.request(recipients=[{"role": "office"}])
    await notify.settled(quick, "sent", "sent", "sent")
    sending = await notify.deliveries(slow[0])
    assert (sending[0]["state"], sending[0]["sending"], sending[0]["attempts"]) == ("pending", True, 1)
    assert len(receiver.to("/slow")) == 2, "one address takes only its own slots"
    (late,) = await notify.settled(slow[0], "failed")
    assert "6 秒内未答复" in late["last_error"]


async def test_after_the_last_attempt_the_reason_stays_and_the_desk_is_told(
    start: StartNotify, receiver: Receiver
) -> None:
    notify = await start(max_attempts=2)
    desk = await notify.bare_desk()
    zhang = await notify.add("张三", "office", ways=[hook(receiver, "/down")])
    receiver.script["/down"] = [(500, {}), (502, {}), (200, {})]
    id_ = await notify.request(recipients=[{"role": "office"}])
    (failed,) = await notify.settled(id_, "failed")
    assert (failed["attempts"], failed["last_error"]) == (2, "回调地址答复 502")
    items = (await notify.admin("GET", "/api/v1/notifications")).json()["items"]
    (about,) = [item for item in items if item["id"] != id_]
    assert about["subject"] == "无法通知到：张三（澜沧县移民安置点饮水问题）"
    (to_desk,) = await notify.settled(about["id"], "sent")
    assert to_desk["contact_id"] == desk
    told = {(one.contact_id, one.state, one.error) for one in await notify.told()}
    assert (zhang, DeliveryState.FAILED, "回调地址答复 502") in told


async def test_forbidden_addresses_are_never_called(start: StartNotify, receiver: Receiver) -> None:
    notify = await start(webhook_allow_hosts="")
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[hook(receiver, "/inside"), LOG])
    id_ = await notify.request(recipients=[{"role": "office"}])
    refused, _ = await notify.settled(id_, "failed", "sent")
    assert "内网或本机" in refused["last_error"]
    assert refused["attempts"] == 1
    assert receiver.calls == []


async def test_redirects_are_not_followed(notify: Notify, receiver: Receiver) -> None:
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[hook(receiver, "/moved"), LOG])
    receiver.script["/moved"] = [(307, {"Location": f"{receiver.base}/elsewhere"})]
    id_ = await notify.request(recipients=[{"role": "office"}])
    await notify.settled(id_, "failed", "sent")
    assert receiver.to("/elsewhere") == []


async def test_mail_server_that_is_busy_is_tried_again_and_one_that_refuses_is_not(
    notify: Notify, mailbox: Mailbox
) -> None:
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL, LOG])
    mailbox.script = ["451 4.7.1 try later"]
    (sent,) = await notify.settled(await notify.request(recipients=[{"role": "office"}]), "sent")
    assert sent["attempts"] == 2
    mailbox.script = ["550 5.1.1 no such user"]
    failed, instead = await notify.settled(await notify.request(recipients=[{"role": "office"}]), "failed", "sent")
    assert failed["attempts"] == 1
    assert "550" in failed["last_error"]
    assert instead["channel"] == "log"
    assert len(mailbox.letters) == 1


async def test_mail_server_that_hangs_holds_up_only_mail(start: StartNotify) -> None:
    hung: list[asyncio.StreamWriter] = []

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hung.append(writer)
        await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        notify = await start(smtp_url=f"smtp://127.0.0.1:{port}", send_timeout=60.0, max_attempts=1)
        await notify.bare_desk()
        await notify.add("信", "office", ways=[MAIL, LOG])
        await notify.add("志", "county", ways=[LOG])
        slow = await notify.request(recipients=[{"role": "office"}])

        async def hangs() -> bool:
            return len(hung) == 1

        await until(hangs)
        quick = await notify.request(recipients=[{"role": "county"}])
        await notify.settled(quick, "sent")
        (waiting,) = await notify.deliveries(slow)
        assert (waiting["state"], waiting["sending"]) == ("pending", True)
        hung[0].transport.abort()
        _, instead = await notify.settled(slow, "failed", "sent")
        assert instead["channel"] == "log"
        assert instead["note"] == "邮件未送达，改用本方式"
    finally:
        server.close()


async def test_replicas_share_the_work_and_call_nobody_twice(start: StartNotify, receiver: Receiver) -> None:
    replicas = [await start(), await start(), await start()]
    await replicas[0].bare_desk()
    for name in "甲乙丙丁":
        way = {"channel": "webhook", "address": f"{receiver.base}/{ord(name)}", "secret": SECRET}
        await replicas[0].add(name, "office", ways=[way])
    ids = [await replicas[0].request(recipients=[{"role": "office"}]) for _ in range(15)]
    # every replica looks for due deliveries at once, whoever holds the lease
    while len(receiver.calls) < 60:
        await asyncio.gather(*(replica.parts.dispatcher.send_due() for replica in replicas))
        await asyncio.sleep(0.02)
    for id_ in ids:
        found = await replicas[0].settled(id_, *["sent"] * 4)
        assert [item["attempts"] for item in found] == [1] * 4
    assert len(receiver.calls) == len({call.id for call in receiver.calls}) == 60
    assert len(await replicas[0].told()) == 60


async def test_unconfigured_mail_moves_on_to_the_next_way(start: StartNotify) -> None:
    notify = await start(smtp_url="")
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL, LOG])
    failed, _ = await notify.settled(await notify.request(recipients=[{"role": "office"}]), "failed", "sent")
    assert "未配置邮件服务器" in failed["last_error"]


async def test_attempt_that_a_crash_cut_short_is_made_again_under_the_same_id(
    start: StartNotify, receiver: Receiver
) -> None:
    first = await start(replica="notify-a")
    await first.bare_desk()
    await first.add("张三", "office", ways=[hook(receiver, "/zhang")])
    receiver.hanging.add("/zhang")
    id_ = await first.request(recipients=[{"role": "office"}])
    await until(lambda: _reached(receiver, "/zhang", 1))
    # the process dies between the call and writing down its result
    for task in list(first.parts.dispatcher._tasks):
        task.cancel()
    await first.runtime.stop()
    receiver.hanging.clear()
    second = await start(replica="notify-a")
    (sent,) = await second.settled(id_, "sent")
    assert sent["attempts"] == 2
    assert [call.id for call in receiver.calls] == [sent["id"], sent["id"]]


async def test_result_waits_for_a_database_that_is_away(
    notify: Notify, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[hook(receiver, "/zhang")])
    settle, failures = notify.parts.dispatcher._settle, [ConnectionError("gone"), TimeoutError()]

    async def away(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        await settle(*arguments)

    monkeypatch.setattr(notify.parts.dispatcher, "_settle", away)
    (sent,) = await notify.settled(await notify.request(recipients=[{"role": "office"}]), "sent")
    assert (sent["attempts"], len(receiver.calls), failures) == (1, 1, [])
    assert len(await notify.told()) == 1


async def test_stopping_cuts_a_hanging_attempt_and_leaves_it_to_the_next(
    start: StartNotify, receiver: Receiver
) -> None:
    first = await start(replica="notify-a", send_timeout=30)
    await first.bare_desk()
    await first.add("张三", "office", ways=[hook(receiver, "/zhang")])
    receiver.hanging.add("/zhang")
    id_ = await first.request(recipients=[{"role": "office"}])
    await until(lambda: _reached(receiver, "/zhang", 1))
    began = time.monotonic()
    await first.runtime.stop()
    assert time.monotonic() - began < 20
    receiver.hanging.clear()
    second = await start(replica="notify-b")
    (sent,) = await second.settled(id_, "sent")
    assert (sent["attempts"], len(receiver.calls)) == (2, 2)


async def test_person_who_left_is_not_told_and_the_desk_is(notify: Notify, receiver: Receiver) -> None:
    await notify.bare_desk()
    zhang = await notify.add("张三", "office", ways=[hook(receiver, "/zhang")])
    receiver.script["/zhang"] = [(503, {"Retry-After": "1"})]
    id_ = await notify.request(recipients=[{"role": "office"}])
    await until(lambda: _reached(receiver, "/zhang", 1))
    assert (await notify.admin("DELETE", f"/api/v1/contacts/{zhang}")).status_code == 204
    (failed,) = await notify.settled(id_, "failed")
    assert "已删除" in failed["last_error"]
    assert failed["contact_name"] == "张三"
    assert len(receiver.calls) == 1


async def test_subscribed_program_is_told_beside_the_people_and_has_no_link(notify: Notify, receiver: Receiver) -> None:
    body = {"name": "门户", "url": f"{receiver.base}/portal", "secret": SECRET, "kinds": ["alert_raised"]}
    made = await notify.admin("POST", "/api/v1/webhooks", json=body)
    assert made.status_code == 201
    assert made.json()["secret"] is None
    assert SECRET not in made.text
    id_ = await notify.request(recipients=[{"role": "office"}])
    _, program = await notify.settled(id_, "sent", "sent")
    assert program["subscription"] is True
    (call,) = receiver.calls
    assert call.data["data"]["acknowledgement_url"] is None
    assert {one.contact_id is None for one in await notify.told() if one.channel == "webhook"} == {True}
    other = await notify.request(kind="clock_warning", recipients=[{"role": "office"}])
    await notify.settled(other, "sent")
    receiver.script["/portal"] = [(410, {})]
    await notify.settled(await notify.request(recipients=[{"role": "office"}]), "sent", "failed")
    (listed,) = (await notify.admin("GET", "/api/v1/webhooks")).json()["items"]
    assert (listed["enabled"], listed["disabled_reason"]) == (False, "接收方已关闭该回调（410）")
    assert (await notify.admin("DELETE", f"/api/v1/webhooks/{listed['id']}")).status_code == 204


async def _reached(receiver: Receiver, path: str, times: int) -> bool:
    return len(receiver.to(path)) >= times
