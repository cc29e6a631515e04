"""浏览器推送: pushes to the console (RFC 8030), encrypted for the browser (RFC 8291), signed by our key (RFC 8292)."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlsplit

from py_vapid import Vapid02, VapidException

from contracts.words import ChannelName
from kit.clock import Clock
from services.notify.channels.calls import Caller, retry_after_seconds
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits, Size, Unit, shortened
from services.notify.retries import Outcome
from services.notify.ways import PushSubscription

_WHO: Final = "推送服务"
#: What push services must take is 4,096 bytes (RFC 8291, section 4), of which the encryption takes 103.
_SIZE: Final = Size(4096 - 103, Unit.BYTES)
#: Characters of subject and text that are shown; notifications of browsers show less.
_SUBJECT, _TEXT = 200, 600
#: Seconds that a push service keeps a message for a browser that is not there.
_KEPT: Final = 86_400
#: Seconds that a signature is good for; at most 24 hours (RFC 8292, section 2).
_SIGNED: Final = 12 * 3600
#: Answers that say that the push itself is wrong (RFC 8030, 8292), by what they say.
_FINAL: Final = {
    400: "请求不正确",
    401: "未接受服务器密钥（VAPID）",
    403: "订阅所用的服务器密钥（VAPID）与现在的不符",
    413: "内容超长",
}


class WebPush:
    """Pushes to a browser. The address is the JSON of its PushSubscription.

    Signatures run on the clock of the machine: push services refuse those that have run out.
    """

    name = ChannelName.WEB_PUSH
    limits = Limits(_SIZE)

    def __init__(self, caller: Caller, private_key: str, subject: str, clock: Clock) -> None:
        self._caller, self._subject, self._clock = caller, subject, clock
        self._key, self._reason = _read_key(private_key, subject)

    def unavailable(self) -> str | None:
        """Return what is wrong with the settings, or None."""
        return self._reason

    def preview(self, letter: Letter) -> list[str]:
        """Return what the browser shows: one notification, cut short with “…”."""
        return [f"{shortened(letter.subject, _SUBJECT)}\n\n{shortened(letter.text, _TEXT)}"]

    async def deliver(self, letter: Letter, piece: str, *, last: bool) -> Outcome:
        """Push the letter. 404 and 410 say that the browser has ended the subscription."""
        # loaded when it is first needed
        from pywebpush import WebPusher

        try:
            subscription = PushSubscription.read(letter.address)
            shown = {"id": letter.id, "title": shortened(letter.subject, _SUBJECT), "url": letter.link}
            body = json.dumps({**shown, "body": shortened(letter.text, _TEXT)}, ensure_ascii=False).encode()
            encrypted = WebPusher(subscription.model_dump()).encode(body)["body"]
        except ValueError as error:
            return Outcome.never(f"浏览器推送订阅无效：{error}")
        urgent = letter.facts.get("level") in ("I", "II")
        headers = {
            **self._signed(subscription.endpoint),
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(_KEPT),
            "urgency": "high" if urgent else "normal",
            # one that waits is replaced by its repeat
            "topic": letter.id.replace("-", "")[-32:],
        }
        answer = await self._caller.to_user(_WHO, subscription.endpoint, content=encrypted, headers=headers, most=0)
        if 200 <= answer.status < 300:
            return Outcome.done()
        if answer.status in (404, 410):
            return Outcome.never("浏览器已取消推送订阅", closed=True)
        if answer.status in _FINAL:
            return Outcome.never(f"{_WHO}答复 HTTP {answer.status}：{_FINAL[answer.status]}")
        return Outcome.later(f"{_WHO}答复 HTTP {answer.status}", retry_after_seconds(answer.retry_after, letter.at))

    def _signed(self, endpoint: str) -> dict[str, str]:
        if self._key is None:
            return {}
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(self._clock.now().timestamp()) + _SIGNED,
            "sub": self._subject,
        }
        return {name.lower(): value for name, value in self._key.sign(claims).items()}


def _read_key(private_key: str, subject: str) -> tuple[Vapid02 | None, str | None]:
    """Return the signing key, or the reason why there is none."""
    if not private_key or not subject:
        return None, "未配置推送密钥（HUIYING_VAPID_PRIVATE_KEY、HUIYING_VAPID_SUBJECT）"
    if not subject.startswith(("mailto:", "https://")):
        return None, "推送联系人（HUIYING_VAPID_SUBJECT）须为 mailto: 或 https:// 开头"
    try:
        if private_key.startswith("-----"):
            return Vapid02.from_pem(private_key.encode()), None
        return Vapid02.from_string(private_key), None
    except (ValueError, TypeError, VapidException):
        return None, "推送密钥（HUIYING_VAPID_PRIVATE_KEY）不是 P-256 私钥"
