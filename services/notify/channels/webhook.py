"""The webhook channel: a JSON POST signed as Standard Webhooks asks (standardwebhooks.com)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from typing import Any, Final

from standardwebhooks import Webhook

from contracts.words import ChannelName
from services.notify.channels.calls import Caller, NotAnswered, retry_after_seconds
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits
from services.notify.retries import Outcome
from services.notify.ways import check_secret

#: Answers that say the request itself is wrong, so that repeating it is useless (408, 409, 425, 429 do not).
_FINAL: Final = frozenset({400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 422, 451})

#: Bytes of an answer that are kept.
_ANSWER_BYTES: Final = 300


class WebhookChannel:
    """Posts letters to the receivers' URLs. 2xx is sent, 410 closes the way, Retry-After is honoured."""

    name = ChannelName.WEBHOOK
    limits = Limits()

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def unavailable(self) -> str | None:
        """Return None: each receiver carries its own address and key."""
        return None

    def preview(self, letter: Letter) -> list[str]:
        """Return the body of the call."""
        return [_body(letter).decode()]

    async def send(self, letter: Letter) -> Outcome:
        """Post the letter once. Redirects are not followed and count as failures."""
        try:
            check_secret(letter.secret)
        except ValueError as error:
            return Outcome.never(str(error))
        try:
            answer = await self._caller.to_user(
                "回调地址", letter.address, content=_body(letter), headers=signed_headers(letter), most=_ANSWER_BYTES
            )
        except NotAnswered as error:
            return error.outcome
        said = (answer.body or b"").decode("utf-8", "replace").replace("\x00", "")
        outcome = judged(answer.status, retry_after_seconds(answer.retry_after, letter.at))
        return replace(outcome, status=answer.status, answer=said)


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


def _body(letter: Letter) -> bytes:
    facts: dict[str, Any] = {
        "type": "notification.requested",
        "timestamp": letter.at.isoformat(),
        "data": {**letter.facts, "subject": letter.subject, "text": letter.text},
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
