"""List pages: the news columns and boards that have no feed, and the article or thread pages that they link."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field, model_validator

from services.ingest.adapters.addresses import Exclude, Include, path_wanted
from services.ingest.adapters.article_pages import Listed, Reader, article_reader, follow
from services.ingest.adapters.feed import source_address
from services.ingest.adapters.list_reading import ListSelectors, NothingListed, following_page, read_list
from services.ingest.adapters.protocol import Collected, Config, Miss, OutOfTime, Surroundings
from services.ingest.adapters.selectors import ArticleSelectors, Selector
from services.ingest.adapters.thread_pages import thread_reader
from services.ingest.fetching.page import FetchFailed, FetchProblem, Page


class ListPageConfig(Config):
    """Settings of a list page. Without any, the links to articles and to the next page are found by themselves."""

    items: Selector | None = Field(
        None,
        title="条目 · Items",
        description="每个条目的 CSS 选择器，如 ul.news li；留空自动识别文章链接 / CSS selector of the list's entries",
    )
    link: Selector | None = Field(
        None, title="链接 · Link", description="条目内链接的选择器，留空取第一个链接 / the link within an entry"
    )
    title: Selector | None = Field(
        None, title="标题 · Title", description="条目内标题的选择器，留空取链接文字 / the title within an entry"
    )
    time: Selector | None = Field(
        None, title="时间 · Time", description="条目内时间的选择器；文章页的时间优先 / the time within an entry"
    )
    next: Selector | None = Field(
        None, title="下一页 · Next", description="下一页链接的选择器，留空自动识别 / the link to the next page"
    )
    pages: int = Field(
        1,
        ge=1,
        le=50,
        title="页数上限 · Pages",
        description="每次最多翻几页；遇到已采集的文章即停 / list pages of one pass; it stops where articles are known",
    )
    include: Include
    exclude: Exclude
    article: ArticleSelectors = Field(
        default_factory=ArticleSelectors,
        title="文章页 · Article",
        description="文章页各部分的选择器，留空自动识别 / selectors of the article pages' parts",
    )
    threads: bool = Field(
        False,
        title="论坛帖 · Threads",
        description="链接的是论坛帖：主楼与各楼回复分别入库 / the links are threads: each reply becomes a post",
    )
    revisits: int = Field(
        10,
        ge=0,
        le=100,
        title="重读 · Revisits",
        description="论坛帖：每次重读列表最前的几个已采集的帖子 / known threads at the top, read again for new replies",
    )
    search_url: str | None = Field(
        None,
        max_length=2000,
        pattern=r"^https?://[^\s]*\{keyword\}[^\s]*$",
        title="搜索网址 · Search URL",
        description="含 {keyword} 的搜索结果页：加强监测时按关键词另外搜索 / asked for each keyword in surge watch",
    )

    @model_validator(mode="after")
    def _within_items(self) -> ListPageConfig:
        for name in ("link", "title", "time"):
            if getattr(self, name) and not self.items:
                raise ValueError(
                    f"填写了 {name} 时必须填写 items / {name} is looked for within items: items is required"
                )
        return self

    @property
    def selectors(self) -> ListSelectors:
        """Return the selectors of the list page."""
        return ListSelectors(self.items, self.link, self.title, self.time, self.next)


class ListPageAdapter:
    """Reads the list page at the source's address, and the new articles that it links."""

    name: ClassVar[str] = "list_page"
    label: ClassVar[str] = "网页列表"
    config: ClassVar[type[Config]] = ListPageConfig

    async def collect(self, config: ListPageConfig, around: Surroundings) -> Collected:
        """Return the new articles. Raises FetchFailed where the list cannot be had, or lists nothing."""
        state = around.state
        first = await around.fetch(source_address(around), validators=state.get("validators") or None)
        unchanged = first.not_modified or first.digest == state.get("digest")
        if unchanged and not around.keywords:
            return Collected((), dict(state), unchanged=True)
        walk = _Walk()
        if not unchanged:
            await _through(first, config, around, walk, on=bool(state.get("unfinished")))
        for keyword in around.keywords if config.search_url else ():
            if around.half_spent() or not await _search(keyword, config, around, walk):
                break
        reader: Reader = thread_reader() if config.threads else article_reader(config.article)
        attempts = state.get("attempts", {})
        followed = await follow(list(walk.fresh.values()), around, reader, limit=around.limit, attempts=attempts)
        drafts, misses = followed.drafts, [*walk.misses, *followed.misses]
        if config.threads and len(drafts) < around.limit:
            again = await follow(
                walk.known[: config.revisits],
                around,
                reader,
                limit=around.limit - len(drafts),
                attempts=followed.attempts,
            )
            followed.attempts = again.attempts
            drafts, misses = drafts + again.drafts, misses + again.misses
        left: dict[str, Any] = {"attempts": followed.attempts}
        left |= {"unfinished": True} if followed.waiting or walk.cut else _mark(first, state)
        return Collected(drafts, left, seen=walk.seen, misses=misses)


ADAPTER = ListPageAdapter()


@dataclass(slots=True)
class _Walk:
    fresh: dict[str, Listed] = field(default_factory=dict)
    known: list[Listed] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    seen: int = 0
    #: there were further pages, and no room for their articles or no time for them
    cut: bool = False


def _mark(first: Page, state: Mapping[str, Any]) -> dict[str, Any]:
    if first.not_modified:
        return {name: state[name] for name in ("validators", "digest") if name in state}
    return {"validators": first.validators, "digest": first.digest}


async def _through(page: Page, config: ListPageConfig, around: Surroundings, walk: _Walk, *, on: bool) -> None:
    """Take in a list from its first page. With `on`, known articles don't end it: an earlier pass left some behind."""
    turned = {page.requested, page.url}
    for number in range(config.pages):
        try:
            listed, misses = await asyncio.to_thread(read_list, page, config.selectors, around.now)
        except NothingListed as error:
            if number:
                return
            raise FetchFailed(FetchProblem.CONTENT, str(error), url=page.url, status=page.status) from None
        listed = [one for one in listed if one.url and path_wanted(one.url, config.include, config.exclude)]
        known = await around.known({one.url for one in listed if one.url})
        walk.seen += len(listed)
        walk.misses += misses
        for one in listed:
            if one.url in known:
                walk.known.append(one)
            elif one.url:
                walk.fresh.setdefault(one.url, one)
        # what is pinned to the top is known long before the rest: only the last entry tells where the known begins
        if listed and listed[-1].url in known and not on:
            return
        following = following_page(page, config.selectors) if number + 1 < config.pages else None
        if following is None or following in turned:
            return
        if len(walk.fresh) >= around.limit or around.half_spent():
            walk.cut = True
            return
        turned.add(following)
        try:
            page = await around.fetch(following)
        except OutOfTime:
            walk.cut = True
            return
        except FetchFailed as failure:
            walk.misses.append(Miss(following, f"列表下一页读取失败：{failure.detail}", f"not had: {failure.problem}"))
            return


async def _search(keyword: str, config: ListPageConfig, around: Surroundings, walk: _Walk) -> bool:
    """Take in a search's list; tells whether there is time for another."""
    url = str(config.search_url).replace("{keyword}", quote(keyword, safe=""))
    try:
        await _through(await around.fetch(url), config, around, walk, on=False)
    except OutOfTime:
        return False
    except FetchFailed as failure:
        walk.misses.append(Miss(url, f"搜索“{keyword}”失败：{failure.detail}", f"search failed: {failure.problem}"))
    return True
