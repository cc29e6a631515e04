"""Hot lists: what a platform's public talks about most, with rank and heat as they change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from services.ingest.adapters.addresses import web_address
from services.ingest.adapters.brought import Brought, text_digest
from services.ingest.adapters.expressions import (
    Expression,
    NoAnswer,
    ask,
    beside,
    count_of,
    document_of,
    line_of,
    quoted,
    text_of,
)
from services.ingest.adapters.feed import source_address
from services.ingest.adapters.protocol import Collected, Config, Draft, Miss, Ranking, Surroundings
from services.ingest.adapters.secrets import OpenHeaders, SecretHeaders, revealed
from services.ingest.adapters.times import stated_time
from services.ingest.extraction.counters import labelled_counts
from services.ingest.fetching.page import JSON, FetchFailed, FetchProblem, Page
from services.ingest.privacy import mask

#: what is kept of a list between passes: entries, points an entry, and for how long an entry that left it
_KEPT_ENTRIES: Final = 60
_KEPT_POINTS: Final = 12
_KEPT_FOR: Final = timedelta(hours=24)
#: NewsNow writes the heat behind a word (综艺 85.0万), before one (1234万热度), or alone
_HEAT: Final = re.compile(
    r"(?:热度|热力值|指数)\s*[:：]?\s*([\d,.]+\s*[万亿wW]?)|([\d,.]+\s*[万亿wW]?)\+?\s*(?:热度|热力值)"
)
_BARE: Final = re.compile(r"(?:^|\s)([\d,.]+\s*[万亿wW]?)\+?$")


class HotListConfig(Config):
    """Settings of a hot list: NewsNow's JSON, or any other whose parts are said by JMESPath."""

    format: Literal["newsnow", "json"] = Field(
        "newsnow", title="格式 · Format", description="newsnow 或自定义 json / NewsNow's JSON, or one of another form"
    )
    list_name: str | None = Field(
        None, max_length=60, title="榜单名 · List", description="留空用监测点名称 / by default the source's name"
    )
    top: int = Field(50, ge=1, le=200, title="取前几名 · Top", description="只看前几名 / entries from the top")
    items: Expression | None = Field(
        None, title="条目 · Items", description="json 格式：条目列表的 JMESPath / where the list of entries lies"
    )
    title: Expression | None = Field(None, title="标题 · Title", description="json 格式：条目标题 / an entry's title")
    url: Expression | None = Field(None, title="网址 · URL", description="json 格式：条目网址 / an entry's address")
    text: Expression | None = Field(None, title="说明 · Text", description="json 格式：条目说明 / an entry's text")
    heat: Expression | None = Field(
        None, title="热度 · Heat", description="json 格式：热度，可为 1.2万 / an entry's heat, a number or 1.2万"
    )
    published_at: Expression | None = Field(
        None, title="时间 · Time", description="json 格式：发布时间 / time of publication"
    )
    headers: OpenHeaders = Field(
        default_factory=dict, max_length=20, title="请求头 · Headers", description="不含密钥的请求头 / without secrets"
    )
    secret_headers: SecretHeaders = Field(
        default_factory=dict,
        max_length=5,
        title="密钥请求头 · Secret headers",
        description="请求头名到环境变量名（以 HUIYING_SOURCE_ 开头） / headers by environment variable",
    )

    @model_validator(mode="after")
    def _expressions(self) -> HotListConfig:
        named = [name for name in ("items", "title", "url", "text", "heat", "published_at") if getattr(self, name)]
        if self.format == "newsnow" and named:
            raise ValueError(f"{named[0]} 只用于 format=json / {named[0]} is for format=json alone")
        if self.format == "json" and not (self.items and self.title):
            missing = "items" if not self.items else "title"
            raise ValueError(f"{missing}：format=json 时必须填写 / {missing} is required for format=json")
        return self


@dataclass(frozen=True, slots=True)
class _Entry:
    title: str
    url: str | None
    text: str
    heat: int | None
    counters: Mapping[str, int]
    published_at: datetime | None


class HotListAdapter:
    """Reads a hot list at the source's address."""

    name: ClassVar[str] = "hot_list"
    label: ClassVar[str] = "热榜（排名与热度）"
    config: ClassVar[type[Config]] = HotListConfig

    async def collect(self, config: HotListConfig, around: Surroundings) -> Collected:
        """Return the list as it stands: every entry a post and a ranking. Raises FetchFailed where it is no list."""
        headers = {**config.headers, **revealed(config.secret_headers)}
        page = await around.fetch(source_address(around), accept=JSON, headers=headers)
        items = await beside(page, _items, page, config)
        if not items:
            raise FetchFailed(FetchProblem.CONTENT, "热榜没有任何条目", url=page.url, status=page.status)
        entries: list[_Entry] = []
        misses: list[Miss] = []
        for index, item in enumerate(items[: config.top]):
            try:
                entries.append(_entry(item, config, page, around.now))
            except NoAnswer as error:
                misses.append(Miss(page.url, f"第 {index + 1} 名：{error}", f"entry {index + 1} cannot be read"))
        if not entries:
            raise FetchFailed(FetchProblem.CONTENT, f"没有一个条目可以读取：{misses[0].reason_zh}", url=page.url)
        name = config.list_name or around.source.name
        rankings = [
            Ranking(name, entry.url, mask(entry.title), rank, entry.heat, around.now)
            for rank, entry in enumerate(entries, start=1)
        ]
        brought = Brought(around.state.get("brought", ()))
        drafts = await _new_first([_draft(entry, page.digest) for entry in entries], around, brought)
        drafts = drafts[: around.limit]
        history = _history(around.state.get("history", {}), rankings, around.now)
        state = {"history": history, "brought": brought.note(drafts)}
        return Collected(drafts, state, seen=len(entries), misses=misses, rankings=rankings)


