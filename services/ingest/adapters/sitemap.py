"""Sitemaps: the newest pages of a site by its own list, indexes followed, news sitemaps understood."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from pydantic import Field

from services.ingest.adapters.addresses import Exclude, Include, path_wanted
from services.ingest.adapters.article_pages import Listed, article_reader, follow
from services.ingest.adapters.feed import source_address
from services.ingest.adapters.protocol import Collected, Config, Miss, OutOfTime, Surroundings
from services.ingest.adapters.selectors import ArticleSelectors
from services.ingest.adapters.sitemap_reading import Location, NotASitemap, Sitemap, read_sitemap
from services.ingest.fetching.page import FetchFailed, FetchProblem
from services.ingest.privacy import mask_url

_ACCEPT: Final = "application/xml,text/xml;q=0.9,application/gzip;q=0.8,text/plain;q=0.5,*/*;q=0.1"
_REMEMBERED: Final = 100
_ASKED_AT_ONCE: Final = 500
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SitemapConfig(Config):
    """Settings of a sitemap."""

    include: Include
    exclude: Exclude
    max_age_days: int = Field(
        14,
        ge=1,
        le=3650,
        title="最长天数 · Age",
        description="只读最近多少天内发布或更新的页面，未标时间的不受此限 / older pages are left out",
    )
    sitemaps: int = Field(
        10,
        ge=1,
        le=100,
        title="子地图上限 · Sitemaps",
        description="每次最多读索引中多少个子地图，最新的优先 / sitemaps of an index read in a pass, newest first",
    )
    article: ArticleSelectors = Field(
        default_factory=ArticleSelectors,
        title="文章页 · Article",
        description="文章页各部分的选择器，留空为自动识别 / selectors of the article pages' parts",
    )


@dataclass(slots=True)
class _Walk:
    pages: dict[str, Location] = field(default_factory=dict)
    misses: list[Miss] = field(default_factory=list)
    #: by the hash of a sitemap's address: its digest and validators
    read: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: bool = False


class SitemapAdapter:
    """Reads the sitemap at the source's address, and the new pages that it lists."""

    name: ClassVar[str] = "sitemap"
    label: ClassVar[str] = "站点地图（Sitemap）"
    config: ClassVar[type[Config]] = SitemapConfig

    async def collect(self, config: SitemapConfig, around: Surroundings) -> Collected:
        """Return the new pages. Raises FetchFailed where the sitemap cannot be had or is none."""
        walk = await _walk(source_address(around), config, around)
        if not walk.changed:
            return Collected((), dict(around.state), misses=walk.misses, unchanged=True)
        wanted = _wanted(walk.pages.values(), config, around.now)
        fresh = await _unknown(wanted, around)
        followed = await follow(
            [_listed(one) for one in fresh],
            around,
            article_reader(config.article),
            limit=around.limit,
            attempts=around.state.get("attempts", {}),
        )
        state: dict[str, Any] = {"attempts": followed.attempts}
        if not followed.waiting:
            state["read"] = dict(list(walk.read.items())[-_REMEMBERED:])
        return Collected(followed.drafts, state, seen=len(wanted), misses=[*walk.misses, *followed.misses])


ADAPTER = SitemapAdapter()


async def _walk(url: str, config: SitemapConfig, around: Surroundings) -> _Walk:
    """Read the sitemap, and for an index its newest sitemaps; one level deep, as the standard has it."""
    walk = _Walk()
    top = await _read(url, around, walk)
    children = sorted(top.sitemaps, key=lambda one: one.modified_at or _EVER, reverse=True) if top else []
    if top is None:
        # an index that did not change may still list a sitemap that did
        children = [Location(address) for address in _entry(around.state, url).get("children", ())]
    chosen = [one for one in children if not _too_old(one, config, around.now)][: config.sitemaps]
    if chosen and all(mask_url(one.url) == one.url for one in chosen):
        walk.read[_key(url)]["children"] = [one.url for one in chosen]
    elif chosen:
        # addresses that show a person's number are not kept: the index is read anew each time
        walk.read.pop(_key(url))
    for index, child in enumerate(chosen):
        try:
            if around.half_spent():
                raise OutOfTime
            found = await _read(child.url, around, walk)
        except OutOfTime:
            # those not read keep what was known of them: the next pass reads them
            left = ((_key(one.url), _entry(around.state, one.url)) for one in chosen[index:])
            walk.read |= {key: dict(entry) for key, entry in left if entry}
            break
        except FetchFailed as failure:
            if failure.problem is FetchProblem.RATE_LIMITED:
                raise
            walk.misses.append(
                Miss(child.url, f"子地图读取失败：{failure.detail}", f"sitemap not had: {failure.problem}")
            )
            continue
        if found and found.sitemaps:
            walk.misses.append(Miss(child.url, "索引中又嵌套索引，未继续读取", "an index within an index is not read"))
    if chosen and len(walk.misses) == len(chosen):
        raise FetchFailed(FetchProblem.CONTENT, f"索引中的子地图都读取失败：{walk.misses[0].reason_zh}", url=url)
    return walk


async def _read(url: str, around: Surroundings, walk: _Walk) -> Sitemap | None:
    """Return a sitemap, or None where it is as it was."""
    before = _entry(around.state, url)
    page = await around.fetch(url, accept=_ACCEPT, validators=before.get("validators") or None)
    if page.not_modified or page.digest == before.get("digest"):
        walk.read[_key(url)] = dict(before)
        return None
    try:
        found = read_sitemap(page.body, page.headers.get("content-type", ""), page.url, around.now)
    except NotASitemap as error:
        raise FetchFailed(FetchProblem.CONTENT, str(error), url=page.url, status=page.status) from None
    walk.changed = True
    walk.read[_key(url)] = {"digest": page.digest, "validators": page.validators}
    for one in found.pages:
        walk.pages.setdefault(one.url, one)
    return found


def _listed(one: Location) -> Listed:
    return Listed(one.url, one.title, published_at=one.published_at, dated=one.modified_at, outlet=one.outlet)


async def _unknown(wanted: Sequence[Location], around: Surroundings) -> list[Location]:
    """Return the newest pages that are not stored: one more than this pass may bring, where there are so many."""
    fresh: list[Location] = []
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        chunk = wanted[start : start + _ASKED_AT_ONCE]
        known = await around.known({one.url for one in chunk})
        fresh += (one for one in chunk if one.url not in known)
        if len(fresh) > around.limit:
            break
    return fresh


def _entry(state: Mapping[str, Any], url: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = state.get("read", {}).get(_key(url), {})
    return found


def _key(url: str) -> str:
    return hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _too_old(one: Location, config: SitemapConfig, now: datetime) -> bool:
    return one.at is not None and one.at < now - timedelta(days=config.max_age_days)


def _wanted(pages: Iterable[Location], config: SitemapConfig, now: datetime) -> list[Location]:
    """Return the pages to look at, the newest first; those without a time keep their order at the end."""
    wanted = [
        one for one in pages if path_wanted(one.url, config.include, config.exclude) and not _too_old(one, config, now)
    ]
    return sorted(wanted, key=lambda one: one.at or _EVER, reverse=True)
