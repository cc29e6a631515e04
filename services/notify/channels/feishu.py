"""飞书群机器人: a message to a group chat through its custom bot; a card with a button where there is a link.

Source of form, signature, limits (100 messages a minute and 5 a second for each bot; 20 KB a request) and codes:
飞书开放平台《自定义机器人使用指南》 (open.feishu.cn/document/client-docs/bot-v3/add-custom-bot).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any, Final

from contracts.words import ChannelName
from kit.clock import Clock
from services.notify.channels.answers import SENT, Table, closed, judged, later, never, read_object, unreadable
from services.notify.channels.bots import key_at
from services.notify.channels.calls import Caller
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits, Rate, Size, Unit, pieces
from services.notify.retries import Outcome

_WHO: Final = "飞书"
#: Of a request's 20 KB, 4 KB are left for the card around the text, its title and link.
_SIZE: Final = Size(16 * 1024, Unit.BYTES)
CODES: Final[Table] = {
    "0": SENT,
    "9499": never("请求格式不正确，或超过 20 KB"),
    "10003": closed("机器人地址无效"),
    "11232": later("发送过于频繁", 60),
    "11233": later("该群消息过于频繁", 60),
    "11247": later("发送过于频繁", 60),
    "19001": closed("机器人地址无效"),
    "19002": never("参数不正确"),
    "19021": never("签名不正确，或时间相差超过一小时"),
    "19022": never("本机地址不在机器人的IP白名单中"),
    "19024": never("内容不含机器人要求的关键词"),
}


class Feishu:
    """Posts to the bot's webhook. The address is the last step of its URL or the whole URL; a secret signs.

    Signatures run on the clock of the machine: Feishu refuses those that are an hour off.
    """

    name = ChannelName.FEISHU
    limits = Limits(_SIZE, (Rate(5, 1), Rate(100, 60)))

    def __init__(self, caller: Caller, base: str, clock: Clock) -> None:
        self._caller, self._base, self._clock = caller, base.rstrip("/"), clock

    def unavailable(self) -> str | None:
        """Return None: the address says all that is needed."""
        return None

    def preview(self, letter: Letter) -> list[str]:
        """Return the letter in pieces."""
        return pieces(_without_mentions(letter.whole if letter.link is None else letter.text), _SIZE)

    async def deliver(self, letter: Letter, piece: str, *, last: bool) -> Outcome:
        """Post one piece; the button is in the last."""
        try:
            key = key_at(self.name, letter.address, self._base)
        except ValueError as error:
            return Outcome.never(str(error))
        body: dict[str, Any]
        if letter.link is None:
            body = {"msg_type": "text", "content": {"text": piece}}
        else:
            body = {"msg_type": "interactive", "card": _card(letter.subject, piece, letter.link if last else None)}
        if letter.secret:
            at = int(self._clock.now().timestamp())
            body |= {"timestamp": str(at), "sign": signature(at, letter.secret)}
        answer = await self._caller.to_vendor(
            _WHO,
            "POST",
            f"{self._base}/open-apis/bot/v2/hook/{key}",
            content=json.dumps(body, ensure_ascii=False).encode(),
            headers={"content-type": "application/json; charset=utf-8"},
        )
        found = read_object(answer)
        if found is None:
            return unreadable(_WHO, answer, letter.at)
        # older gateways answer with StatusCode alone
        code = found.get("code", found.get("StatusCode"))
        words = found.get("msg", found.get("StatusMessage"))
        return judged(_WHO, answer, code, words, CODES, letter.at, secrets=(key, letter.secret, letter.address))


def signature(seconds: int, secret: str) -> str:
    """Return Feishu's signature of an instant: HMAC-SHA256 of nothing by the key “timestamp, line break, secret”."""
    return base64.b64encode(hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def _card(title: str, text: str, link: str | None) -> dict[str, Any]:
    elements: list[dict[str, Any]] = [{"tag": "div", "text": {"tag": "plain_text", "content": text}}]
    if link is not None:
        button = {
            "tag": "button",
            "type": "primary",
            "text": {"tag": "plain_text", "content": "打开并确认收到"},
            "url": link,
        }
        elements.append({"tag": "action", "actions": [button]})
    return {
        "config": {"wide_screen_mode": True},
        "header": {"template": "red", "title": {"tag": "plain_text", "content": title}},
        "elements": elements,
    }


def _without_mentions(text: str) -> str:
    # what a citizen wrote must not call a whole group
    return text.replace("<at", "＜at")
