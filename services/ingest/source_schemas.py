"""What comes in and goes out over HTTP of sources, their health, and what is covered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from contracts.words import Channel, Tier, WatchMode
from services.ingest.collecting.health import Condition, Silence
from services.ingest.coverage import Watched

_EXAMPLES: list[JsonValue] = [
    {"name": "普洱论坛", "channel": "forum", "tier": "social"},
    {
        "name": "普洱新闻网",
        "channel": "news",
        "tier": "municipal",
        "url": "https://news.example.com/rss.xml",
        "adapter": "feed",
        "config": {},
        "cadence_minutes": 15,
        "places": ["思茅区"],
    },
]
_CADENCE = "多久看一次（分钟）；变化多的信源会自动更勤，少的更疏"


class NewSource(BaseModel):
    """A source to be made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": _EXAMPLES})

    name: str = Field(min_length=1, max_length=100)
    channel: Channel = Channel.OTHER
    tier: Tier = Tier.SELF_MEDIA
    url: str | None = Field(None, max_length=2000)
    adapter: str = Field("", max_length=32, description="采集方式，见 /api/v1/adapters；空：只接收推送")
    config: dict[str, Any] = Field(default_factory=dict, description="采集方式的设置")
    cadence_minutes: int = Field(30, ge=1, le=10_080, description=_CADENCE)
    places: list[str] = Field(default_factory=list, max_length=100, description="负责的县区；空：全部")
    topics: list[str] = Field(default_factory=list, max_length=100, description="负责的专题；空：全部")
    enabled: bool = Field(True, description="是否启用")


class SourceChange(BaseModel):
    """What to change of a source; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=100)
    channel: Channel | None = None
    tier: Tier | None = None
    url: str | None = Field(None, max_length=2000)
    enabled: bool | None = None
    adapter: str | None = Field(None, max_length=32)
    config: dict[str, Any] | None = None
    cadence_minutes: int | None = Field(None, ge=1, le=10_080)
    places: list[str] | None = Field(None, max_length=100)
    topics: list[str] | None = Field(None, max_length=100)


class Source(NewSource):
    """A source. `warnings` say what may not be meant so; they are given when it is made or changed."""

    id: str
    version: int
    created_at: datetime
    #: why it counts as silent, where it does
    silence: Silence | None = None
    last_success_at: datetime | None = None
    last_post_at: datetime | None = None
    next_at: datetime | None = Field(None, description="下次采集时间")
    warnings: list[str] = Field(default_factory=list)


class FetchOrdered(BaseModel):
    """The source is looked at now; `health` tells how it went."""

    source_id: str
    health: str


class AdapterInfo(BaseModel):
    """A way of collecting: `config_schema` is the JSON Schema of its settings."""

    name: str
    label: str
    config_schema: dict[str, Any]


class PreviewedPost(BaseModel):
    """A post as it would be stored (personal numbers masked, no author); `known`: it is stored already."""

    url: str | None
    title: str
    text: str = Field(description="正文开头，至多 500 字")
    length: int = Field(description="正文字数")
    published_at: datetime
    channel: Channel
    source_name: str | None
    outlet: str | None = Field(description="文章自己注明的来源")
    counters: dict[str, int]
    voice: bool = Field(description="有无发布者（只记不可还原的标识）")
    known: bool


class Missed(BaseModel):
    """What should have become a post and did not."""

    url: str
    reason: str


class SourceProblem(BaseModel):
    """What went wrong: its kind, in words, and what exactly was seen."""

    kind: str
    message: str
    detail: str | None


class SourcePreview(BaseModel):
    """What a source would bring. Nothing of it is stored."""

    posts: list[PreviewedPost]
    missed: list[Missed]
    problem: SourceProblem | None
    warnings: list[str] = Field(description="可能不是您想要的设置")
    seen: int = Field(description="信源列出的条目数")
    pages: int
    seconds: float


class PassShown(BaseModel):
    """One pass over a source."""

    model_config = ConfigDict(from_attributes=True)

    began_at: datetime
    seconds: float
    pages: int
    seen: int
    accepted: int
    duplicates: int
    rejected: int
    missed: int
    problem: str | None
    detail: str | None


class SourceHealth(BaseModel):
    """How a source is. Rates are 0..1; null where there is nothing to tell from."""

    source_id: str
    name: str
    condition: Condition
    silence: Silence | None
    silent_since: datetime | None
    problem: SourceProblem | None
    failures_in_a_row: int
    last_pass_at: datetime | None
    last_success_at: datetime | None
    last_post_at: datetime | None
    next_at: datetime | None
    interval_minutes: float | None
    surge: bool
    passes_24h: int
    success_rate_24h: float | None
    seconds_median_24h: float | None
    seconds_p95_24h: float | None
    posts_24h: int
    posts_per_day: float | None = Field(description="近 14 天平均每日新信息数：该信源的习惯")
    missed_24h: int
    passes: list[PassShown]


class Covered(BaseModel):
    """What one source on one channel brought in the last 24 hours."""

    channel: Channel
    source: str | None
    posts_24h: int
    last_collected_at: datetime


class CoveredCell(BaseModel):
    """One topic on one channel in one place: the enabled sources kept for it, and those that are heard."""

    topic: str
    channel: Channel
    place: str
    sources: int
    heard: int
    watched: Watched


class SilentSource(BaseModel):
    """A source that has gone silent."""

    source_id: str
    name: str
    silence: Silence
    since: datetime
    detail: str | None
    last_success_at: datetime | None
    last_post_at: datetime | None


class Coverage(BaseModel):
    """What is watched and what is not."""

    since: datetime
    items: list[Covered]
    silent_sources: list[str] = Field(description="24 小时内没有任何信息的信源名称")
    silent: list[SilentSource] = Field(description="已判定失声的信源及原因")
    conditions: dict[Condition, int]
    topics: dict[str, str] = Field(description="预案专题的名称")
    cells: list[CoveredCell]


class Watch(BaseModel):
    """What a case wants watched."""

    case_id: str
    event_id: str | None
    mode: WatchMode
    topics: list[str]
    keywords: list[str]
    until: datetime | None


class Ranked(BaseModel):
    """An entry's place on a hot list at one time."""

    model_config = ConfigDict(from_attributes=True)

    title: str
    url: str | None
    rank: int
    heat: int | None
    at: datetime


class EvidenceShown(BaseModel):
    """A page as fetched that showed a post: where it stood, when, and the SHA-256 of its body."""

    sha256: str
    url: str
    fetched_at: datetime
    size: int | None = Field(description="保存的字节数；null：原页已不可读")
    problem: str | None
    download: str


class Evidence(BaseModel):
    """The pages that showed a post."""

    post_id: str
    items: list[EvidenceShown]


class Purged(BaseModel):
    """What retention removed at one time."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    kind: str
    before: datetime
    count: int
    size: int


class RetentionShown(BaseModel):
    """How long things are kept, and what was removed last."""

    retention_days: int
    evidence_days: int
    record_days: int
    voice_key_days: int = Field(description="发布者标识多久换一次密钥（天）")
    purged: list[Purged]
