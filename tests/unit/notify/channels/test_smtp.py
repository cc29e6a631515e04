"""Mail as it is written, and where it is handed in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from services.notify.channels.channel import Letter
from services.notify.channels.smtp import MailServer, SmtpChannel, compose
from services.notify.settings import NotifySettings

LETTER = Letter(
    id="01900000-0000-7000-8000-000000000001",
    to="张三",
    address="zhang@example.org",
    subject="【Ⅱ级】饮水\r\nBcc: everyone@example.org",
    text="您好，请确认。\n",
    at=datetime(2026, 3, 2, tzinfo=UTC),
)


def _settings(**values: Any) -> NotifySettings:
    return NotifySettings(internal_key=SecretStr("k" * 40), **values)


def test_message_has_a_stable_id_and_no_smuggled_header() -> None:
    message = compose(LETTER, "huiying@puer.example")
    assert message["Message-ID"] == "<01900000-0000-7000-8000-000000000001@puer.example>"
    assert message["Subject"] == "【Ⅱ级】饮水 Bcc: everyone@example.org"
    assert message["Bcc"] is None
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines() == ["您好，请确认。"]
    assert max(len(line) for line in message.as_bytes().splitlines()) <= 998


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, None),
        ({"smtp_url": "smtps://u%40x:p%2Fw@mail.example"}, ("mail.example", 465, "tls", "u@x", "u@x", "p/w")),
        (
            {"smtp_url": "smtp://mail.example:2525", "smtp_tls": "none", "smtp_from": "h@x", "smtp_host": "other"},
            ("mail.example", 2525, "none", "h@x", "", ""),
        ),
        ({"smtp_host": "mail.example", "smtp_from": "h@x"}, ("mail.example", 587, "starttls", "h@x", "", "")),
    ],
)
def test_server_from_settings(values: dict[str, Any], expected: tuple[Any, ...] | None) -> None:
    server = MailServer.of(_settings(**values))
    found = server and (server.host, server.port, server.security, server.sender, server.user, server.password)
    assert found == expected


async def test_unconfigured_mail_says_so_and_is_not_tried_again() -> None:
    channel = SmtpChannel(None, 1)
    assert "HUIYING_SMTP_URL" in (channel.unavailable() or "")
    outcome = await channel.send(LETTER)
    assert not outcome.sent
    assert outcome.permanent
    nameless = SmtpChannel(MailServer.of(_settings(smtp_host="mail.example")), 1)
    assert "HUIYING_SMTP_FROM" in (nameless.unavailable() or "")
