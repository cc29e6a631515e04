"""Contacts, lists of notifications and channels over HTTP."""

from __future__ import annotations

from datetime import timedelta

from contracts.words import Role
from kit.clock import ManualClock
from tests.integration.notify.harness import SECRET, Mailbox, Notify, Receiver, StartNotify

LOG = {"channel": "log", "address": "log"}
MAIL = {"channel": "email", "address": "zhang@example.org"}
HOOK = {"channel": "webhook", "address": "https://hooks.example.org/secret/path", "secret": SECRET}


async def test_life_of_a_contact(notify: Notify) -> None:
    body = {"name": "张三", "roles": ["office", "office"], "unit": "澜沧县", "username": "zs", "ways": [HOOK, MAIL]}
    made = await notify.admin("POST", "/api/v1/contacts", json=body)
    assert made.status_code == 201
    contact = made.json()
    path = made.headers["location"]
    assert path == f"/api/v1/contacts/{contact['id']}"
    assert made.headers["etag"] == '"1"'
    assert contact["roles"] == ["office"]
    assert SECRET not in made.text
    assert [way["has_secret"] for way in contact["ways"]] == [True, False]

    changed = await notify.admin(
        "PATCH",
        path,
        headers={"If-Match": '"1"'},
        json={"unit": None, "ways": [{"channel": "webhook", "address": HOOK["address"]}], "roles": ["county"]},
    )
    assert changed.status_code == 200
    assert (changed.headers["etag"], changed.json()["unit"], changed.json()["name"]) == ('"2"', None, "张三")
    assert changed.json()["ways"][0]["has_secret"] is True, "a secret left out is kept"
    stale = await notify.admin("PATCH", path, headers={"If-Match": '"1"'}, json={"name": "李四"})
    assert stale.status_code == 412
    assert (await notify.admin("DELETE", path, headers={"If-Match": '"1"'})).status_code == 412

    async def holders(role: str) -> list[str]:
        items = (await notify.admin("GET", f"/api/v1/contacts?role={role}")).json()["items"]
        return [item["name"] for item in items if not item["desk"]]

    assert await holders("county") == ["张三"]
    assert await holders("office") == []
    assert (await notify.admin("DELETE", path, headers={"If-Match": '"2"'})).status_code == 204
    assert (await notify.admin("GET", path)).status_code == 404
    assert await holders("county") == []


async def test_login_name_belongs_to_one_contact(notify: Notify) -> None:
    taken = await notify.admin("POST", "/api/v1/contacts", json={"name": "甲", "username": "admin", "ways": [LOG]})
    assert taken.status_code == 409
    assert "admin" in taken.json()["detail"]
    other = await notify.add("乙", ways=[LOG])
    assert (await notify.admin("PATCH", f"/api/v1/contacts/{other}", json={"username": "admin"})).status_code == 409


async def test_desk_can_be_changed_but_neither_disabled_nor_deleted(notify: Notify) -> None:
    path = f"/api/v1/contacts/{(await notify.desk())['id']}"
    assert (await notify.admin("DELETE", path)).status_code == 409
    assert (await notify.admin("PATCH", path, json={"enabled": False})).status_code == 409
    assert (await notify.admin("PATCH", path, json={"name": "总值班室", "ways": [MAIL]})).status_code == 200


REFUSED: list[dict[str, object]] = [
    {"name": "", "ways": [LOG]},
    {"name": "甲", "ways": []},
    {"name": "甲", "ways": [LOG], "roles": ["emperor"]},
    {"name": "甲", "ways": [{"channel": "email", "address": "not an address"}]},
    {"name": "甲", "ways": [{"channel": "webhook", "address": "https://example.org/"}]},
    {"name": "甲", "ways": [{"channel": "webhook", "address": "gopher://example.org/", "secret": SECRET}]},
    {"name": "甲", "ways": [{"channel": "pigeon", "address": "x"}]},
    {"name": "甲", "ways": [LOG], "handle": "x"},
]


