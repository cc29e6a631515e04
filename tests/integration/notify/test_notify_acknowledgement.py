"""Who acknowledged: by the link in the letter and by the API, once, and only the person who was told."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from contracts.messages import NotificationChanged
from contracts.words import DeliveryState, Role
from kit.clock import ManualClock
from tests.integration.notify.harness import SECRET, Mailbox, Notify, Receiver, StartNotify, until

MAIL = {"channel": "email", "address": "zhang@example.org"}
LOG = {"channel": "log"}


@pytest.fixture
def link(mailbox: Mailbox) -> Link:
    return Link(mailbox)


class Link:
    """The acknowledgement link of the latest letter, as the reader's browser asks the gateway for it."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    @property
    def path(self) -> str:
        found = re.search(r"https://huiying\.example(/public/\S+)", self._mailbox.letters[-1].get_content())
        assert found, "no link in the letter"
        return urlsplit(found.group(1)).path


async def acknowledgements(notify: Notify) -> list[NotificationChanged]:
    return [one for one in await notify.told() if one.state is DeliveryState.ACKNOWLEDGED]


async def told_by_mail(notify: Notify, mailbox: Mailbox, **values: object) -> tuple[str, str]:
    """Tell 张三 by mail; returns the ids of the notification and of the contact."""
    await notify.bare_desk()
    zhang = await notify.add("张三", "group_leader", ways=[MAIL, LOG], username="zhangsan")
    id_ = await notify.request(recipients=[{"role": "group_leader"}], channels=["email", "log"], **values)
    await notify.settled(id_, "sent", "sent")
    return id_, zhang


