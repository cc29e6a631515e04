"""Which columns a file can have. None is about an author, and none may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, Literal, TypeVar

from kit.tables.cells import Cell, Heading, Kind
from services.analysis.event_schemas import EventView
from services.analysis.exports.words import word
from services.analysis.post_schemas import PostView

T = TypeVar("T")
What = Literal["posts", "events"]


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post as the API shows it, with the names of what it refers to."""

    post: PostView
    topics: Sequence[str]
    event_title: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as the API shows it, with the names of its topics."""

    event: EventView
    topics: Sequence[str]


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column: its key in the API, its heading, and the value of a row."""

    key: str
    zh: str
    en: str
    kind: Kind
    width: float
    value: Callable[[T], datetime | StrEnum | str | float | Sequence[str] | None]

    def heading(self, *, chinese: bool) -> Heading:
        """Return how the column is headed; times say whose they are."""
        suffix = ("（北京时间）" if chinese else " (UTC+8)") if self.kind is Kind.TIME else ""
        return Heading((self.zh if chinese else self.en) + suffix, self.kind, self.width)

    def cell(self, row: T, *, chinese: bool) -> Cell:
        """Return what stands in the column for a row."""
        value = self.value(row)
        if isinstance(value, StrEnum):
            return word(value, chinese=chinese)
        if value is None or isinstance(value, (str, int, float, datetime)):
            return value
        return ("、" if chinese else "; ").join(value)


_TEXT, _TIME, _WHOLE, _DECIMAL, _SHARE = Kind.TEXT, Kind.TIME, Kind.WHOLE, Kind.DECIMAL, Kind.SHARE

_POSTS: Final[Sequence[Column[PostRow]]] = (
    Column("published_at", "发布时间", "Published", _TIME, 20, lambda row: row.post.published_at),
    Column("channel", "渠道", "Channel", _TEXT, 8, lambda row: row.post.channel),
    Column("source", "来源", "Source", _TEXT, 18, lambda row: row.post.source_name or row.post.source),
    Column("tier", "来源级别", "Tier", _TEXT, 10, lambda row: row.post.source_tier),
    Column("title", "标题", "Title", _TEXT, 36, lambda row: row.post.title),
    Column("text", "正文", "Text", _TEXT, 60, lambda row: row.post.text),
    Column("url", "链接", "Address", _TEXT, 30, lambda row: row.post.url),
    Column("sentiment", "情感", "Sentiment", _TEXT, 8, lambda row: row.post.analysis.sentiment.label),
    Column("score", "情感得分", "Score", _DECIMAL, 10, lambda row: row.post.analysis.sentiment.score),
    Column("incident_type", "事件类型", "Incident type", _TEXT, 14, lambda row: row.post.analysis.incident_type),
    Column("topics", "监测专题", "Topics", _TEXT, 20, lambda row: row.topics),
    Column("places", "涉及地区", "Places", _TEXT, 16, lambda row: row.post.analysis.places),
    Column("keywords", "关键词", "Keywords", _TEXT, 28, lambda row: row.post.analysis.keywords),
    Column("reads", "阅读", "Reads", _WHOLE, 10, lambda row: row.post.metrics.reads),
    Column("likes", "点赞", "Likes", _WHOLE, 8, lambda row: row.post.metrics.likes),
    Column("comments", "评论", "Comments", _WHOLE, 8, lambda row: row.post.metrics.comments),
    Column("reposts", "转发", "Reposts", _WHOLE, 8, lambda row: row.post.metrics.reposts),
    Column("event_id", "事件编号", "Event id", _TEXT, 38, lambda row: row.post.event_id),
    Column("event_title", "所属事件", "Event", _TEXT, 36, lambda row: row.event_title),
    Column("id", "编号", "Id", _TEXT, 38, lambda row: row.post.id),
)

_EVENTS: Final[Sequence[Column[EventRow]]] = (
    Column("title", "事件名称", "Title", _TEXT, 36, lambda row: row.event.title),
    Column("stage", "阶段", "Stage", _TEXT, 8, lambda row: row.event.stage),
    Column("level", "响应级别", "Level", _TEXT, 10, lambda row: row.event.level),
    Column("heat", "热度", "Heat", _DECIMAL, 10, lambda row: row.event.metrics.heat),
    Column("first_seen", "首次出现", "First seen", _TIME, 20, lambda row: row.event.first_seen),
    Column("last_seen", "最近出现", "Last seen", _TIME, 20, lambda row: row.event.last_seen),
    Column("duration_hours", "持续小时", "Hours", _DECIMAL, 10, lambda row: row.event.metrics.duration_hours),
    Column("incident_type", "事件类型", "Incident type", _TEXT, 14, lambda row: row.event.incident_type),
    Column("topics", "监测专题", "Topics", _TEXT, 20, lambda row: row.topics),
    Column("places", "涉及地区", "Places", _TEXT, 16, lambda row: row.event.places),
    Column("townships", "涉及乡镇", "Townships", _TEXT, 20, lambda row: row.event.townships),
    Column("keywords", "关键词", "Keywords", _TEXT, 28, lambda row: row.event.keywords),
    Column("posts_total", "信息总数", "Posts", _WHOLE, 10, lambda row: row.event.metrics.posts_total),
    Column("posts_1h", "近1小时信息", "Posts, 1 h", _WHOLE, 12, lambda row: row.event.metrics.posts_1h),
    Column("posts_24h", "近24小时信息", "Posts, 24 h", _WHOLE, 12, lambda row: row.event.metrics.posts_24h),
    Column("growth", "增长倍数", "Growth", _DECIMAL, 10, lambda row: row.event.metrics.growth),
    Column("negative_share", "负面占比", "Negative share", _SHARE, 10, lambda row: row.event.metrics.negative_share),
    Column("reads", "阅读", "Reads", _WHOLE, 10, lambda row: row.event.metrics.reads),
    Column("interactions", "互动", "Interactions", _WHOLE, 10, lambda row: row.event.metrics.interactions),
    Column("voices", "发声人数", "Voices", _WHOLE, 10, lambda row: row.event.metrics.voices),
    Column("sources", "来源数", "Sources", _WHOLE, 8, lambda row: row.event.metrics.sources),
    Column("top_tier", "最高来源级别", "Top tier", _TEXT, 12, lambda row: row.event.metrics.top_tier),
    Column("summary", "摘要", "Summary", _TEXT, 60, lambda row: row.event.summary),
    Column("id", "编号", "Id", _TEXT, 38, lambda row: row.event.id),
)

#: by what is exported, in the order that they have where nobody chose
COLUMNS: Final[Mapping[str, Sequence[Column[Any]]]] = {"posts": _POSTS, "events": _EVENTS}


def chosen(what: str, keys: Sequence[str]) -> list[Column[Any]]:
    """Return the columns of `keys`, in their order. Raises KeyError for one that there is not."""
    known = {column.key: column for column in COLUMNS[what]}
    return [known[key] for key in keys]
