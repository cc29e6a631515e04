"""JSON APIs: what an entry is and where its parts lie is said by JMESPath."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from services.ingest.adapters.addresses import web_address
from services.ingest.adapters.article_pages import Listed, article_reader, follow
from services.ingest.adapters.brought import Brought
from services.ingest.adapters.expressions import (
    NoAnswer,
    ask,
    beside,
    count_of,
    document_of,
    line_of,
    quoted,
    text_of,
    time_of,
)
from services.ingest.adapters.feed import source_address
from services.ingest.adapters.json_api_config import ByAddress, ByCursor, ByPage, JsonApiConfig
from services.ingest.adapters.protocol import Collected, Config, Draft, Miss, OutOfTime, Surroundings
from services.ingest.adapters.secrets import revealed
from services.ingest.fetching.page import JSON, FetchFailed, FetchProblem, Page

_MOST_ITEMS: Final = 2000


class JsonApiAdapter:
    """Reads a JSON API at the source's address."""

    name: ClassVar[str] = "json_api"
    label: ClassVar[str] = "JSON 接口"
    config: ClassVar[type[Config]] = JsonApiConfig

    async def collect(self, config: JsonApiConfig, around: Surroundings) -> Collected:
        """Return the entries that are new, or whose figures are shown. Raises FetchFailed where the API is no use."""
        reading = _Reading()
        await _through(source_address(around), config, around, reading, on=bool(around.state.get("unfinished")))
        if reading.seen and len(reading.misses) == reading.seen:
            detail = f"没有一个条目可以读取：{reading.misses[0].reason_zh}"
            raise FetchFailed(FetchProblem.CONTENT, detail)
        for keyword in around.keywords if config.search_url else ():
            url = str(config.search_url).replace("{keyword}", quote(keyword, safe=""))
            if _no_more_lists(config, around):
                break
            try:
                await _through(url, config, around, reading, on=False)
            except OutOfTime:
                break
            except FetchFailed as failure:
                reason = f"搜索“{keyword}”失败：{failure.detail}"
                reading.misses.append(Miss(url, reason, f"search failed: {failure.problem}"))
        return await _chosen(reading, config, around)


ADAPTER = JsonApiAdapter()


@dataclass(slots=True)
class _Reading:
    drafts: list[Draft] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    seen: int = 0
    #: there were further pages, and no time for them
    cut: bool = False


def _no_more_lists(config: JsonApiConfig, around: Surroundings) -> bool:
    """Tell whether the time left is for the entries' own pages."""
    return config.full_text and around.half_spent()


async def _chosen(reading: _Reading, config: JsonApiConfig, around: Surroundings) -> Collected:
    """Return what this pass brings: new entries first, then those known whose figures may have grown."""
    brought = Brought(around.state.get("brought", ()))
    by_url = {draft.url or f"#{index}": draft for index, draft in enumerate(reading.drafts)}
    known = await around.known({draft.url for draft in by_url.values() if draft.url})
    fresh: list[Draft] = []
    recounted: list[Draft] = []
    for draft in by_url.values():
        if not (draft.url in known if draft.url else brought.holds(draft.text)):
            fresh.append(draft)
        elif draft.counters:
            recounted.append(draft)
    state: dict[str, Any] = {}
    misses, waiting = reading.misses, 0
    if config.full_text:
        followed = await follow(
            [_listed(draft) for draft in fresh if draft.url],
            around,
            article_reader(),
            limit=around.limit,
            attempts=around.state.get("attempts", {}),
        )
        state["attempts"] = followed.attempts
        misses, waiting = misses + followed.misses, followed.waiting
        fresh = followed.drafts + [draft for draft in fresh if not draft.url]
    if reading.cut or waiting or len(fresh) > around.limit:
        state["unfinished"] = True
    drafts = (fresh + recounted)[: around.limit]
    state["brought"] = brought.note(drafts)
    return Collected(drafts, state, seen=reading.seen, misses=misses)


def _listed(draft: Draft) -> Listed:
    return Listed(
        url=draft.url,
        title=draft.title,
        text=draft.text,
        published_at=draft.published_at,
        author=draft.author,
        outlet=draft.outlet,
        counters=draft.counters,
        evidence=draft.evidence,
    )


