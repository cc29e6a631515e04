"""Ways of reaching a person: a channel, an address on it, and a secret where the channel signs."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict

from contracts.words import ChannelName

#: Key sizes that the Standard Webhooks specification asks for, in bytes.
SECRET_BYTES: Final = range(24, 65)
#: Services that have a channel of their own, by apprise's schemas for them.
APPRISE_OWN: Final = {
    "wecombot": ChannelName.WECOM_BOT,
    "dingtalk": ChannelName.DINGTALK,
    "feishu": ChannelName.FEISHU,
    "lark": ChannelName.FEISHU,
}
_BOT_KEY: Final = re.compile(r"[0-9A-Za-z_-]{8,128}")
_USER_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._@-]{0,63}")
#: Numbers of the mainland (工信部《电信网编号计划》: 11 digits from 13 to 19), or of any country in E.164.
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}|\+[1-9][0-9]{6,14}")
_LANDLINE: Final = re.compile(r"0[0-9]{2,3}-?[0-9]{7,8}")
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


class Way(BaseModel):
    """One way of reaching a person. A way that its receiver has closed stays listed, with the reason."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    channel: ChannelName
    address: str = ""
    secret: str | None = None
    older_secret: str | None = None
    enabled: bool = True
    disabled_reason: str | None = None
    #: when its owner gave back the code that was sent to it; None: nobody knows yet that it reaches them
    verified_at: datetime | None = None


@dataclass(frozen=True)
class _BotAddress:
    """Form of the URLs of a vendor's bots: the key is the value of `query`, or follows `path` where that is empty."""

    path: str
    query: str
    shown: str


_BOTS: Final = {
    ChannelName.WECOM_BOT: _BotAddress(
        "/cgi-bin/webhook/send", "key", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…"
    ),
    ChannelName.DINGTALK: _BotAddress(
        "/robot/send", "access_token", "https://oapi.dingtalk.com/robot/send?access_token=…"
    ),
    ChannelName.FEISHU: _BotAddress("/open-apis/bot/v2/hook/", "", "https://open.feishu.cn/open-apis/bot/v2/hook/…"),
}

#: The way that always exists: a line in the service's log.
LOG_WAY: Final = Way(channel=ChannelName.LOG, address="log")


def check_way(way: Way) -> None:
    """Raise ValueError, saying what is wrong in Chinese, unless `way` could work."""
    address = way.address
    match way.channel:
        case ChannelName.EMAIL:
            _require(_EMAIL.fullmatch(address), "邮箱地址格式不正确")
        case ChannelName.WEBHOOK:
            check_webhook_url(address)
            check_secret(way.secret)
        case ChannelName.WECOM_BOT | ChannelName.DINGTALK | ChannelName.FEISHU:
            bot_key(way.channel, address)
            if way.channel is ChannelName.DINGTALK and way.secret:
                _require(way.secret.startswith("SEC"), "钉钉加签密钥以 SEC 开头")
        case ChannelName.WECOM_APP:
            _require(_USER_ID.fullmatch(address), "企业微信成员账号（userid）为 1 至 64 个字母、数字或 . _ - @")
        case ChannelName.SMS:
            _require(_MOBILE.fullmatch(address), "手机号须为 11 位大陆号码，或以 + 开头的国际号码")
        case ChannelName.VOICE:
            _require(_MOBILE.fullmatch(address) or _LANDLINE.fullmatch(address), "电话须为手机号，或带区号的固定电话")
        case ChannelName.WEB_PUSH:
            PushSubscription.read(address)
        case ChannelName.APPRISE:
            apprise_schema(address)


def _require(condition: object, otherwise: str) -> None:
    if not condition:
        raise ValueError(otherwise)