async def test_what_could_not_work_is_refused(notify: Notify) -> None:
    for body in REFUSED:
        answer = await notify.admin("POST", "/api/v1/contacts", json=body)
        assert answer.status_code == 422, body
        assert answer.headers["content-type"] == "application/problem+json"


async def test_who_may_do_what(notify: Notify) -> None:
    async def status(method: str, path: str, role: Role, **options: object) -> int:
        return int((await notify.call(method, path, roles={role}, **options)).status_code)

    contact = {"name": "甲", "ways": [LOG]}
    assert await status("GET", "/api/v1/contacts", Role.EXPERT) == 403
    assert await status("GET", "/api/v1/contacts", Role.AUDITOR) == 200
    assert await status("POST", "/api/v1/contacts", Role.AUDITOR, json=contact) == 403
    assert await status("POST", "/api/v1/contacts", Role.OFFICE, json=contact) == 201
    assert await status("GET", "/api/v1/notifications", Role.EXPERT) == 200
    assert await status("GET", "/api/v1/channels", Role.EXPERT) == 403
    assert await status("POST", "/api/v1/webhooks", Role.EXPERT, json={}) == 403
    for path in ("/api/v1/contacts", "/api/v1/notifications", "/api/v1/channels", "/api/v1/webhooks"):
        assert (await notify.http.get(path)).status_code == 401


async def test_contacts_page_by_page(notify: Notify) -> None:
    names = [f"联络员{number}" for number in range(5)]
    for name in names:
        await notify.add(name, ways=[LOG], unit="孟连县")
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await notify.admin("GET", f"/api/v1/contacts?unit=孟连县&limit=2{cursor}")).json()
        seen += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == names
    assert (await notify.admin("GET", "/api/v1/contacts?cursor=rubbish")).status_code == 400


async def test_notifications_newest_first_filtered_and_stable_under_inserts(
    start: StartNotify, clock: ManualClock
) -> None:
    notify = await start(clock=clock)
    ids = []
    for number in range(5):
        clock.advance(timedelta(minutes=1))
        kind = "clock_warning" if number == 3 else "alert_raised"
        ids.append(await notify.request(recipients=[{"role": "office"}], kind=kind, case_id=f"case-{number % 2}"))
        await notify.settled(ids[-1], "sent")
    await notify.admin("POST", f"/api/v1/notifications/{ids[0]}/acknowledge")

    async def found(query: str) -> list[str]:
        items = (await notify.admin("GET", f"/api/v1/notifications?{query}")).json()["items"]
        return [item["id"] for item in items]

    assert await found("") == ids[::-1]
    assert await found("kind=clock_warning") == [ids[3]]
    assert await found("case_id=case-1") == [ids[3], ids[1]]
    assert await found("state=acknowledged") == [ids[0]]
    assert await found("state=sent&case_id=case-0") == [ids[4], ids[2]]
    assert await found("mine=true") == ids[::-1]
    for query in ("", "?mine=true", "?case_id=case-1"):
        mine = await notify.call("GET", f"/api/v1/notifications{query}", roles={Role.EXPERT}, name="nobody")
        assert mine.json()["items"] == [], "an expert sees what went to themselves"
    for role, status in ((Role.EXPERT, 404), (Role.COUNTY, 404), (Role.AUDITOR, 200)):
        answer = await notify.call("GET", f"/api/v1/notifications/{ids[0]}", roles={role}, name="nobody")
        assert answer.status_code == status, role

    first = (await notify.admin("GET", "/api/v1/notifications?limit=2")).json()
    await notify.settled(await notify.request(recipients=[{"role": "office"}]), "sent")
    second = (await notify.admin("GET", f"/api/v1/notifications?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["id"] for item in second["items"]] == [ids[2], ids[1]]
    assert (await notify.admin("GET", "/api/v1/notifications/none")).status_code == 404


async def test_addresses_and_errors_are_kept_from_those_who_may_not_read_contacts(
    notify: Notify, mailbox: Mailbox
) -> None:
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL])
    mailbox.script = ["550 5.1.1 zhang@example.org is unknown"]
    id_ = await notify.request(recipients=[{"role": "office"}])
    await notify.settled(id_, "failed")
    path = f"/api/v1/notifications/{id_}"
    (plain,) = (await notify.admin("GET", path)).json()["deliveries"]
    assert plain["address"] == "zhang@example.org"
    assert "550" in plain["last_error"]
    (told,) = [one for one in await notify.told() if one.notification_id == id_]
    assert told.error == "邮件服务器答复 550：5.1.1 z***@example.org is unknown"
    for url in (path, "/api/v1/notifications?state=failed"):
        answer = await notify.call("GET", url, roles={Role.PROPAGANDA}, name="wang")
        assert "z***@example.org" in answer.text
        assert "zhang@example.org" not in answer.text