async def _through(url: str, config: JsonApiConfig, around: Surroundings, reading: _Reading, *, on: bool) -> None:
    """Take in pages until one has no entries or brings nothing new, or the bound is reached.

    With `on`, known entries don't end it: an earlier pass left some behind.
    """
    headers = {**config.headers, **revealed(config.secret_headers)}
    turning = config.pagination
    address: str | None = _with(url, turning.parameter, str(turning.first)) if isinstance(turning, ByPage) else url
    asked: set[str] = set()
    total = 0
    for number in range(turning.pages if turning else 1):
        if address is None or address in asked:
            return
        asked.add(address)
        try:
            if number and _no_more_lists(config, around):
                raise OutOfTime
            page = await around.fetch(address, accept=JSON, headers=headers)
        except OutOfTime:
            if not number:
                raise
            reading.cut = True
            return
        document, items = await beside(page, _items, page, config)
        before = len(reading.drafts)
        await beside(page, _take, (page, items[: _MOST_ITEMS - total]), config, around, reading)
        total += len(items)
        if not items or total >= _MOST_ITEMS or turning is None:
            return
        urls = {draft.url for draft in reading.drafts[before:] if draft.url}
        if not on and urls and await around.known(urls) >= urls:
            return
        if isinstance(turning, ByPage):
            address = _with(url, turning.parameter, str(turning.first + (number + 1) * turning.step))
        else:
            address = _next(turning, document, url, page)


def _next(turning: ByCursor | ByAddress, document: Any, url: str, page: Page) -> str | None:
    try:
        found = ask(turning.next, document)
    except NoAnswer as error:
        raise FetchFailed(FetchProblem.CONTENT, f"pagination.next：{error}", url=page.url) from None
    if found in (None, "", 0, "0", False) or isinstance(found, (list, dict)):
        return None
    if isinstance(turning, ByCursor):
        return _with(url, turning.parameter, line_of(found))
    following = web_address(str(found), page.url)
    if following is None:
        return None
    # secrets go with the request: never to another host than the source's own, nor in the clear
    return following if urlsplit(following)[:2] == urlsplit(url)[:2] else None


def _items(page: Page, config: JsonApiConfig) -> tuple[Any, list[Any]]:
    document = document_of(page)
    try:
        succeeded = config.ok is None or bool(ask(config.ok, document))
        items = ask(config.items, document)
    except NoAnswer as error:
        raise FetchFailed(FetchProblem.CONTENT, str(error), url=page.url, status=page.status) from None
    if not succeeded:
        message = line_of(ask("msg || message || error || errmsg", document) if isinstance(document, dict) else None)
        detail = f"接口表示失败（{config.ok} 不成立）{'：' + quoted(message) if message else ''}"
        raise FetchFailed(FetchProblem.CONTENT, detail, url=page.url, status=page.status)
    if not isinstance(items, list):
        kind = {"NoneType": "空", "dict": "对象", "str": "文字"}.get(type(items).__name__, "其他")
        keys = f"；顶层字段：{quoted('、'.join(map(str, list(document)[:10])))}" if isinstance(document, dict) else ""
        detail = f"items 表达式 {config.items} 没有得到列表（得到{kind}）{keys}"
        raise FetchFailed(FetchProblem.CONTENT, detail, url=page.url, status=page.status)
    return document, items


def _take(answered: tuple[Page, list[Any]], config: JsonApiConfig, around: Surroundings, reading: _Reading) -> None:
    page, items = answered
    for index, item in enumerate(items):
        try:
            reading.drafts.append(_draft(item, config, page, around))
        except NoAnswer as error:
            reading.misses.append(Miss(page.url, f"第 {index + 1} 条：{error}", f"entry {index + 1} cannot be read"))
    reading.seen += len(items)


def _draft(item: Any, config: JsonApiConfig, page: Page, around: Surroundings) -> Draft:
    title, text = line_of(ask(config.title, item)), text_of(ask(config.text, item))
    url = web_address(ask(config.url, item), page.url)
    if not title and not text and not (config.full_text and url):
        raise NoAnswer("既没有标题也没有正文")
    figures = {name: count_of(ask(expression, item)) for name, expression in config.counters}
    return Draft(
        text=text or title,
        url=url,
        title=title,
        published_at=time_of(ask(config.published_at, item), around.now),
        author=line_of(ask(config.author, item))[:200] or None,
        outlet=line_of(ask(config.outlet, item))[:100] or None,
        repost_of=web_address(ask(config.repost_of, item), page.url),
        counters={name: figure for name, figure in figures.items() if figure is not None},
        evidence=page.digest,
    )


def _with(url: str, parameter: str, value: str) -> str:
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != parameter]
    return urlunsplit(parts._replace(query=urlencode([*query, (parameter, value)])))
