"""Ways of reaching a person: a channel, an address on it, and a secret where the channel signs."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

#: Key sizes that the Standard Webhooks specification asks for, in bytes.
SECRET_BYTES: Final = range(24, 65)
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


class ChannelName(StrEnum):
    """Channels that a person can be reached by."""

    LOG = "log"
    EMAIL = "email"
    WEBHOOK = "webhook"


class Way(BaseModel):
    """One way of reaching a person. A way that its receiver has closed stays listed, with the reason."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    channel: ChannelName
    address: str = ""
    secret: str | None = None
    enabled: bool = True
    disabled_reason: str | None = None
    #: when its owner gave back the code that was sent to it; None: nobody knows yet that it reaches them
    verified_at: datetime | None = None


#: The way that always exists: a line in the service's log.
LOG_WAY: Final = Way(channel=ChannelName.LOG, address="log")


def check_way(way: Way) -> None:
    """Raise ValueError, saying what is wrong in Chinese, unless `way` could work."""
    if way.channel is ChannelName.EMAIL and not _EMAIL.fullmatch(way.address):
        raise ValueError("邮箱地址格式不正确")
    if way.channel is ChannelName.WEBHOOK:
        check_webhook_url(way.address)
        check_secret(way.secret)


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
    if channel == ChannelName.EMAIL:
        local, _, domain = address.partition("@")
        return f"{local[:1]}***@{domain}"
    if channel == ChannelName.WEBHOOK:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.hostname or ''}/***"
    return address
