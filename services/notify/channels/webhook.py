"""The webhook channel: a JSON POST signed as Standard Webhooks asks (standardwebhooks.com)."""

from __future__ import annotations

import asyncio
import json
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from standardwebhooks import Webhook

from services.notify.channels.addresses import AddressRefused, resolve_public
from services.notify.channels.channel import Letter
from services.notify.retries import Outcome
from services.notify.ways import ChannelName, check_secret

#: Answers that say the request itself is wrong, so that repeating it is useless (408, 409, 425, 429 do not).
_FINAL: Final = frozenset({400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 422, 451})

#: Bytes of an answer that are kept.
_ANSWER_BYTES: Final = 300


class WebhookChannel:
    """Posts letters to the receivers' URLs. 2xx is sent, 410 closes the way, Retry-After is honoured."""

    name = ChannelName.WEBHOOK
    title = "网络回调"

    def __init__(self, timeout: float, allowed_hosts: frozenset[str], tls: ssl.SSLContext | None = None) -> None:
        self._timeout = timeout
        self._allowed = allowed_hosts
        #: made once, since reading the certificate authorities takes long; SSL_CERT_FILE names an operator's own
        self._tls = tls or httpx.create_ssl_context()

    def unavailable(self) -> str | None:
        """Return None: each receiver carries its own address and key."""
        return None

    async def send(self, letter: Letter) -> Outcome:
        """Post the letter once. Redirects are not followed and count as failures."""
        try:
            check_secret(letter.secret)
        except ValueError as error:
            return Outcome.never(str(error))
        try:
            async with asyncio.timeout(self._timeout):
                status, retry_after, answer = await self._post(letter)
        except AddressRefused as error:
            return Outcome.never(str(error))
        except TimeoutError:
            return Outcome.later(f"回调地址 {self._timeout:g} 秒内未答复")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Outcome.later(f"回调地址无法连接：{type(error).__name__}")
        return replace(judged(status, retry_after), status=status, answer=answer)

    async def _post(self, letter: Letter) -> tuple[int, float | None, str]:
        address = await resolve_public(letter.address, self._allowed)
        url = httpx.URL(letter.address)
        extensions = {"sni_hostname": url.host} if url.scheme == "https" else {}
        # a client for each call: pooled connections are kept by address and would be shared between host names
        async with httpx.AsyncClient(
            verify=self._tls, follow_redirects=False, trust_env=False, timeout=self._timeout
        ) as client:
            request = client.build_request(
                "POST",
                url.copy_with(host=address),
                headers=signed_headers(letter),
                content=_body(letter),
                extensions=extensions,
            )
            request.headers["Host"] = urlsplit(letter.address).netloc
            response = await client.send(request, stream=True)
            try:
                wait = retry_after_seconds(response.headers.get("retry-after"), letter.at)
                return response.status_code, wait, await _beginning(response)
            finally:
                await response.aclose()


async def _beginning(response: httpx.Response) -> str:
    """Return the first characters of an answer, for whoever looks for what went wrong at the other end."""
    async for piece in response.aiter_raw(_ANSWER_BYTES):
        return piece.decode("utf-8", "replace").replace("\x00", "")
    return ""


def judged(status: int, retry_after: float | None) -> Outcome:
    """Return what a status code says of the attempt."""
    if 200 <= status < 300:
        return Outcome.done()
    if status == 410:
        return Outcome.never("接收方已关闭该回调（410）", closed=True)
    if status in _FINAL or 300 <= status < 400:
        return Outcome.never(f"回调地址答复 {status}")
    return Outcome.later(f"回调地址答复 {status}", retry_after)


def signed_headers(letter: Letter) -> dict[str, str]:
    """Return the Standard Webhooks headers; `webhook-id` is the letter's id, the same for every attempt."""
    secrets = [letter.secret or "", *([letter.older_secret] if letter.older_secret else [])]
    moment, body = letter.at.astimezone(UTC), _body(letter).decode()
    signature = " ".join(Webhook(secret).sign(letter.id, moment, body) for secret in secrets)
    return {
        "content-type": "application/json",
        "user-agent": "Huiying-Webhook/1",
        "webhook-id": letter.id,
        "webhook-timestamp": str(int(letter.at.timestamp())),
        "webhook-signature": signature,
    }


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header (a number or an HTTP date) asks for, or None."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())


def _body(letter: Letter) -> bytes:
    facts: dict[str, Any] = {
        "type": "notification.requested",
        "timestamp": letter.at.isoformat(),
        "data": {**letter.facts, "subject": letter.subject, "text": letter.text},
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
