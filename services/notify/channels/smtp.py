"""The e-mail channel: one plain-text message for each recipient, over SMTP."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

from contracts.words import ChannelName
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits
from services.notify.retries import Outcome
from services.notify.settings import NotifySettings
from services.notify.ways import masked

Security = Literal["none", "starttls", "tls"]
_PORTS: dict[Security, int] = {"none": 25, "starttls": 587, "tls": 465}


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, and as whom."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: str = ""

    @classmethod
    def of(cls, settings: NotifySettings) -> Self | None:
        """Return the configured server, or None when there is none.

        ``smtp://`` keeps to `smtp_tls` (``none`` is for a closed network), ``smtps://`` is always tls.
        """
        url = settings.smtp_url.get_secret_value()
        security: Security = settings.smtp_tls
        if url:
            parts = urlsplit(url)
            if parts.scheme == "smtps":
                security = "tls"
            host, port = parts.hostname or "", parts.port or 0
            user, password = unquote(parts.username or ""), unquote(parts.password or "")
        else:
            host, port = settings.smtp_host, settings.smtp_port
            user, password = settings.smtp_user, settings.smtp_password.get_secret_value()
        if not host:
            return None
        sender = settings.smtp_from or (user if "@" in user else "")
        return cls(host, port or _PORTS[security], security, sender, user, password)


class SmtpChannel:
    """Hands letters to a mail server. The Message-ID is derived from the letter's id."""

    name = ChannelName.EMAIL
    limits = Limits()

    def __init__(self, server: MailServer | None, timeout: float) -> None:
        self._server = server
        self._timeout = timeout

    def unavailable(self) -> str | None:
        """Return why mail cannot be sent, or None."""
        if self._server is None:
            return "未配置邮件服务器（HUIYING_SMTP_URL 或 HUIYING_SMTP_HOST）"
        if not self._server.sender:
            return "未配置发件人地址（HUIYING_SMTP_FROM）"
        return None

    def preview(self, letter: Letter) -> list[str]:
        """Return subject and text."""
        return [letter.whole]

    async def send(self, letter: Letter) -> Outcome:
        """Hand the letter in. A 5xx answer is final, anything else may be tried again."""
        reason = self.unavailable()
        if self._server is None or reason is not None:
            return Outcome.never(reason or "")
        server = self._server
        try:
            async with asyncio.timeout(self._timeout):
                await aiosmtplib.send(
                    compose(letter, server.sender),
                    sender=server.sender,
                    recipients=[letter.address],
                    hostname=server.host,
                    port=server.port,
                    username=server.user or None,
                    password=server.password or None,
                    use_tls=server.security == "tls",
                    start_tls=server.security == "starttls",
                    timeout=self._timeout,
                )
        except TimeoutError:
            return Outcome.later(f"邮件服务器 {self._timeout:g} 秒内未答复")
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _answered(error.recipients[0].code, error.recipients[0].message, letter.address)
        except aiosmtplib.SMTPResponseException as error:
            return _answered(error.code, error.message, letter.address)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Outcome.later(f"邮件服务器无法连接：{type(error).__name__}")
        return Outcome.done()


def compose(letter: Letter, sender: str) -> EmailMessage:
    """Return the letter as a plain-text message whose Message-ID is the same for every attempt."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["Subject"] = " ".join(letter.subject.split())
    message["From"] = sender
    message["To"] = formataddr((" ".join(letter.to.split()), letter.address))
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, charset="utf-8", cte="base64")
    return message


def _answered(code: int, text: str, address: str) -> Outcome:
    # the reason is told on the bus, where not everyone may read addresses
    shown = text.replace(address, masked(ChannelName.EMAIL, address))
    reason = f"邮件服务器答复 {code}：{shown[:200]}"
    return Outcome.never(reason) if 500 <= code < 600 else Outcome.later(reason)