async def test_channels_and_their_tests(notify: Notify, mailbox: Mailbox, receiver: Receiver) -> None:
    items = (await notify.admin("GET", "/api/v1/channels")).json()["items"]
    assert [(item["id"], item["configured"]) for item in items] == [("log", True), ("email", True), ("webhook", True)]
    way = {"channel": "webhook", "address": f"{receiver.base}/zhang", "secret": SECRET}
    zhang = await notify.add("张三", ways=[MAIL, way])

    async def tried(channel: str, contact_id: str = zhang) -> tuple[int, object]:
        answer = await notify.admin("POST", f"/api/v1/channels/{channel}/test", json={"contact_id": contact_id})
        return answer.status_code, answer.json().get("state")

    assert await tried("email") == (200, "sent")
    assert "测试" in mailbox.letters[-1]["Subject"]
    receiver.script["/zhang"] = [(500, {})]
    assert await tried("webhook") == (200, "failed")
    assert await tried("webhook") == (200, "sent")
    assert receiver.calls[-1].data["data"]["test"] is True
    assert (await tried("log"))[0] == 409
    assert (await tried("email", "none"))[0] == 404
    assert (await tried("pigeon"))[0] == 422


async def test_unconfigured_mail_says_why(start: StartNotify) -> None:
    notify = await start(smtp_url="")
    items = (await notify.admin("GET", "/api/v1/channels")).json()["items"]
    mail = next(item for item in items if item["id"] == "email")
    assert mail["configured"] is False
    assert "HUIYING_SMTP_URL" in mail["reason"]
    zhang = await notify.add("张三", ways=[MAIL])
    answer = await notify.admin("POST", "/api/v1/channels/email/test", json={"contact_id": zhang})
    assert answer.status_code == 409


async def test_openapi_names_every_route(notify: Notify) -> None:
    document = (await notify.http.get("/openapi.json")).json()
    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    assert set(operations) == {
        "list_contacts",
        "create_contact",
        "get_contact",
        "change_contact",
        "delete_contact",
        "list_notifications",
        "get_notification",
        "acknowledge_notification",
        "list_channels",
        "test_channel",
        "list_webhooks",
        "create_webhook",
        "delete_webhook",
        "list_escalation_policies",
        "create_escalation_policy",
        "get_escalation_policy",
        "replace_escalation_policy",
        "delete_escalation_policy",
        "list_escalations",
        "get_escalation",
        "get_escalation_of_notification",
        "hand_on_escalation",
        "stop_escalation",
        "start_communication_check",
        "list_communication_checks",
        "get_communication_check",
        "get_check_report",
        "get_check_report_file",
        "list_check_schedules",
        "create_check_schedule",
        "replace_check_schedule",
        "delete_check_schedule",
        "show_acknowledgement",
        "acknowledge_by_link",
    }
    assert all(operation.get("description") for operation in operations.values())
