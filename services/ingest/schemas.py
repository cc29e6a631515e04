"""What comes in and goes out over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SkipValidation

from contracts.words import Channel

MAX_TEXT: Final = 100_000
_LARGEST = 10**12
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def _instant(value: Any) -> Any:
    """Read a time that names no zone as Shanghai's, which is what Chinese pages mean."""
    if isinstance(value, str):
        text = value.strip().replace("/", "-")
        try:
            parsed = datetime.fromisoformat(text)
        except ValueError:
            return value
        if parsed.tzinfo is None:
            return parsed.replace(tzinfo=_SHANGHAI)
        return parsed
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # seconds since 1970, or milliseconds where the figure is too large for that
        try:
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        except (ValueError, OverflowError, OSError):
            return value
    return value


class PushedCounters(BaseModel):
    """Public counters as totals since publication. A figure beyond a million million is no counter."""

    model_config = ConfigDict(extra="ignore")

    reads: int = Field(0, ge=0, le=_LARGEST)
    likes: int = Field(0, ge=0, le=_LARGEST)
    comments: int = Field(0, ge=0, le=_LARGEST)
    reposts: int = Field(0, ge=0, le=_LARGEST)


class PushedPost(BaseModel):
    """One pushed post. Only `text` is required; unknown fields are passed over."""

    model_config = ConfigDict(extra="ignore")

    url: str | None = Field(None, max_length=2000)
    title: str = Field("", max_length=1000)
    text: str = Field(max_length=MAX_TEXT)
    published_at: Annotated[datetime, BeforeValidator(_instant)] | None = None
    channel: Channel | None = None
    source: str | None = Field(None, max_length=100)
    outlet: str | None = Field(None, max_length=100, description="文章自己注明的来源（转载自），与信源不同时")
    author: str | None = Field(None, max_length=200)
    repost_of: str | None = Field(None, max_length=2000)
    metrics: PushedCounters = Field(default_factory=PushedCounters)


class Push(BaseModel):
    """1 to 1000 posts. Each is looked at by itself, so that one bad post never loses the others."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "posts": [
                        {
                            "url": "https://example.com/a/1",
                            "title": "库区移民反映补偿款迟发",
                            "text": "澜沧县某安置点多名群众反映，搬迁补偿款迟迟没有到账。",
                            "published_at": "2026-01-02T03:04:05+08:00",
                            "channel": "weibo",
                            "source": "微博",
                            "author": "某网友",
                            "metrics": {"reads": 1200, "likes": 3, "comments": 8, "reposts": 2},
                        }
                    ]
                }
            ]
        }
    )

    # described as posts, checked one by one by intake
    posts: list[SkipValidation[PushedPost]] = Field(min_length=1, max_length=1000)


class Rejected(BaseModel):
    """A post that was not taken, by its index in the push, and why."""

    index: int
    reason: str


class Pushed(BaseModel):
    """What became of a push."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]