def bot_key(channel: ChannelName, address: str) -> str:
    """Return the key of a group's bot from `address`, which is the key alone or the URL that the vendor shows.

    Raises ValueError for anything else.
    """
    form = _BOTS[channel]
    if "://" not in address:
        key = address
    else:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise ValueError(f"{channel.chinese}的地址须为完整网址，或只填密钥")
        if form.query:
            values = parse_qs(parts.query).get(form.query, [])
            key = values[0] if parts.path == form.path and len(values) == 1 else ""
        else:
            key = parts.path.removeprefix(form.path) if parts.path.startswith(form.path) else ""
    if not _BOT_KEY.fullmatch(key):
        raise ValueError(f"{channel.chinese}的地址不含有效的密钥，应形如 {form.shown}")
    return key


def apprise_schema(address: str) -> str:
    """Return the schema of an apprise URL, in lower case.

    Raises ValueError for what is no such URL, and for services that have a channel of their own here: apprise counts
    every HTTP 200 as sent, also when the vendor says in it that nothing was.
    """
    schema, separator, rest = address.partition("://")
    schema = schema.lower()
    if not separator or not rest or not re.fullmatch(r"[a-z0-9]{1,30}", schema) or re.search(r"[\s,;]", address):
        raise ValueError("apprise 地址须为一个形如 tgram://… 的网址，不含空白、逗号和分号")
    own = APPRISE_OWN.get(schema)
    if own is not None:
        raise ValueError(f"请改用“{own.chinese}”渠道：apprise 不检查该服务答复中的错误码，会把失败当作已送达")
    return schema


class PushSubscription(BaseModel):
    """What a browser's PushManager gives out, as JSON: where to push to, and the browser's keys (RFC 8291)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    class Keys(BaseModel):
        """The browser's public key and the shared secret, base64url."""

        model_config = ConfigDict(frozen=True, extra="ignore")

        p256dh: str
        auth: str

    endpoint: str
    keys: Keys

    @classmethod
    def read(cls, address: str) -> Self:
        """Return the subscription that `address` holds as JSON. Raises ValueError."""
        try:
            found = cls.model_validate_json(address)
            key, auth = _unpadded(found.keys.p256dh), _unpadded(found.keys.auth)
        except ValueError as error:
            raise ValueError("浏览器推送的地址须为 PushSubscription 的 JSON") from error
        if len(key) != 65 or key[0] != 4 or len(auth) != 16:
            raise ValueError("浏览器推送订阅中的密钥长度不正确")
        check_webhook_url(found.endpoint)
        return found


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)


def check_webhook_url(address: str) -> None:
    """Raise ValueError unless `address` is an absolute http(s) URL without user name, password or fragment."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("回调地址格式不正确") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("回调地址须为 http 或 https 的完整网址")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("回调地址不得含用户名、口令或片段")
    if any(character.isspace() or ord(character) < 0x20 for character in address):
        raise ValueError("回调地址不得含空白字符")


def check_secret(secret: str | None) -> None:
    """Raise ValueError unless `secret` is ``whsec_`` and 24 to 64 bytes in base64 (Standard Webhooks)."""
    wanted = "签名密钥须为 whsec_ 加 24 至 64 字节的 base64"
    if not secret or not secret.startswith("whsec_"):
        raise ValueError(wanted)
    try:
        size = len(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
    except (binascii.Error, ValueError) as error:
        raise ValueError(wanted) from error
    if size not in SECRET_BYTES:
        raise ValueError(wanted)


def masked(channel: str, address: str) -> str:
    """Return `address` as those may see it who may not read contacts: enough to recognise, not to use."""
    match channel:
        case ChannelName.LOG:
            return address
        case ChannelName.EMAIL:
            local, _, domain = address.partition("@")
            return f"{local[:1]}***@{domain}"
        case ChannelName.WEBHOOK:
            return _host_only(address)
        case ChannelName.WEB_PUSH:
            try:
                return _host_only(PushSubscription.read(address).endpoint)
            except ValueError:
                return "***"
        case ChannelName.SMS | ChannelName.VOICE:
            kept = address[:-8] if len(address) > 8 else ""
            return f"{kept}****{address[-4:]}"
        case ChannelName.WECOM_APP:
            return f"{address[:1]}***"
        case ChannelName.APPRISE:
            return f"{address.partition('://')[0]}://***"
        case _:
            return f"***{address[-4:]}"


def _host_only(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}/***"
