"""Three in the morning: the officer on duty does not answer, the deputy does, and the leader knows by the matrix.

Notify and Redis are killed at every step. Nobody may be missed, and nobody told twice for one step; what counts is what
arrives at a webhook receiver and at a mail server.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller

from kit.embedded import EmbeddedPostgres, free_port
from tests.e2e.conftest import MakeSystem, new_database
from tests.e2e.harness import WEBHOOK_SECRET, Client, Receiver, System, eventually, post

SHANGHAI = timezone(timedelta(hours=8))
STORY = "景谷县永平镇库区移民安置房墙体开裂漏水，住户多次反映房屋质量问题没有人管，群众担心安全，强烈要求重新检测。"
MINUTES = 10


class Mailbox:
    """A mail server that keeps what it accepts."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"


class Night:
    """The system at night, whose parts die at random moments, and whose people are reached from outside."""

    def __init__(self, system: System, receiver: Receiver, mailbox: Mailbox) -> None:
        self.system, self.receiver, self.mailbox = system, receiver, mailbox
        self.ids: dict[str, str] = {}
        self._moments = random.Random(20261127)
        self.login()

    def login(self) -> None:
        """Log in anew: tokens grow old while time is moved."""
        self.admin: Client = self.system.login()

    def person(self, name: str, *roles: str, mail: bool = False) -> None:
        """Enter somebody who is reached by webhook or by mail."""
        way = {"channel": "webhook", "address": self.receiver.url, "secret": WEBHOOK_SECRET}
        if mail:
            way = {"channel": "email", "address": f"{len(self.ids)}@example.org"}
        contact = {"name": name, "roles": roles, "ways": [way]}
        self.ids[name] = self.admin.post("/api/v1/contacts", contact)["id"]

    def forward(self, minutes: float) -> None:
        """Let time pass for all parts."""
        self.system.forward(timedelta(minutes=minutes))
        self.login()

    def crash(self, *parts: str) -> None:
        """Kill parts at a moment of the second in which the passes look."""
        time.sleep(self._moments.uniform(0, 1))
        self.system.kill(*parts)

    def alert(self) -> dict[str, Any]:
        """Wait for the notification of the alert, and for its escalation to have begun."""

        def there() -> dict[str, Any] | None:
            found = list(self.admin.items("/api/v1/escalations"))
            return found[0] if found and found[0]["calls"] else None

        return eventually(there, "the escalation of the alert")

    def came_to(self, escalation_id: str, state: str, *calls: str) -> dict[str, Any]:
        """Wait until an escalation is in `state` and has called just these people, one a call."""

        def there() -> dict[str, Any] | None:
            found: dict[str, Any] = self.admin.get(f"/api/v1/escalations/{escalation_id}")
            called = [person["contact_name"] for call in found["calls"] for person in call["people"]]
            return found if (found["state"], called) == (state, list(calls)) else None

        return eventually(there, f"{state} after {calls}")

    def received(self, name: str) -> list[str]:
        """Return what somebody has got, each letter once: the kind and the turn of its notification."""
        arrived = self.receiver.ids() | {str(one["Message-ID"]).strip("<>").partition("@")[0] for one in self.letters()}
        return sorted(
            f"{notification['kind']} {delivery['turn']}"
            for notification in self.admin.items("/api/v1/notifications")
            for delivery in notification["deliveries"]
            if delivery["contact_name"] == name and delivery["id"] in arrived
        )

    def letters(self) -> list[EmailMessage]:
        """Return the letters that came by mail."""
        return list(self.mailbox.letters)


@pytest.fixture(params=["sqlite", "postgresql"])
def night(request: pytest.FixtureRequest, make_system: MakeSystem, receiver: Receiver) -> Iterator[Night]:
    """Give a system that is three hours past midnight, once on each database."""
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    environment = {
        "HUIYING_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "HUIYING_SMTP_TLS": "none",
        "HUIYING_SMTP_FROM": "huiying@puer.example",
    }
    if request.param == "postgresql":
        server: EmbeddedPostgres = request.getfixturevalue("postgres_server")
        environment["HUIYING_DATABASE_URL"] = server.url(asyncio.run(new_database(server)))
    system = make_system(**environment)
    here = system.now().astimezone(SHANGHAI)
    system.forward(datetime(here.year, here.month, here.day, 3, tzinfo=SHANGHAI) + timedelta(days=1) - here)
    system.start()
    yield Night(system, receiver, mailbox)
    controller.stop()


