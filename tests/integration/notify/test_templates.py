"""The office's own wording: written, tried, put in force, read by people, taken back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from contracts.words import Role
from services.notify.wording.models import TemplateVersion
from tests.integration.notify.harness import Mailbox, Notify, StartNotify, until

MAIL = {"channel": "email", "address": "zhang@example.org"}
PATH = "/api/v1/templates/alert_raised-II"
OWN = {"subject": "{{ subject|shortened(8) }}", "body": "{{ to }}：{{ body }}", "note": "简洁", "after": 0}


async def people(start: StartNotify, **settings: Any) -> Notify:
    notify = await start(**settings)
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[MAIL], username="zhang.san")
    return notify


async def letter(notify: Notify, mailbox: Mailbox, **values: Any) -> tuple[str, str]:
    before = len(mailbox.letters)
    await notify.request(recipients=[{"role": "office"}], **values)

    async def come() -> bool:
        return len(mailbox.letters) > before

    await until(come)
    return str(mailbox.letters[-1]["Subject"]), mailbox.letters[-1].get_content().strip()


async def test_a_wording_of_ones_own_from_the_first_draft_to_its_end(start: StartNotify, mailbox: Mailbox) -> None:
    notify = await people(start)
    first = await notify.admin("GET", PATH)
    assert (first.json()["version"], first.json()["versions"], first.headers["etag"]) == (0, [], '"0"')
    assert first.json()["used"] == first.json()["built_in"]
    made = await notify.admin("POST", f"{PATH}/versions", json=OWN)
    assert made.status_code == 201, made.text
    assert (made.json()["version"], made.json()["latest"]) == (0, 1), "a draft changes nothing"
    assert "请您：" in (await letter(notify, mailbox))[1]
    seen = {"If-Match": made.headers["etag"]}
    put = await notify.admin("POST", f"{PATH}/use", json={"version": 1, "reason": "试用"}, headers=seen)
    assert put.json()["version"] == 1
    subject, text = await letter(notify, mailbox)
    assert subject == "【Ⅱ级】澜沧县移民安置…"
    assert text.startswith("张三：一小时内 35 条信息，负面占八成。")
    assert text.count("/public/v1/acknowledgements/") == 1
    assert "请您：" in (await letter(notify, mailbox, level="III"))[1], "another level keeps the built-in wording"
    stale = await notify.admin("POST", f"{PATH}/use", json={"version": 0}, headers=seen)
    assert stale.status_code == 412
    second = {**OWN, "body": "{{ to }}：{{ body }}\n请速办。", "after": 1, "put_in_force": True}
    assert (await notify.admin("POST", f"{PATH}/versions", json=second)).json()["version"] == 2
    assert "请速办。" in (await letter(notify, mailbox))[1]
    difference = await notify.admin("GET", f"{PATH}/difference", params={"before": 1, "after": 2})
    assert "+请速办。" in difference.json()["lines"]
    back = await notify.admin("POST", f"{PATH}/use", json={"version": 0, "reason": "恢复内置"})
    assert (back.json()["version"], back.json()["reason"]) == (0, "恢复内置")
    assert [one["number"] for one in back.json()["versions"]] == [2, 1], "nothing is forgotten"
    assert "请您：" in (await letter(notify, mailbox))[1]
    listed = (await notify.admin("GET", "/api/v1/templates", params={"kind": "alert_raised"})).json()["items"]
    assert [(one["id"], one["version"], one["latest"]) for one in listed] == [
        ("alert_raised", 0, 0),
        ("alert_raised-II", 0, 2),
    ]


async def test_of_two_who_write_at_once_one_is_told(start: StartNotify) -> None:
    notify = await people(start)
    answers = [await notify.admin("POST", f"{PATH}/versions", json=OWN) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 409]
    assert answers[1].json()["latest"] == 1
    assert "第 1 版" in answers[1].json()["detail"]


async def test_what_is_wrong_is_told_in_chinese_with_its_place_and_kept_out(start: StartNotify) -> None:
    notify = await people(start)
    wrong = {**OWN, "subject": "{{ title }}", "body": "第一行\n{% for x in body %}{{ x }}{% endfor %}"}
    refused = await notify.admin("POST", f"{PATH}/versions", json=wrong)
    assert refused.status_code == 422
    problem = refused.json()
    assert "标题第 1 行第 4 字：没有字段 title" in problem["detail"]
    assert [one["pointer"] for one in problem["errors"]] == ["/subject", "/body"]
    assert problem["mistakes"][1] == {"part": "body", "line": 2, "column": 1}
    sly = await notify.admin("POST", f"{PATH}/versions", json={**OWN, "body": "{{ body|shortened('x') }}"})
    assert (sly.status_code, "试生成失败" in sly.json()["detail"]) == (422, True)
    assert (await notify.admin("GET", PATH)).json()["latest"] == 0
    for path in ("/api/v1/templates/nothing", "/api/v1/templates/alert_raised-sms-II"):
        assert (await notify.admin("GET", path)).status_code == 404
    assert (await notify.admin("POST", f"{PATH}/use", json={"version": 7})).status_code == 404


async def test_a_preview_shows_the_last_notification_on_every_channel(start: StartNotify, mailbox: Mailbox) -> None:
    notify = await people(start)
    trial = {"subject": "{{ subject }}", "body": "{{ body|first_sentence }}（{{ case_number }}）"}
    example = (await notify.admin("POST", f"{PATH}/preview", json=trial)).json()
    assert example["based_on"] is None
    assert len(example["letters"]) == 11
    await letter(notify, mailbox)
    shown = (await notify.admin("POST", f"{PATH}/preview", json=trial)).json()
    sms = next(one for one in shown["letters"] if one["channel"] == "sms")
    assert shown["based_on"]
    assert "一小时内 35 条信息，负面占八成。（YQ-2026-0001）" in "".join(sms["pieces"])
    assert any("/public/v1/acknowledgements/" in piece for piece in sms["pieces"])
    other = await notify.admin("POST", "/api/v1/templates/alert_raised-sms/preview", json={})
    assert [one["channel"] for one in other.json()["letters"]] == ["sms"]
    unknown = await notify.admin("POST", f"{PATH}/preview", json={"notification_id": "nothing"})
    assert unknown.status_code == 404
    assert (await notify.admin("POST", f"{PATH}/preview", json={"subject": "x"})).status_code == 422


async def test_one_sends_it_to_oneself_marked_as_a_test(start: StartNotify, mailbox: Mailbox) -> None:
    notify = await people(start)
    body = {**{key: OWN[key] for key in ("subject", "body")}, "channel": "email"}
    sent = await notify.call("POST", f"{PATH}/test", roles={Role.OFFICE}, name="zhang.san", json=body)
    assert sent.json() == {"state": "sent", "reason": None}
    assert str(mailbox.letters[-1]["Subject"]).startswith("【测试】【Ⅱ级】")
    nobody = await notify.call("POST", f"{PATH}/test", roles={Role.OFFICE}, name="li.si", json=body)
    assert (nobody.status_code, nobody.json()["type"].rsplit("/", 1)[1]) == (409, "contact.none-of-yours")


async def test_a_wording_that_fails_holds_up_no_letter_and_the_office_is_told_once(
    start: StartNotify, mailbox: Mailbox
) -> None:
    notify = await people(start)
    await notify.admin("POST", f"{PATH}/versions", json={**OWN, "put_in_force": True})
    async with notify.runtime.database.writing() as session:  # such as a field that a later version does not have
        await session.execute(sa.update(TemplateVersion).values(body="{{ gone }}"))
    assert "请您：" in (await letter(notify, mailbox))[1]

    async def told() -> bool:
        return any("通知模板无法使用" in str(one["Subject"]) for one in mailbox.letters)

    await until(told)
    await letter(notify, mailbox)
    shown = (await notify.admin("GET", PATH)).json()
    assert shown["failed_at"] is not None
    assert "gone" in shown["failure"]
    assert sum("通知模板无法使用" in str(one["Subject"]) for one in mailbox.letters) == 1
    mended = await notify.admin("POST", f"{PATH}/versions", json={**OWN, "after": 1, "put_in_force": True})
    assert mended.json()["failed_at"] is None


async def test_a_reader_of_english_gets_english_and_its_own_wording(start: StartNotify, mailbox: Mailbox) -> None:
    notify = await start()
    await notify.bare_desk()
    await notify.add("Smith", "office", ways=[MAIL], language="en")
    assert "Response level: II (major)" in (await letter(notify, mailbox))[1]
    own = {"subject": "{{ subject }}", "body": "Dear {{ to }}, {{ kind }}.", "after": 0, "put_in_force": True}
    made = await notify.admin("POST", "/api/v1/templates/alert_raised-en/versions", json=own)
    assert made.status_code == 201
    assert (await letter(notify, mailbox))[1].startswith("Dear Smith, alert raised.")
    listed = await notify.admin("GET", "/api/v1/templates", params={"kind": "alert_raised", "language": "en"})
    assert [(one["id"], one["version"]) for one in listed.json()["items"]] == [("alert_raised-en", 1)]


async def test_who_may_word_notifications(start: StartNotify) -> None:
    notify = await people(start)
    assert (await notify.call("GET", PATH, roles={Role.AUDITOR})).status_code == 200
    assert (await notify.call("POST", f"{PATH}/versions", roles={Role.AUDITOR}, json=OWN)).status_code == 403
    assert (await notify.call("GET", PATH, roles={Role.COUNTY})).status_code == 403
    fields = (await notify.call("GET", "/api/v1/templates/fields", roles={Role.AUDITOR})).json()
    assert "to" in {one["name"] for one in fields["fields"]}
    assert not {"phone", "address", "way"} & {one["name"] for one in fields["fields"]}
