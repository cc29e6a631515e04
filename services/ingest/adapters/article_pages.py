"""From what a list says of articles to posts: each page is read; one that cannot be is a miss, not the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

import structlog

from services.ingest.adapters.attempts import Attempts
from services.ingest.adapters.markup import one_line, paragraphs, parsed
from services.ingest.adapters.protocol import Draft, Miss, OutOfTime, Surroundings
from services.ingest.adapters.selectors import ArticleSelectors, stated
from services.ingest.adapters.times import stated_time
from services.ingest.extraction.article import read_article
from services.ingest.fetching.page import FetchFailed, FetchProblem, Page
from services.ingest.privacy import mask_url

_log = structlog.get_logger(__name__)

#: what another attempt would not change
_FINAL: Final = frozenset(
    {
        FetchProblem.NOT_AN_ADDRESS,
        FetchProblem.FORBIDDEN_ADDRESS,
        FetchProblem.ROBOTS,
        FetchProblem.TOO_LARGE,
        FetchProblem.CONTENT,
    }
)
_REFUSALS: Final = frozenset({FetchProblem.ROBOTS, FetchProblem.RATE_LIMITED})
_GONE: Final = frozenset({401, 403, 404, 410, 451})


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list says of an article before its page is read; the page's own word comes first, but for `published_at`.

    `dated` is a date beside a link, or the last change: it counts where neither list nor page states a time.

    With a `text` that is more than the title, the entry becomes a post even if its page cannot be had.
    """

    #: entries without one become posts by the list's word alone
    url: str | None
    title: str = ""
    text: str = ""
    published_at: datetime | None = None
    dated: datetime | None = None
    author: str | None = None
    outlet: str | None = None
    counters: Mapping[str, int] = field(default_factory=dict)
    #: digest of the page that lists it
    evidence: str | None = None

    def as_draft(self) -> Draft:
        """Return the entry as a post, from the list's word alone."""
        return Draft(
            text=self.text or self.title,
            url=self.url,
            title=self.title,
            published_at=self.published_at or self.dated,
            author=self.author,
            outlet=self.outlet,
            counters=self.counters,
            evidence=self.evidence,
        )


#: turns a page into the posts that it shows; none where it shows nothing to read
Reader: TypeAlias = Callable[[Listed, Page, datetime], list[Draft]]


@dataclass(slots=True)
class Followed:
    """What came of following a list. `waiting` counts the articles left for the next pass."""

    drafts: list[Draft] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    #: attempts at pages, for the next pass
    attempts: dict[str, list[int]] = field(default_factory=dict)
    waiting: int = 0


def article_reader(selectors: ArticleSelectors | None = None) -> Reader:
    """Return a reader of article pages that prefers what the selectors find."""

    def read(listed: Listed, page: Page, now: datetime) -> list[Draft]:
        return [draft] if (draft := _read(listed, page, now, selectors)) else []

    return read


async def follow(
    listed: Sequence[Listed], around: Surroundings, reader: Reader, *, limit: int, attempts: Mapping[str, list[int]]
) -> Followed:
    """Return the posts of the articles, read from their pages in order, until `limit` are read or time is up.

    Raises FetchFailed where not one page could be had because robots.txt forbids it or the server asks to wait.
    """
    result, tries = Followed(), Attempts(attempts, around.now)
    refused: FetchFailed | None = None
    only_refused = True
    pages: dict[str, Listed] = {}
    for one in listed:
        if one.url:
            pages.setdefault(one.url, one)
    due = [(url, one) for url, one in pages.items() if tries.due(url)]
    result.waiting = sum(tries.resting(url) for url in pages)
    for index, (url, one) in enumerate(due):
        if index >= limit or len(result.drafts) >= limit:
            result.waiting += len(due) - index
            break
        try:
            page = await around.fetch(url)
            # reading takes the time of many answers to callers, who share this loop
            drafts = await asyncio.to_thread(reader, one, page, around.now)
        except OutOfTime:
            only_refused = False
            result.waiting += len(due) - index
            break
        except FetchFailed as failure:
            if failure.problem in _REFUSALS:
                refused = refused or failure
            else:
                only_refused = False
            if failure.problem is FetchProblem.RATE_LIMITED:
                result.waiting += len(due) - index
                break
            # a time to come again is named where it is the robots.txt itself that could not be read
            final = (failure.problem in _FINAL and failure.retry_after is None) or failure.status in _GONE
            _missed(result, tries, one, final, f"未能读取原文：{failure.detail}", f"page not had: {failure.problem}")
            continue
        except Exception as error:
            # a page that our own reading fails on must not cost the others
            _log.exception("adapters.page_not_read", url=mask_url(url))
            only_refused = False
            _missed(result, tries, one, False, f"页面读取出错：{type(error).__name__}", "reading the page failed")
            continue
        only_refused = False
        if drafts:
            result.drafts += drafts
            tries.done(url)
        else:
            _missed(result, tries, one, False, "页面上没有读到正文", "no text found on the page")
    if refused is not None and only_refused and not result.drafts:
        raise refused
    result.attempts = tries.as_state()
    return result


def _missed(result: Followed, tries: Attempts, one: Listed, final: bool, reason_zh: str, reason_en: str) -> None:
    url = one.url or ""
    again = tries.failed(url, final=final)
    result.misses.append(Miss(url, reason_zh, reason_en))
    if one.text and one.text != one.title:
        # what the list itself says is enough for a post: an early warning does not wait for the page
        result.drafts.append(one.as_draft())
        tries.done(url)
    elif again:
        result.waiting += 1


def _read(listed: Listed, page: Page, now: datetime, selectors: ArticleSelectors | None) -> Draft | None:
    article = read_article(page.text, page.url, now)
    title, text, author, at = article.title, article.text, article.author, article.published_at
    if selectors and selectors.any:
        tree = parsed(page.text)
        if selectors.title and (node := tree.css_first(selectors.title)):
            title = one_line(node) or title
        if selectors.author and (node := tree.css_first(selectors.author)):
            author = one_line(node) or author
        if selectors.time and (node := tree.css_first(selectors.time)):
            at = stated_time(stated(node), now) or at
        if selectors.text:
            text = paragraphs(tree.css(selectors.text)) or text
    if not text.strip():
        return None
    return Draft(
        text=text,
        url=listed.url,
        title=title or listed.title,
        # a feed states its time to machines; a page shows many
        published_at=listed.published_at or at or listed.dated,
        author=author or listed.author,
        outlet=article.outlet or listed.outlet,
        counters={**article.counters, **listed.counters},
        evidence=page.digest,
    )