def test_the_deputy_answers_at_night_whatever_dies(night: Night) -> None:
    for name in ("值班员", "第三人"):
        night.person(name)
    night.person("副班", mail=True)
    night.person("赵局长", "group_leader")
    policies = {one["policy"]["levels"][0]: one["id"] for one in night.admin.items("/api/v1/escalation-policies")}
    policy = {
        "name": "夜间值班",
        "kinds": ["alert_raised"],
        "levels": ["I", "II"],
        "steps": [
            {"delay_minutes": delay, "targets": [{"kind": "contact", "contact_id": night.ids[name]}]}
            for delay, name in ((0, "值班员"), (MINUTES, "副班"), (MINUTES, "第三人"))
        ],
        "repeat": 2,
        "repeat_after_minutes": MINUTES,
    }
    put = night.admin.http.put(f"/api/v1/escalation-policies/{policies['I']}", json=policy)
    assert put.status_code == 200, put.text

    assert night.system.now().astimezone(SHANGHAI).hour == 3
    at = night.system.now().isoformat()
    story = [
        post(i, f"{STORY}{tail}", published_at=at, channel="forum", source="普洱论坛")
        for i, tail in enumerate(("", "求关注"))
    ]
    paper = post(9, f"{STORY}记者走访所见。", published_at=at, channel="news", source="云南日报")
    night.admin.post("/api/v1/posts", {"posts": [*story, paper]})

    # the first step: both die around it
    night.crash("notify")
    escalation = night.alert()
    assert (escalation["level"], escalation["kind"]) == ("II", "alert_raised")
    night.crash("redis")
    night.came_to(escalation["id"], "running", "值班员")
    eventually(lambda: night.received("值班员") == ["alert_raised 1"], "the officer on duty to be told")

    # the second: nobody has answered for ten minutes
    night.forward(MINUTES)
    night.crash("notify", "redis")
    night.came_to(escalation["id"], "running", "值班员", "副班")
    eventually(lambda: night.received("副班") == ["alert_raised 2"], "the deputy to be told")

    # the deputy answers by the link in the letter
    text = night.letters()[-1].get_content()
    path = text[text.index("/public/v1/acknowledgements/") :].split()[0]
    page = httpx.get(f"{night.system.url}{path}", trust_env=False)
    assert "<button" in page.text
    done = httpx.post(f"{night.system.url}{path}", trust_env=False)
    assert "谢谢" in done.text, done.text
    night.crash("notify")
    ended = night.came_to(escalation["id"], "acknowledged", "值班员", "副班")
    assert (ended["ended_by"], ended["ended_via"]) == ("副班", "link")
    assert "无需再次确认" in httpx.post(f"{night.system.url}{path}", trust_env=False).text

    # the night goes on, and nobody is told of it any more
    night.forward(3 * MINUTES)
    night.crash("redis", "notify")
    eventually(lambda: settled(night), "every delivery to be made")
    night.came_to(escalation["id"], "acknowledged", "值班员", "副班")
    assert night.received("值班员") == ["alert_raised 1", "notice_taken 0"]
    assert night.received("副班") == ["alert_raised 2"]
    assert night.received("第三人") == []
    assert night.received("赵局长").count("alert_raised 0") == 1
    nobody_twice(night)
    entries = timeline(night, ended["case_id"])
    assert entries["escalated"] == 2
    assert entries["acknowledged"] == entries["escalation_taken"] == 1


def settled(night: Night) -> bool:
    """Tell whether no delivery is on its way."""
    deliveries = [one for item in night.admin.items("/api/v1/notifications") for one in item["deliveries"]]
    return all(one["state"] in ("sent", "acknowledged") for one in deliveries)


def all_arrived(night: Night) -> bool:
    """Tell whether just what was to be sent has arrived, late ones too; in a storm one letter tells of many."""
    sent: dict[str, set[str]] = {"webhook": set(), "email": set()}
    for notification in night.admin.items("/api/v1/notifications"):
        for one in notification["deliveries"]:
            if one["channel"] in sent and one["folded_into"] is None:
                sent[one["channel"]].add(one["id"])
    mailed = {str(letter["Message-ID"]).strip("<>").partition("@")[0] for letter in night.letters()}
    return (night.receiver.ids(), mailed) == (sent["webhook"], sent["email"])


def nobody_twice(night: Night) -> None:
    """Nobody has two letters of one notification, turn and channel; and all that was to be sent has arrived."""
    eventually(lambda: all_arrived(night), "every letter to arrive")
    made = Counter(
        (notification["id"], one["contact_id"], one["turn"], one["channel"])
        for notification in night.admin.items("/api/v1/notifications")
        for one in notification["deliveries"]
    )
    assert [key for key, count in made.items() if count > 1] == []


def timeline(night: Night, case_id: str) -> Counter[str]:
    """Return the kinds of entry of a case's timeline, which holds together."""
    assert night.admin.get(f"/api/v1/cases/{case_id}/timeline/verify")["intact"]
    return Counter(entry["kind"] for entry in night.admin.items(f"/api/v1/cases/{case_id}/timeline"))
