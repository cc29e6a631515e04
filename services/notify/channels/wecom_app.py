"""企业微信应用消息: a message from the organisation's own app to one member.

Source of form, limits (2,048 bytes; 30 messages a minute and 1,000 an hour to one member, more are dropped) and codes:
企业微信开发者中心《获取access_token》 (developer.work.weixin.qq.com/document/path/91039), 《发送应用消息》
(path/90236), 《访问频率限制》 (path/90312), 《全局错误码》 (path/90313).
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from contracts.words import ChannelName
from services.notify.channels.answers import SENT, Table, judged, later, never, read_object, unreadable
from services.notify.channels.calls import Answer, Caller
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits, Rate, Size, Unit, pieces
from services.notify.channels.wecom_bot import without_mentions
from services.notify.retries import Outcome

_WHO: Final = "企业微信"
_SIZE: Final = Size(2048, Unit.BYTES)
_RATES: Final = (Rate(30, 60), Rate(1000, 3600))
#: Codes that say that a token is no longer good although its time is not over.
_STALE: Final = (40014, 42001)
#: Seconds before its end at which a token is no longer used.
_MARGIN: Final = 60.0
CODES: Final[Table] = {
    "0": SENT,
    "-1": later("系统繁忙"),
    "40001": never("应用密钥（secret）不正确"),
    "40013": never("企业ID不正确"),
    "40014": later("access_token 不正确"),
    "40056": never("应用编号（agentid）不正确"),
    "40058": never("参数不合法"),
    "40091": never("应用密钥（secret）不正确"),
    "42001": later("access_token 已过期"),
    "45002": never("内容超长"),
    "45009": later("调用过于频繁", 60),
    "45033": later("并发调用过多", 5),
    "60011": never("应用无权限"),
    "60020": never("本机地址不在应用的可信IP中"),
    "81013": never("成员账号无效，或不在应用可见范围内"),
    "301002": never("应用编号与密钥不匹配"),
}


@dataclass(frozen=True)
class _Token:
    text: str
    #: on the monotonic clock
    until: float


class WeComApp:
    """Sends as the app. The address is the member's userid."""

    name = ChannelName.WECOM_APP
    limits = Limits(_SIZE, _RATES)

    def __init__(self, caller: Caller, base: str, corp_id: str, agent_id: str, secret: str) -> None:
        self._caller, self._base = caller, base.rstrip("/")
        self._corp_id, self._agent_id, self._secret = corp_id, agent_id, secret
        self._token: _Token | None = None
        self._asking = asyncio.Lock()

    def unavailable(self) -> str | None:
        """Return which setting is missing, or None."""
        if not (self._corp_id and self._agent_id and self._secret):
            return "未配置企业微信应用（HUIYING_WECOM_CORP_ID、HUIYING_WECOM_AGENT_ID、HUIYING_WECOM_SECRET）"
        if not self._agent_id.isdigit():
            return "企业微信应用编号（HUIYING_WECOM_AGENT_ID）须为数字"
        return None

    def preview(self, letter: Letter) -> list[str]:
        """Return the letter in pieces."""
        return pieces(without_mentions(letter.whole), _SIZE)

    async def deliver(self, letter: Letter, piece: str, *, last: bool) -> Outcome:
        """Send one piece; a token that WeCom no longer takes is fetched anew once."""
        message: dict[str, Any] = {
            "touser": letter.address,
            "msgtype": "text",
            "agentid": int(self._agent_id),
            "text": {"content": piece},
        }
        if not letter.facts.get("test"):
            # WeCom then drops the same message to the same person for half an hour: a repeat after a lost answer
            message |= {"enable_duplicate_check": 1, "duplicate_check_interval": 1800}
        content = json.dumps(message, ensure_ascii=False).encode()
        outcome, stale = await self._post(letter, content)
        return (await self._post(letter, content, stale))[0] if stale else outcome

    async def _post(self, letter: Letter, content: bytes, stale: str | None = None) -> tuple[Outcome, str | None]:
        """Send by a token other than `stale`; returns also the token, if WeCom says that it is stale."""
        token = await self._token_for(letter, stale)
        if isinstance(token, Outcome):
            return token, None
        answer = await self._caller.to_vendor(
            _WHO,
            "POST",
            f"{self._base}/cgi-bin/message/send?{urlencode({'access_token': token})}",
            content=content,
            headers={"content-type": "application/json"},
        )
        found = read_object(answer)
        if found is None:
            return unreadable(_WHO, answer, letter.at), None
        outcome = self._judged(answer, found, letter, token)
        if outcome.sent and found.get("invaliduser"):
            outcome = Outcome.never(f"{_WHO}：该成员不存在，或不在应用可见范围内")
        return outcome, token if found.get("errcode") in _STALE else None

    async def _token_for(self, letter: Letter, stale: str | None) -> str | Outcome:
        async with self._asking:
            held = self._token
            if held is not None and held.text != stale and time.monotonic() < held.until:
                return held.text
            query = urlencode({"corpid": self._corp_id, "corpsecret": self._secret})
            answer = await self._caller.to_vendor(_WHO, "GET", f"{self._base}/cgi-bin/gettoken?{query}")
            found = read_object(answer)
            if found is None:
                return unreadable(_WHO, answer, letter.at)
            outcome = self._judged(answer, found, letter)
            if not outcome.sent:
                return outcome
            token, seconds = found.get("access_token"), found.get("expires_in")
            if not isinstance(token, str) or not token or not isinstance(seconds, (int, float)):
                return unreadable(_WHO, answer, letter.at)
            self._token = _Token(token, time.monotonic() + seconds - _MARGIN)
            return token

    def _judged(self, answer: Answer, found: dict[str, Any], letter: Letter, token: str | None = None) -> Outcome:
        return judged(
            _WHO,
            answer,
            found.get("errcode"),
            found.get("errmsg"),
            CODES,
            letter.at,
            secrets=(self._secret, token, letter.address),
        )
