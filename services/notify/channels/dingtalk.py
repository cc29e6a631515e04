"""钉钉群机器人: a message to a group chat through its custom bot, signed where it asks for that (加签).

Source of form, signature, limits (20 messages a minute for each bot, over which it is stopped for ten minutes; 20,000
bytes) and codes: 钉钉开放平台《自定义机器人接入》, 《自定义机器人安全设置》, 《自定义机器人发送消息的错误码》
(open.dingtalk.com/document/robots/custom-robot-access) and 《全局错误码》
(open.dingtalk.com/document/orgapp/server-api-error-codes-1).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Final
from urllib.parse import urlencode

from contracts.words import ChannelName
from kit.clock import Clock
from services.notify.channels.answers import SENT, Table, closed, judged, later, never, read_object, unreadable
from services.notify.channels.bots import key_at
from services.notify.channels.calls import Caller
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits, Rate, Size, Unit, pieces
from services.notify.retries import Outcome

_WHO: Final = "钉钉"
#: Of a message's 20,000 bytes, 2,000 are left for what is not text in it, and for quotes and line breaks as escaped.
_SIZE: Final = Size(18_000, Unit.BYTES)
_STOPPED: Final = 600.0
CODES: Final[Table] = {
    "0": SENT,
    "-1": later("系统繁忙"),
    "88": never("鉴权异常"),
    "40035": never("参数不合法"),
    "43004": never("请求头不合法"),
    "90018": later("调用过于频繁，已被限流", _STOPPED),
    "90030": never("机器人的调用次数已用完"),
    "130101": later("发送过于频繁，已被限流", _STOPPED),
    "300001": closed("机器人的 access_token 不存在"),
    "300005": closed("机器人的 access_token 不存在"),
    "310000": never("未通过机器人的安全设置（关键词、加签或IP地址段）"),
    "400013": closed("群已被解散"),
    "400101": closed("机器人的 access_token 不存在"),
    "400102": never("机器人已停用"),
    "400105": never("消息类型不支持"),
    "400106": closed("机器人不存在"),
    "410100": later("发送过于频繁，已被限流", _STOPPED),
    "430101": never("内容含有不安全的外链"),
    "430102": never("内容含有不合适的文本"),
    "430103": never("内容含有不合适的图片"),
    "430104": never("内容不合适"),
    "460101": never("内容超长"),
}


class DingTalk:
    """Posts to the bot's webhook. The address is its access_token or its whole URL, the secret its SEC….

    Signatures run on the clock of the machine: DingTalk refuses those that are an hour off.
    """

    name = ChannelName.DINGTALK
    limits = Limits(_SIZE, (Rate(20, 60),))

    def __init__(self, caller: Caller, base: str, clock: Clock) -> None:
        self._caller, self._base, self._clock = caller, base.rstrip("/"), clock

    def unavailable(self) -> str | None:
        """Return None: the address says all that is needed."""
        return None

    def preview(self, letter: Letter) -> list[str]:
        """Return the letter in pieces."""
        return pieces(letter.whole, _SIZE)

    async def deliver(self, letter: Letter, piece: str, *, last: bool) -> Outcome:
        """Post one piece."""
        try:
            key = key_at(self.name, letter.address, self._base)
        except ValueError as error:
            return Outcome.never(str(error))
        query = {"access_token": key}
        if letter.secret:
            at = int(self._clock.now().timestamp() * 1000)
            query |= {"timestamp": str(at), "sign": signature(at, letter.secret)}
        body = {"msgtype": "text", "text": {"content": piece}}
        answer = await self._caller.to_vendor(
            _WHO,
            "POST",
            f"{self._base}/robot/send?{urlencode(query)}",
            content=json.dumps(body, ensure_ascii=False).encode(),
            headers={"content-type": "application/json; charset=utf-8"},
        )
        found = read_object(answer)
        if found is None:
            return unreadable(_WHO, answer, letter.at)
        return judged(
            _WHO,
            answer,
            found.get("errcode"),
            found.get("errmsg"),
            CODES,
            letter.at,
            secrets=(key, letter.secret, letter.address),
        )


def signature(milliseconds: int, secret: str) -> str:
    """Return DingTalk's signature of an instant: HMAC-SHA256 of “timestamp, line break, secret” by the secret."""
    text = f"{milliseconds}\n{secret}"
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
