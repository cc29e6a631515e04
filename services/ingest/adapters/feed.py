"""Feeds: RSS, Atom and JSON Feed. Asked for conditionally, and read as they are; article pages only where wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from services.ingest.adapters.article_pages import Listed, article_reader, follow
from services.ingest.adapters.brought import Brought, text_digest
from services.ingest.adapters.protocol import Collected, Config, Draft, Surroundings
from services.ingest.adapters.syndication import Entry, Feed, NotAFeed, read_feed
from services.ingest.fetching.page import FEED, FetchFailed, FetchProblem


class FeedConfig(Config):
    """Settings of a feed. Without any, the feed's own texts are taken."""

    full_text: bool = Field(
        False,
        title="读取原文 · Full text",
        description="订阅源只给摘要时，逐条打开原文页面读取正文 / follow each new entry to its article page",
    )
    entries: int = Field(
        200,
        ge=1,
        le=2000,
        title="条目上限 · Entries",
        description="每次最多看订阅源的前多少条 / how many of the feed's entries are looked at, from its top",
    )


class FeedAdapter:
    """Reads a feed at the source's address."""

    name: ClassVar[str] = "feed"
    label: ClassVar[str] = "订阅源（RSS / Atom / JSON Feed）"
    config: ClassVar[type[Config]] = FeedConfig

    async def collect(self, config: FeedConfig, around: Surroundings) -> Collected:
        """Return the feed's new entries. Raises FetchFailed where it cannot be had or is no feed."""
        return await read_through(source_address(around), config, around, around.state)


ADAPTER = FeedAdapter()


def source_address(around: Surroundings) -> str:
    """Return the source's address; raises FetchFailed where it has none."""
    if not around.source.url:
        raise FetchFailed(FetchProblem.NOT_AN_ADDRESS, "监测点没有填写地址")
    return around.source.url


async def read_through(
    url: str, config: FeedConfig, around: Surroundings, state: Mapping[str, Any], limit: int | None = None
) -> Collected:
    """Return what is new in the feed at `url`, given what the pass before left of it."""
    # by its digest: an address may hold a search's words or an access code
    same = state.get("address") == text_digest(url)
    validators = dict(state.get("validators") or {}) if same else {}
    page = await around.fetch(url, accept=FEED, validators=validators or None)
    if page.not_modified or (same and page.digest == state.get("digest")):
        return Collected((), dict(state), unchanged=True)
    try:
        feed = await asyncio.to_thread(read_feed, page.body, page.headers.get("content-type", ""), page.url, around.now)
    except NotAFeed as error:
        raise FetchFailed(FetchProblem.CONTENT, str(error), url=page.url, status=page.status) from None
    limit = around.limit if limit is None else limit
    brought = Brought(state.get("brought", ()) if same else ())
    fresh, recounted = await _sorted_out(feed, config, around, brought)
    left: dict[str, Any] = {"address": text_digest(url)}
    if config.full_text:
        followed = await follow(
            [_listed(entry, page.digest) for entry in fresh if entry.url],
            around,
            article_reader(),
            limit=limit,
            attempts=state.get("attempts", {}) if same else {},
        )
        drafts = followed.drafts + [_draft(entry, page.digest) for entry in fresh if not entry.url]
        misses, waiting = followed.misses, followed.waiting + max(0, len(drafts) - limit)
        left["attempts"] = followed.attempts
    else:
        drafts, misses = [_draft(entry, page.digest) for entry in fresh], []
        waiting = max(0, len(drafts) - limit)
    drafts = (drafts + [_draft(entry, page.digest) for entry in recounted])[:limit]
    left["brought"] = brought.note(drafts)
    if not waiting:
        # while entries wait, the next pass must see the feed again, changed or not
        left |= {"validators": page.validators, "digest": page.digest}
    return Collected(drafts, left, seen=len(feed.entries), misses=misses)


async def _sorted_out(
    feed: Feed, config: FeedConfig, around: Surroundings, brought: Brought
) -> tuple[list[Entry], list[Entry]]:
    """Return the entries that are not stored yet, and those stored whose public figures may have grown."""
    entries = [entry for entry in feed.entries[: config.entries] if entry.title or entry.text]
    known = await around.known({entry.url for entry in entries if entry.url})
    fresh: list[Entry] = []
    stored: list[Entry] = []
    for entry in entries:
        old = entry.url in known if entry.url else brought.holds(entry.text or entry.title)
        (stored if old else fresh).append(entry)
    return fresh, [entry for entry in stored if entry.counters]


def _draft(entry: Entry, evidence: str) -> Draft:
    return _listed(entry, evidence).as_draft()


def _listed(entry: Entry, evidence: str) -> Listed:
    return Listed(
        url=entry.url,
        title=entry.title,
        text=entry.text,
        published_at=entry.published_at,
        author=entry.author,
        outlet=entry.outlet,
        counters=entry.counters,
        evidence=evidence,
    )
