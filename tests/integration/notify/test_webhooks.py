"""Webhook subscriptions as a receiver's owner lives with them, and dead letters tried anew."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

from standardwebhooks import Webhook as Signer

from contracts.words import Role
from kit.clock import ManualClock
from services.notify.models import Webhook
from services.notify.retries import Outcome
from services.notify.webhooks.watch import GIVEN_UP_AFTER, WebhookWatch
from tests.integration.notify.harness import SECRET, Mailbox, Notify, Receiver, StartNotify, until

MAIL = {"channel": "email", "address": "zhang@example.org"}
LOG = {"channel": "log", "address": "log"}
OTHER = "whsec_" + base64.b64encode(bytes(range(100, 132))).decode()


async def subscribe(notify: Notify, url: str, **values: Any) -> dict[str, Any]:
    """Subscribe a program; returns the subscription."""
    body = {"name": "门户", "url": url, "secret": SECRET, **values}
    made = await notify.admin("POST", "/api/v1/webhooks", json=body)
    assert made.status_code == 201, made.text
    return dict(made.json())


async def test_for_a_day_after_a_rotation_both_secrets_sign(notify: Notify, receiver: Receiver) -> None:
    hook = await subscribe(notify, f"{receiver.base}/portal")
    path = f"/api/v1/webhooks/{hook['id']}"
    rotated = (await notify.admin("POST", f"{path}/rotate-secret", json={"secret": OTHER})).json()
    assert (rotated["secret"], rotated["version"]) == (None, 2)
    await notify.settled(await notify.request(recipients=[{"role": "office"}]), "sent", "sent")
    assert len(receiver.to("/portal")) == 1, "the old secret still verifies"
    signatures = receiver.headers[-1]["webhook-signature"].split()
    assert len(signatures) == 2
    Signer(OTHER).verify(receiver.bodies[-1], {**receiver.headers[-1], "webhook-signature": signatures[0]})
    made = (await notify.admin("POST", f"{path}/rotate-secret")).json()
    assert made["secret"].startswith("whsec_")
    shown = (await notify.admin("GET", path)).json()
    assert "secret" not in shown


async def test_its_calls_are_listed_with_what_it_answered_and_can_be_made_again(
    notify: Notify, receiver: Receiver
) -> None:
    hook = await subscribe(notify, f"{receiver.base}/portal", kinds=["alert_raised"])
    path = f"/api/v1/webhooks/{hook['id']}"
    receiver.script["/portal"] = [(500, {}), (422, {})]
    id_ = await notify.request(recipients=[{"role": "office"}])
    _, failed = await notify.settled(id_, "sent", "failed")
    (row,) = (await notify.admin("GET", f"{path}/deliveries")).json()["items"]
    assert (row["id"], row["state"]) == (failed["id"], "failed")
    assert [(call["status"], call["sent"]) for call in row["calls"]] == [(500, False), (422, False)]
    assert row["calls"][1]["reason"] == "回调地址答复 422"
    (listed,) = (await notify.admin("GET", "/api/v1/notifications/dead-letters", params={"channel": "webhook"})).json()[
        "items"
    ]
    assert (listed["id"], listed["subject"]) == (failed["id"], "澜沧县移民安置点饮水问题")
    again = await notify.admin("POST", f"{path}/redeliver")
    assert again.json() == {"retried": 1}
    await notify.settled(id_, "sent", "sent")
    one = await notify.admin("POST", f"{path}/deliveries/{failed['id']}/redeliver")
    assert one.status_code == 200, one.text
    await notify.settled(id_, "sent", "sent")
    assert {call.id for call in receiver.to("/portal")} == {failed["id"]}, "one id for every call"
    (row,) = (await notify.admin("GET", f"{path}/deliveries", params={"state": "sent"})).json()["items"]
    assert (row["retried_by"], [call["status"] for call in row["calls"]][:3]) == ("admin", [500, 422, 204])
    unknown = await notify.admin("POST", f"{path}/deliveries/nothing/redeliver")
    assert unknown.status_code == 404


async def test_a_subscription_is_changed_filtered_and_tried(notify: Notify, receiver: Receiver) -> None:
    hook = await subscribe(notify, f"{receiver.base}/portal", least_level="II")
    path = f"/api/v1/webhooks/{hook['id']}"
    await notify.settled(await notify.request(level="III", recipients=[{"role": "office"}]), "sent")
    stale = await notify.admin("PATCH", path, json={"name": "新门户"}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    changed = await notify.admin("PATCH", path, json={"least_level": None, "enabled": False})
    assert (changed.json()["least_level"], changed.json()["enabled"]) == (None, False)
    await notify.settled(await notify.request(level="I", recipients=[{"role": "office"}]), "sent")
    await notify.admin("PATCH", path, json={"enabled": True})
    tried = await notify.admin("POST", f"{path}/test")
    assert tried.json() == {"state": "sent", "reason": None}
    refused = await notify.admin("PATCH", path, json={"url": "ftp://x"})
    assert (refused.status_code, refused.json()["pointer"]) == (422, "/url")
    assert (await notify.call("GET", path, roles={Role.COUNTY})).status_code == 403


async def test_after_five_days_of_failures_it_is_switched_off_and_the_office_hears_of_it(
    start: StartNotify, clock: ManualClock, mailbox: Mailbox
) -> None:
    notify = await start(clock=clock)
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL])
    hook = await subscribe(notify, "https://portal.example.org/huiying")
    watch = WebhookWatch(clock, notify.parts.telling)
    delivery = await _delivery(notify, hook["id"])

    async def failed() -> None:
        async with notify.runtime.database.writing() as session:
            await watch.called(session, delivery, Outcome.later("回调地址答复 500"), 0.1)

    async def shown() -> dict[str, Any]:
        return dict((await notify.admin("GET", f"/api/v1/webhooks/{hook['id']}")).json())

    await failed()
    clock.advance(GIVEN_UP_AFTER - timedelta(seconds=1))
    await failed()
    assert (await shown())["enabled"] is True
    clock.advance(timedelta(seconds=1))
    await failed()
    await failed()
    off = await shown()
    # the dispatcher, which tries it too, may have been the last to fail
    assert not off["enabled"]
    assert off["disabled_reason"].startswith("连续 5 天未能送达，最后一次原因：回调地址")
    found = (await notify.admin("GET", "/api/v1/notifications", params={"kind": "channel_failing"})).json()["items"]
    assert [one["subject"] for one in found] == ["回调订阅已停用：门户"]
    on = await notify.admin("PATCH", f"/api/v1/webhooks/{hook['id']}", json={"enabled": True})
    assert (on.json()["failing_since"], on.json()["disabled_reason"]) == (None, None)


async def test_one_success_between_and_the_days_count_anew(start: StartNotify, clock: ManualClock) -> None:
    notify = await start(clock=clock)
    hook = await subscribe(notify, "https://portal.example.org/huiying")
    watch, delivery = WebhookWatch(clock, notify.parts.telling), await _delivery(notify, hook["id"])
    for outcome in (Outcome.later("500"), Outcome.done(), Outcome.later("500")):
        async with notify.runtime.database.writing() as session:
            await watch.called(session, delivery, outcome, 0.1)
        clock.advance(GIVEN_UP_AFTER - timedelta(hours=1))
    async with notify.runtime.database.reading() as session:
        stored = await session.get_one(Webhook, hook["id"])
    assert stored.enabled


async def test_a_dead_letter_has_its_reason_and_goes_out_at_a_persons_word(notify: Notify, mailbox: Mailbox) -> None:
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL])
    mailbox.script = ["550 no such user"]
    id_ = await notify.request(recipients=[{"role": "office"}])
    (failed,) = await notify.settled(id_, "failed")
    (letter,) = (await notify.admin("GET", "/api/v1/notifications/dead-letters")).json()["items"]
    assert (letter["id"], letter["contact_name"], letter["kind"]) == (failed["id"], "张三", "alert_raised")
    assert "550" in letter["last_error"]
    path = f"/api/v1/notifications/dead-letters/{failed['id']}/retry"
    assert (await notify.call("POST", path, roles={Role.COUNTY})).status_code == 403
    assert (await notify.admin("POST", path)).status_code == 200
    (again,) = await notify.settled(id_, "sent")
    assert (again["attempts"], again["retried_by"]) == (2, "admin")
    assert (await notify.admin("POST", path)).status_code == 409
    assert (await notify.admin("POST", "/api/v1/notifications/dead-letters/retry")).json() == {"retried": 0}
    assert (await notify.admin("GET", "/api/v1/notifications/dead-letters")).json()["items"] == []


async def test_a_dead_letter_gets_a_full_round_of_attempts(start: StartNotify, mailbox: Mailbox) -> None:
    notify = await start(max_attempts=2)
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL])
    mailbox.script = ["451 try again later"] * 3
    id_ = await notify.request(recipients=[{"role": "office"}])
    await notify.settled(id_, "failed")
    await notify.admin("POST", "/api/v1/notifications/dead-letters/retry", params={"channel": "email"})
    (sent,) = await notify.settled(id_, "sent")
    assert sent["attempts"] == 4


async def _delivery(notify: Notify, webhook_id: str) -> Any:
    id_ = await notify.request(recipients=[{"role": "office"}])
    found: list[Any] = []

    async def there() -> bool:
        found[:] = [row for row in await notify.deliveries(id_) if row["subscription"]]
        return bool(found)

    await until(there)
    return _Called(found[0]["id"], webhook_id)


class _Called:
    """As much of a delivery as a call's record needs."""

    def __init__(self, id_: str, webhook_id: str) -> None:
        self.id, self.contact_id = id_, webhook_id
