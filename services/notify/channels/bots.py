"""What the bots of group chats have in common: their keys may only be used at the vendor's own host."""

from __future__ import annotations

from urllib.parse import urlsplit

from contracts.words import ChannelName
from services.notify.ways import bot_key


def key_at(channel: ChannelName, address: str, base: str) -> str:
    """Return the bot's key, if `address` is a key or a URL at the host of `base`. Raises ValueError."""
    key = bot_key(channel, address)
    if "://" in address and urlsplit(address).netloc.lower() != urlsplit(base).netloc.lower():
        raise ValueError(f"{channel.chinese}的地址不在 {urlsplit(base).netloc}")
    return key
