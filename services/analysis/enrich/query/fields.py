"""The fields of a query and the values that they take: channels and places, by all their names."""

from __future__ import annotations

from typing import Final

from contracts.words import Channel

TITLE: Final = "title"
PLACE: Final = "place"
CHANNEL: Final = "channel"

#: Every name of a field, as it is folded.
FIELDS: Final = {
    "title": TITLE,
    "标题": TITLE,
    "place": PLACE,
    "地点": PLACE,
    "channel": CHANNEL,
    "渠道": CHANNEL,
}
FIELD_LIST: Final = "title(标题)、place(地点)、channel(渠道)"

#: The Chinese name of each channel, by which an officer may call it too.
CHANNEL_NAMES: Final = {
    Channel.NEWS: "新闻",
    Channel.FORUM: "论坛",
    Channel.WEIBO: "微博",
    Channel.WECHAT: "微信",
    Channel.VIDEO: "视频",
    Channel.BLOG: "博客",
    Channel.OTHER: "其他",
}
CHANNEL_LIST: Final = "、".join(f"{channel.value}({name})" for channel, name in CHANNEL_NAMES.items())

_CHANNELS: Final = {channel.value: channel for channel in Channel} | {
    name: channel for channel, name in CHANNEL_NAMES.items()
}


def channel_named(name: str) -> Channel | None:
    """Return the channel of a folded name, English or Chinese, or None."""
    return _CHANNELS.get(name)
