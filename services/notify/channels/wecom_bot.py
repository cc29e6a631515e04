"""企业微信群机器人: a message to a group chat through its bot.

Source of form, limits (text 2,048 bytes, markdown 4,096 bytes, 20 messages a minute for each bot) and codes: 企业微信
开发者中心《群机器人配置说明》 (developer.work.weixin.qq.com/document/path/91770) and 《全局错误码》 (path/90313).
"""

from __future__ import annotations

import json
from typing import Final, Literal

from contracts.words import ChannelName
from services.notify.channels.answers import SENT, Table, closed, judged, later, never, read_object, unreadable
from services.notify.channels.bots import key_at
from services.notify.channels.calls import Caller
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits, Rate, Size, Unit, pieces
from services.notify.retries import Outcome

RATES: Final = (Rate(20, 60),)
SIZES: Final = {"text": Size(2048, Unit.BYTES), "markdown": Size(4096, Unit.BYTES)}
CODES: Final[Table] = {
    "0": SENT,
    "-1": later("系统繁忙"),
    "40008": never("消息类型不合法"),
    "40058": never("参数不合法，多为内容超长"),
    "44004": never("内容为空"),
    "45002": never("内容超长"),
    "45009": later("发送过于频繁", 60),
    "45033": later("并发调用过多", 5),
    "93000": closed("机器人地址无效，或机器人已被移出群聊"),
    "93004": never("机器人被停用"),
    "93008": closed("机器人不在群里"),
}


class WeComBot:
    """Posts to the bot's webhook. The address is its key or its whole URL."""

    name = ChannelName.WECOM_BOT

    def __init__(self, caller: Caller, base: str, form: Literal["text", "markdown"]) -> None:
        self._caller, self._base, self._form = caller, base.rstrip("/"), form
        self._size = SIZES[form]
        self.limits = Limits(self._size, RATES)

    def unavailable(self) -> str | None:
        """Return None: the address says all that is needed."""
        return None

    def preview(self, letter: Letter) -> list[str]:
        """Return the letter in pieces."""
        text = letter.whole if self._form == "text" else f"**{letter.subject}**\n{letter.text}"
        return pieces(without_mentions(text), self._size)

    async def deliver(self, letter: Letter, piece: str, *, last: bool) -> Outcome:
        """Post one piece."""
        try:
            key = key_at(self.name, letter.address, self._base)
        except ValueError as error:
            return Outcome.never(str(error))
        body = {"msgtype": self._form, self._form: {"content": piece}}
        answer = await self._caller.to_vendor(
            "企业微信",
            "POST",
            f"{self._base}/cgi-bin/webhook/send?key={key}",
            content=json.dumps(body, ensure_ascii=False).encode(),
            headers={"content-type": "application/json"},
        )
        found = read_object(answer)
        if found is None:
            return unreadable("企业微信", answer, letter.at)
        return judged(
            "企业微信",
            answer,
            found.get("errcode"),
            found.get("errmsg"),
            CODES,
            letter.at,
            secrets=(key, letter.address),
        )


def without_mentions(text: str) -> str:
    """Return `text` in which nobody is mentioned: what a citizen wrote must not call a whole group (``<@all>``)."""
    return text.replace("<@", "＜@")
