"""A gateway of any maker that takes a JSON POST and answers in JSON: form and meaning of both are settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlsplit

import jmespath
from jmespath.exceptions import JMESPathError

from contracts.words import ChannelName
from services.notify.channels.answers import SENT, Table, judged, later, never, read_object, unreadable
from services.notify.channels.calls import Caller
from services.notify.channels.channel import Letter
from services.notify.channels.limits import URL, Limits, Size, shortened
from services.notify.retries import Outcome

#: What may stand in a body's strings, in braces.
PLACES: Final = ("to", "text", "subject", "name", "id")
_PLACE: Final = re.compile(r"\{(" + "|".join(PLACES) + r")\}")
#: Longest part of an answer's value that is compared and shown.
_MOST: Final = 100


@dataclass(frozen=True)
class Gateway:
    """How a gateway is spoken to. `path` leads to the value that says what came of a call; `codes` by that value."""

    url: str
    body: Any
    headers: Mapping[str, str]
    path: Any
    codes: Table
    secrets: tuple[str, ...] = field(default=())

    @classmethod
    def read(cls, url: str, body: str, headers: str, success: str, final: str) -> Self:
        """Return the gateway that the settings describe; ValueError says in Chinese what is wrong with them.

        `body` and `headers` are JSON, `success` is "path=value" with a JMESPath, `final` are values, comma-separated.
        """
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ValueError("地址须为 http 或 https 的完整网址")
        try:
            template, extra = json.loads(body), json.loads(headers or "{}")
        except ValueError:
            raise ValueError("请求体和请求头须为 JSON") from None
        if not isinstance(template, dict) or "{to}" not in body or not ("{text}" in body or "{subject}" in body):
            raise ValueError("请求体须为 JSON 对象，其中含 {to} 和 {text}（或 {subject}）")
        if not isinstance(extra, dict) or not all(isinstance(value, str) for value in extra.values()):
            raise ValueError("请求头须为 JSON 对象，各值为字符串")
        path, equals, value = success.rpartition("=")
        if not equals or not path.strip() or not value.strip():
            raise ValueError("成功条件须形如 code=0")
        try:
            compiled = jmespath.compile(path.strip())
        except JMESPathError:
            raise ValueError("成功条件的字段路径不正确") from None
        codes = {one.strip(): never("") for one in final.split(",") if one.strip()} | {value.strip(): SENT}
        secrets = tuple(value for value in extra.values() if len(value) >= 4)
        return cls(url, template, extra, compiled, {**codes, "*": later("")}, secrets)

    def filled(self, values: Mapping[str, str]) -> bytes:
        """Return the body with `values` in their places; what is filled in is never looked at again."""
        return json.dumps(_filled(self.body, values), ensure_ascii=False).encode()


class GatewayChannel:
    """Posts a letter to a gateway; one that reads aloud is given no addresses."""

    def __init__(
        self, name: ChannelName, caller: Caller, gateway: Gateway | str, most: int, *, read_aloud: bool = False
    ) -> None:
        """Take the gateway, or the reason why there is none."""
        self.name = name
        self.limits = Limits(Size(most))
        self._caller, self._gateway, self._most, self._read_aloud = caller, gateway, most, read_aloud

    def unavailable(self) -> str | None:
        """Return what is wrong with the settings, or None."""
        return self._gateway if isinstance(self._gateway, str) else None

    def preview(self, letter: Letter) -> list[str]:
        """Return the text that the gateway is given: one message, cut short with “…”."""
        text = URL.sub("", letter.whole) if self._read_aloud else letter.whole
        return [shortened(" ".join(text.split()) if self._read_aloud else text, self._most)]

    async def deliver(self, letter: Letter, piece: str, *, last: bool) -> Outcome:
        """Post the letter."""
        gateway = self._gateway
        if isinstance(gateway, str):
            return Outcome.never(gateway)
        who = f"{self.name.chinese}网关"
        values = {
            "to": letter.address,
            "text": piece,
            "subject": shortened(letter.subject, self._most),
            "name": letter.to,
            "id": letter.id,
        }
        headers = {"content-type": "application/json; charset=utf-8", **gateway.headers}
        answer = await self._caller.to_vendor(who, "POST", gateway.url, content=gateway.filled(values), headers=headers)
        found = read_object(answer)
        if found is None:
            return unreadable(who, answer, letter.at)
        code = _as_text(gateway.path.search(found))
        return judged(who, answer, code, None, gateway.codes, letter.at, secrets=(*gateway.secrets, letter.address))


def _as_text(value: object) -> str | None:
    """Return a value as settings write it: true, 0, OK."""
    if isinstance(value, str):
        return value[:_MOST]
    return json.dumps(value)[:_MOST] if isinstance(value, (bool, int, float)) else None


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    match template:
        case str():
            return _PLACE.sub(lambda place: values[place[1]], template)
        case list():
            return [_filled(one, values) for one in template]
        case dict():
            return {name: _filled(one, values) for name, one in template.items()}
    return template
