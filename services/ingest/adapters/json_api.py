"""JSON APIs: what an entry is and where its parts lie is said by JMESPath."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from services.ingest.adapters.addresses import web_address
from services.ingest.adapters.article_pages import Listed, article_reader, follow
from services.ingest.adapters.expressions import (
    NoAnswer,
    ask,
    count_of,
    document_of,
    line_of,
    text_of,
    time_of,
)
from services.ingest.adapters.feed import source_address
from services.ingest.adapters.json_api_config import ByAddress, ByCursor, ByPage, JsonApiConfig
from services.ingest.adapters.protocol import Collected, Config, Draft, Miss, Surroundings
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
        drafts: list[Draft] = []
        misses: list[Miss] = []
        seen = 0
        async for page in _pages(source_address(around), config, around):
            seen += _take(page, config, around, drafts, misses)
        if seen and len(misses) == seen:
            raise FetchFailed(FetchProblem.CONTENT, f"没有一个条目可以读取：{misses[0].reason_zh}")
        for keyword in around.keywords if config.search_url else ():
            url = str(config.search_url).replace("{keyword}", quote(keyword, safe=""))
            try:
                async for page in _pages(url, config, around):
                    seen += _take(page, config, around, drafts, misses)
            except FetchFailed as failure:
                misses.append(Miss(url, f"搜索“{keyword}”失败：{failure.detail}", f"search failed: {failure.problem}"))
        return await _chosen(drafts, misses, seen, config, around)


ADAPTER = JsonApiAdapter()


async def _chosen(
    drafts: list[Draft], misses: list[Miss], seen: int, config: JsonApiConfig, around: Surroundings
) -> Collected:
    """Return what this pass brings: new entries first, then those known whose figures may have grown."""
    by_url = {draft.url or f"#{index}": draft for index, draft in enumerate(drafts)}
    known = await around.known({draft.url for draft in by_url.values() if draft.url})
    fresh = [draft for draft in by_url.values() if draft.url not in known]
    recounted = [draft for draft in by_url.values() if draft.url in known and draft.counters]
    state: dict[str, Any] = {}
    if config.full_text:
        followed = await follow(
            [_listed(draft) for draft in fresh if draft.url],
            around,
            article_reader(),
            limit=around.limit,
            attempts=around.state.get("attempts", {}),
        )
        state["attempts"] = followed.attempts
        misses = misses + followed.misses
        fresh = followed.drafts + [draft for draft in fresh if not draft.url]
    return Collected((fresh + recounted)[: around.limit], state, seen=seen, misses=misses)


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


async def _pages(url: str, config: JsonApiConfig, around: Surroundings) -> AsyncIterator[tuple[Page, list[Any]]]:
    """Yield each page with its entries, until a page has none, brings nothing new, or the bound is reached."""
    headers = {**config.headers, **revealed(config.secret_headers)}
    turning = config.pagination
    address: str | None = _with(url, turning.parameter, str(turning.first)) if isinstance(turning, ByPage) else url
    asked: set[str] = set()
    total = 0
    for number in range(turning.pages if turning else 1):
        if address is None or address in asked:
            return
        asked.add(address)
        page = await around.fetch(address, accept=JSON, headers=headers)
        document, items = _items(page, config)
        yield page, items[: _MOST_ITEMS - total]
        total += len(items)
        if not items or total >= _MOST_ITEMS or turning is None or await _all_known(page, items, config, around):
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
        return _with(url, turning.parameter, str(found))
    following = urljoin(page.url, str(found))
    # secrets go with the request: never to another host than the source's own
    return following if urlsplit(following).netloc == urlsplit(url).netloc else None


def _items(page: Page, config: JsonApiConfig) -> tuple[Any, list[Any]]:
    document = document_of(page)
    try:
        succeeded = config.ok is None or bool(ask(config.ok, document))
        items = ask(config.items, document)
    except NoAnswer as error:
        raise FetchFailed(FetchProblem.CONTENT, str(error), url=page.url, status=page.status) from None
    if not succeeded:
        message = line_of(ask("msg || message || error || errmsg", document) if isinstance(document, dict) else None)
        detail = f"接口表示失败（{config.ok} 不成立）{'：' + message[:200] if message else ''}"
        raise FetchFailed(FetchProblem.CONTENT, detail, url=page.url, status=page.status)
    if not isinstance(items, list):
        kind = {"NoneType": "空", "dict": "对象", "str": "文字"}.get(type(items).__name__, "其他")
        keys = f"；顶层字段：{'、'.join(map(str, list(document)[:10]))}" if isinstance(document, dict) else ""
        detail = f"items 表达式 {config.items} 没有得到列表（得到{kind}）{keys}"
        raise FetchFailed(FetchProblem.CONTENT, detail, url=page.url, status=page.status)
    return document, items


async def _all_known(page: Page, items: list[Any], config: JsonApiConfig, around: Surroundings) -> bool:
    urls: set[str] = set()
    for item in items:
        try:
            url = web_address(ask(config.url, item), page.url)
        except NoAnswer:
            continue  # told as a miss where the entry is taken
        if url:
            urls.add(url)
    return bool(urls) and await around.known(urls) >= urls


def _take(
    page: tuple[Page, list[Any]], config: JsonApiConfig, around: Surroundings, drafts: list[Draft], misses: list[Miss]
) -> int:
    answered, items = page
    for index, item in enumerate(items):
        try:
            drafts.append(_draft(item, config, answered, around))
        except NoAnswer as error:
            misses.append(Miss(answered.url, f"第 {index + 1} 条：{error}", f"entry {index + 1} cannot be read"))
    return len(items)


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
