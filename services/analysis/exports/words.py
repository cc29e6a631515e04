"""What the words of the domain are called in a file for officers."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from contracts.words import Channel, IncidentType, Level, Sentiment, Stage, Tier

#: by type, for `other` is a channel and a kind of incident; incidents as in the plan's clause 一
_CHINESE: Final[Mapping[type[StrEnum], Mapping[str, str]]] = {
    Sentiment: {"negative": "负面", "neutral": "中性", "positive": "正面"},
    IncidentType: {
        "natural_disaster": "自然灾害",
        "accident": "事故灾难",
        "public_health": "公共卫生事件",
        "social_security": "社会安全事件",
        "other": "其他",
    },
    Channel: {
        "news": "新闻",
        "forum": "论坛",
        "weibo": "微博",
        "wechat": "微信",
        "video": "视频",
        "blog": "博客",
        "other": "其他",
    },
    Tier: {
        "central": "中央媒体",
        "provincial": "省级媒体",
        "municipal": "市级媒体",
        "county": "县级媒体",
        "industry": "行业媒体",
        "social": "社会媒体",
        "self_media": "自媒体",
    },
    Level: {"I": "Ⅰ级", "II": "Ⅱ级", "III": "Ⅲ级", "IV": "Ⅳ级"},
    Stage: {"latent": "潜伏", "growing": "成长", "bursting": "爆发", "fading": "衰退"},
}


def word(value: StrEnum, *, chinese: bool) -> str:
    """Return what a value is called: in English the value itself, as the API has it."""
    return _CHINESE[type(value)][value] if chinese else value.value