ADAPTER = HotListAdapter()


async def _new_first(drafts: list[Draft], around: Surroundings, brought: Brought) -> list[Draft]:
    """Return the drafts with those not stored yet before the others, each in the list's order."""
    known = await around.known({draft.url for draft in drafts if draft.url})
    return sorted(drafts, key=lambda draft: draft.url in known if draft.url else brought.holds(draft.text))


def _items(page: Page, config: HotListConfig) -> list[Any]:
    document = document_of(page)
    if config.format == "newsnow":
        status = document.get("status") if isinstance(document, dict) else None
        items = document.get("items") if isinstance(document, dict) else None
        if status not in ("success", "cache") or not isinstance(items, list):
            detail = f"不是 NewsNow 的热榜（status：{quoted(status)}）；其他格式请用 format=json"
            raise FetchFailed(FetchProblem.CONTENT, detail, url=page.url, status=page.status)
        return items
    try:
        items = ask(config.items, document)
    except NoAnswer as error:
        raise FetchFailed(FetchProblem.CONTENT, str(error), url=page.url, status=page.status) from None
    if not isinstance(items, list):
        detail = f"items 表达式 {config.items} 没有得到列表"
        raise FetchFailed(FetchProblem.CONTENT, detail, url=page.url, status=page.status)
    return items


def _entry(item: Any, config: HotListConfig, page: Page, now: datetime) -> _Entry:
    if config.format == "newsnow":
        return _newsnow(item, page, now)
    title = line_of(ask(config.title, item))
    if not title:
        raise NoAnswer("没有标题")
    stated = ask(config.heat, item)
    heat = count_of(stated)
    if heat is None:
        heat = _heat(line_of(stated))
    return _Entry(
        title=title,
        url=web_address(ask(config.url, item), page.url),
        text=text_of(ask(config.text, item)),
        heat=heat,
        counters={"reads": heat} if heat is not None else {},
        published_at=stated_time(ask(config.published_at, item), now),
    )


def _newsnow(item: Any, page: Page, now: datetime) -> _Entry:
    if not isinstance(item, dict) or not (title := line_of(item.get("title"))):
        raise NoAnswer("没有标题")
    extra = item.get("extra")
    extra = extra if isinstance(extra, dict) else {}
    info = line_of(extra.get("info"))
    counters = labelled_counts([info]) if info else {}
    heat = _heat(info)
    if heat is not None:
        counters.setdefault("reads", heat)
    return _Entry(
        title=title,
        url=web_address(item.get("url"), page.url) or web_address(item.get("mobileUrl"), page.url),
        text=text_of(extra.get("hover")),
        heat=heat if heat is not None else counters.get("reads"),
        counters=counters,
        published_at=stated_time(item.get("pubDate") or extra.get("date"), now),
    )


def _heat(info: str) -> int | None:
    found = _HEAT.search(info) or _BARE.search(info)
    return count_of(next((group for group in found.groups() if group), None)) if found else None


def _draft(entry: _Entry, evidence: str) -> Draft:
    # the same words twice would count as two mentions
    text = f"{entry.title}\n{entry.text}" if entry.text and entry.text != entry.title else entry.title
    return Draft(
        text=text,
        url=entry.url,
        title=entry.title,
        published_at=entry.published_at,
        counters=entry.counters,
        evidence=evidence,
    )


def _history(before: Mapping[str, Any], rankings: Sequence[Ranking], now: datetime) -> dict[str, Any]:
    """Return for each entry its title, best rank, and latest points [seconds since 1970, rank, heat], changes only.

    Titles are masked. Bounded: 60 entries, 12 points each; an entry that left the list is kept for 24 hours.
    """
    at = int(now.astimezone(UTC).timestamp())
    history = {key: dict(kept) for key, kept in before.items()}
    for ranking in rankings:
        key = text_digest(ranking.url or ranking.title)
        kept = history.setdefault(key, {"title": ranking.title[:60], "best": ranking.rank, "since": at, "points": []})
        kept["title"], kept["best"], kept["seen"] = ranking.title[:60], min(kept["best"], ranking.rank), at
        points = kept["points"]
        if not points or points[-1][1:] != [ranking.rank, ranking.heat]:
            kept["points"] = [*points, [at, ranking.rank, ranking.heat]][-_KEPT_POINTS:]
    oldest = at - int(_KEPT_FOR.total_seconds())
    recent = [(key, kept) for key, kept in history.items() if kept["seen"] >= oldest]
    recent.sort(key=lambda pair: (-pair[1]["seen"], pair[1]["points"][-1][1]))
    return dict(recent[:_KEPT_ENTRIES])
