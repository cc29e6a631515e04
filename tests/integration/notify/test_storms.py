"""Many notifications at once, channels that fail, and drills: one letter, another way, and nobody else told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.words import Level, NotificationKind, Role
from kit.clock import ManualClock
from services.notify.delivery.folding import may_be_held
from tests.integration.notify.harness import SECRET, Mailbox, Notify, Receiver, StartNotify, until

LOG = {"channel": "log", "address": "log"}
MAIL = {"channel": "email", "address": "zhang@example.org"}


def hook(receiver: Receiver, path: str) -> dict[str, str]:
    return {"channel": "webhook", "address": f"{receiver.base}{path}", "secret": SECRET}


async def storm(notify: Notify, count: int, **values: Any) -> list[str]:
    """Request `count` notifications of level IV to the office, one after the other."""
    made = []
    for number in range(count):
        wanted = {"level": "IV", "subject": f"第{number}条线索", "recipients": [{"role": "office"}], **values}
        made.append(await notify.request(**wanted))
        await notify.settled(made[-1], "sent" if number < 2 else "pending")
    return made


async def sent(notify: Notify, ids: list[str]) -> list[dict[str, Any]]:
    """Wait until the one delivery of each is sent, and return them."""
    await notify.runtime_pass()
    return [(await notify.settled(id_, "sent"))[0] for id_ in ids]


async def test_a_storm_becomes_one_letter_and_every_notification_is_in_it(
    start: StartNotify, mailbox: Mailbox, clock: ManualClock
) -> None:
    notify = await start(clock=clock, fold_after=2, fold_wait=60)
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL])
    ids = await storm(notify, 6)
    assert len(mailbox.letters) == 2
    clock.advance(timedelta(seconds=61))
    rows = await sent(notify, ids)
    assert len(mailbox.letters) == 3
    carrier = rows[2]
    assert [row["folded_into"] for row in rows] == [None, None, None, *[carrier["id"]] * 3]
    letter = mailbox.letters[-1]
    assert letter["Subject"] == "【汇总 4 条】【Ⅳ级】第2条线索 等"
    text = letter.get_content()
    for number in range(2, 6):
        assert f"第{number}条线索" in text
    assert text.count("/public/v1/acknowledgements/") == 1
    token = text.split("/public/v1/acknowledgements/")[1].split()[0]
    done = await notify.http.post(f"/public/v1/acknowledgements/{token}")
    assert done.status_code == 200
    for id_ in ids[2:]:
        await notify.settled(id_, "acknowledged")
    for id_ in ids[:2]:
        await notify.settled(id_, "sent")


async def test_a_letter_of_a_storm_that_fails_takes_the_next_way_with_all_that_it_told(
    start: StartNotify, mailbox: Mailbox, clock: ManualClock
) -> None:
    notify = await start(clock=clock, fold_after=2, fold_wait=60)
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL, LOG])
    ids = await storm(notify, 4)
    mailbox.script = ["550 no such user"]
    clock.advance(timedelta(seconds=61))
    await notify.runtime_pass()
    for id_ in ids[2:]:
        _, instead = await notify.settled(id_, "failed", "sent")
        assert instead["channel"] == "log"


async def test_acknowledged_before_it_went_out_it_lets_the_others_go_singly(
    start: StartNotify, mailbox: Mailbox, clock: ManualClock
) -> None:
    notify = await start(clock=clock, fold_after=2, fold_wait=60, retry_base=30, retry_cap=30)
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL], username="zhang")
    ids = await storm(notify, 4)
    mailbox.script = ["451 try again later"]
    clock.advance(timedelta(seconds=61))
    await notify.runtime_pass()

    async def tried() -> bool:
        (row,) = await notify.deliveries(ids[2])
        return bool(row["last_error"])

    await until(tried)
    acknowledged = await notify.call(
        "POST", f"/api/v1/notifications/{ids[2]}/acknowledge", roles={Role.OFFICE}, name="zhang"
    )
    assert acknowledged.status_code == 200, acknowledged.text
    await notify.runtime_pass()
    (row,) = await notify.settled(ids[3], "sent")
    assert row["folded_into"] is None
    assert mailbox.letters[-1]["Subject"] == "【Ⅳ级】第3条线索"


@pytest.mark.parametrize(
    ("kind", "level", "asked", "held"),
    [
        (NotificationKind.ALERT_RAISED, Level.I, True, False),
        (NotificationKind.ALERT_RAISED, Level.II, True, False),
        (NotificationKind.ALERT_RAISED, Level.III, True, True),
        (NotificationKind.CASE_CHANGED, Level.I, False, True),
        (NotificationKind.CASE_CHANGED, None, True, True),
        (NotificationKind.CLOCK_BREACHED, Level.IV, False, False),
    ],
)
def test_what_is_grave_never_waits(kind: NotificationKind, level: Level | None, asked: bool, held: bool) -> None:
    assert may_be_held(kind, level, requires_acknowledgement=asked) is held


async def test_a_failing_channel_is_given_a_rest_and_what_is_grave_goes_another_way(
    start: StartNotify, mailbox: Mailbox, clock: ManualClock
) -> None:
    notify = await start(clock=clock, breaker_failures=2, breaker_pause=30, max_attempts=3, retry_base=1, fold_after=99)
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL, LOG])
    mailbox.script = ["451 try again later"] * 2
    for _ in range(2):
        await notify.request(level="IV", recipients=[{"role": "office"}])

    async def rests() -> bool:
        return bool(notify.parts.dispatcher.resting("email"))

    await until(rests)
    grave = await notify.request(level="II", recipients=[{"role": "office"}])
    failed, instead = await notify.settled(grave, "failed", "sent")
    assert (failed["attempts"], instead["channel"]) == (0, "log")
    assert "已暂停至" in failed["last_error"]
    waiting = await notify.request(level="IV", recipients=[{"role": "office"}])
    await notify.settled(waiting, "pending")
    assert mailbox.letters == []
    shown = (await notify.admin("GET", "/api/v1/channels")).json()["items"]
    (mail,) = [one for one in shown if one["id"] == "email"]
    assert [rest["address"] for rest in mail["resting"]] == [None]
    clock.advance(timedelta(seconds=31))
    await notify.runtime_pass()
    await notify.settled(waiting, "sent")
    assert not await rests()


async def test_a_drill_reaches_only_those_who_take_part(notify: Notify, receiver: Receiver, mailbox: Mailbox) -> None:
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL], drill_target=True)
    await notify.add("李四", "office", ways=[hook(receiver, "/li")])
    for name, target in (("演练平台", True), ("门户", False)):
        made = await notify.admin(
            "POST",
            "/api/v1/webhooks",
            json={"name": name, "url": f"{receiver.base}/{target}", "secret": SECRET, "drill_target": target},
        )
        assert made.status_code == 201
    id_ = await notify.request(recipients=[{"role": "office"}], drill=True)
    rows = await notify.deliveries(id_) or await _deliveries(notify, id_)
    assert sorted(row["contact_name"] for row in rows) == ["张三", "演练平台"]

    async def told() -> bool:
        return len(mailbox.letters) == 1

    await until(told)
    assert mailbox.letters[0]["Subject"].startswith("【演练】")
    assert "【演练】" in mailbox.letters[0].get_content()
    assert receiver.to("/li") == receiver.to("/False") == []


async def test_a_drill_without_anybody_who_takes_part_is_a_line_in_the_log(notify: Notify, mailbox: Mailbox) -> None:
    await notify.add("张三", "office", ways=[MAIL])
    (row,) = await notify.settled(await notify.request(recipients=[{"role": "office"}], drill=True), "sent")
    assert (row["contact_name"], row["channel"]) == ("值班席", "log")
    assert mailbox.letters == []


async def _deliveries(notify: Notify, id_: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    async def there() -> bool:
        nonlocal found
        found = await notify.deliveries(id_)
        return bool(found)

    await until(there)
    return found