async def test_looking_at_the_link_does_not_acknowledge_and_the_button_does(
    notify: Notify, mailbox: Mailbox, link: Link
) -> None:
    id_, zhang = await told_by_mail(notify, mailbox)
    for method in ("GET", "GET", "HEAD"):
        await notify.http.request(method, link.path)
    page = await notify.http.get(link.path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script" not in page.text
    for part in ("澜沧县移民安置点饮水问题", "Ⅱ级（重大或较大）", "YQ-2026-0001", 'method="post"', "张三"):
        assert part in page.text
    await notify.settled(id_, "sent", "sent")
    assert await acknowledgements(notify) == []

    done = await notify.http.post(link.path)
    assert done.status_code == 200
    assert "张三 已于" in done.text
    assert "谢谢" in done.text
    both = await notify.settled(id_, "acknowledged", "acknowledged")
    assert {(item["acknowledged_via"], item["acknowledged_by"]) for item in both} == {("link", "张三")}
    (one,) = await acknowledgements(notify)
    assert (one.notification_id, one.contact_id, one.acknowledged_via, one.channel) == (id_, zhang, "link", "email")

    for again in (await notify.http.post(link.path), await notify.http.get(link.path)):
        assert again.status_code == 200
        assert "张三 已于" in again.text
        assert "无需再次确认" in again.text
        assert "<button" not in again.text
    assert len(await acknowledgements(notify)) == 1


async def test_ten_clicks_at_once_are_one_acknowledgement(notify: Notify, mailbox: Mailbox, link: Link) -> None:
    id_, _ = await told_by_mail(notify, mailbox)
    api = [
        notify.call("POST", f"/api/v1/notifications/{id_}/acknowledge", roles={Role.GROUP_LEADER}, name="zhangsan")
        for _ in range(5)
    ]
    answers = await asyncio.gather(*(notify.http.post(link.path) for _ in range(5)), *api)
    assert {answer.status_code for answer in answers} == {200}
    assert len(await acknowledgements(notify)) == 1


async def test_wrong_and_expired_links_say_so(
    start: StartNotify, clock: ManualClock, mailbox: Mailbox, link: Link
) -> None:
    notify = await start(clock=clock, link_days=2)
    id_, _ = await told_by_mail(notify, mailbox)
    for method in ("GET", "POST"):
        for wrong in (link.path[:-3] + "AAA", "/public/v1/acknowledgements/x", link.path + ".x"):
            page = await notify.http.request(method, wrong)
            assert page.status_code == 400
            assert "链接无效" in page.text
    clock.advance(timedelta(days=2, seconds=1))
    for method in ("GET", "POST"):
        page = await notify.http.request(method, link.path)
        assert page.status_code == 410
        assert "已过有效期" in page.text
    await notify.settled(id_, "sent", "sent")


async def test_person_acknowledges_by_api_and_a_second_time_changes_nothing(notify: Notify, mailbox: Mailbox) -> None:
    id_, zhang = await told_by_mail(notify, mailbox)
    path = f"/api/v1/notifications/{id_}/acknowledge"
    first = await notify.call("POST", path, roles={Role.GROUP_LEADER}, name="zhangsan")
    assert first.status_code == 200
    body = first.json()
    assert (body["contact_id"], body["acknowledged_via"], body["acknowledged_by"], body["already"]) == (
        zhang,
        "api",
        "zhangsan",
        False,
    )
    second = (await notify.call("POST", path, roles={Role.GROUP_LEADER}, name="zhangsan", json={})).json()
    assert second == {**body, "already": True}
    told = [(one.acknowledged_via, one.contact_name, one.contact_login) for one in await acknowledgements(notify)]
    assert told == [("api", "张三", "zhangsan")]


async def test_nobody_acknowledges_for_another(notify: Notify, mailbox: Mailbox) -> None:
    id_, zhang = await told_by_mail(notify, mailbox)
    path = f"/api/v1/notifications/{id_}/acknowledge"
    stranger = await notify.call("POST", path, roles={Role.COUNTY}, name="nobody")
    assert stranger.status_code == 409
    assert "不是这条通知的收件人" in stranger.json()["detail"]
    for roles in ({Role.COUNTY}, {Role.ADMIN}):
        other = await notify.call("POST", path, roles=roles, name="nobody", json={"contact_id": zhang})
        assert other.status_code == 403
    assert (await notify.call("POST", path, roles={Role.AUDITOR}, name="zhangsan")).status_code == 403
    assert (await notify.http.post(path)).status_code == 401
    unknown = await notify.admin("POST", "/api/v1/notifications/none/acknowledge")
    assert unknown.status_code == 404
    await notify.settled(id_, "sent", "sent")


async def test_those_on_duty_acknowledge_for_the_desk(notify: Notify) -> None:
    desk = (await notify.desk())["id"]
    id_ = await notify.request(recipients=[{"role": "city_leader"}])
    await notify.settled(id_, "sent")
    path = f"/api/v1/notifications/{id_}/acknowledge"
    assert (await notify.call("POST", path, roles={Role.EXPERT}, name="wang")).status_code == 409
    refused = await notify.call("POST", path, roles={Role.EXPERT}, name="wang", json={"contact_id": desk})
    assert refused.status_code == 403
    done = await notify.call("POST", path, roles={Role.OFFICE}, name="wang", json={"contact_id": desk})
    assert (done.json()["contact_id"], done.json()["acknowledged_by"]) == (desk, "wang")
    (item,) = await notify.settled(id_, "acknowledged")
    assert item["acknowledged_by"] == "wang"


async def test_acknowledging_stops_further_attempts(notify: Notify, receiver: Receiver) -> None:
    await notify.bare_desk()
    way = {"channel": "webhook", "address": f"{receiver.base}/zhang", "secret": SECRET}
    await notify.add("张三", "office", ways=[way], username="zhangsan")
    receiver.script["/zhang"] = [(503, {"Retry-After": "1"})]
    id_ = await notify.request(recipients=[{"role": "office"}])

    async def called() -> bool:
        return bool(receiver.calls) and (await notify.deliveries(id_))[0]["last_error"] is not None

    await until(called)
    await notify.call("POST", f"/api/v1/notifications/{id_}/acknowledge", roles={Role.OFFICE}, name="zhangsan")
    await asyncio.sleep(2.2)
    assert len(receiver.calls) == 1
    await notify.settled(id_, "acknowledged")
    assert [one.state for one in await notify.told()] == [DeliveryState.ACKNOWLEDGED]


async def test_acknowledgement_while_an_attempt_is_under_way_is_not_overwritten(
    notify: Notify, receiver: Receiver
) -> None:
    await notify.bare_desk()
    way = {"channel": "webhook", "address": f"{receiver.base}/zhang", "secret": SECRET}
    await notify.add("张三", "office", ways=[way], username="zhangsan")
    receiver.hanging.add("/zhang")
    id_ = await notify.request(recipients=[{"role": "office"}])

    async def called() -> bool:
        return bool(receiver.calls)

    await until(called)
    await notify.call("POST", f"/api/v1/notifications/{id_}/acknowledge", roles={Role.OFFICE}, name="zhangsan")
    receiver.released.set()

    async def written() -> bool:
        return (await notify.deliveries(id_))[0]["sent_at"] is not None

    await until(written)
    (item,) = await notify.settled(id_, "acknowledged")
    assert (item["sending"], item["acknowledged_via"]) == (False, "api")
    assert [one.state for one in await notify.told()] == [DeliveryState.ACKNOWLEDGED]


async def test_no_link_where_no_acknowledgement_is_asked(notify: Notify, mailbox: Mailbox) -> None:
    await told_by_mail(notify, mailbox, requires_acknowledgement=False)
    assert "/public/" not in mailbox.letters[-1].get_content()
