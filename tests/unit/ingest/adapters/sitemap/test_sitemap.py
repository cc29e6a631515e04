"""Sitemaps: indexes, news sitemaps, gzip, what is new and what is not."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from services.ingest.adapters.sitemap import ADAPTER
from services.ingest.fetching.page import FetchFailed, FetchProblem

NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def urlset(base: str, *entries: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {NS} {NEWS}>{"".join(entries)}</urlset>'.replace("@", base)


def url(path: str, lastmod: str = "", more: str = "") -> str:
    stated = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    return f"<url><loc>@{path}</loc>{stated}{more}</url>"


async def test_reads_new_pages_the_newest_first_and_not_the_old(web: Any, around: Any, article: Any) -> None:
    for n in (1, 2, 3):
        article(f"/news/{n}.html", f"澜江县移民安置第{n}次通报", when="2026-06-14 09:30")
    entries = (url("/news/1.html", "2026-06-12"), url("/news/2.html", "2026-06-14T10:00:00+08:00"))
    web.put("/sitemap.xml", urlset(web.base, *entries, url("/news/3.html", "2025-01-01"), url("/about", "2026-06-14")))
    source = around("/sitemap.xml")
    found = await source.run(ADAPTER, include=["/news/*"])
    assert [draft.url for draft in found.drafts] == [f"{web.base}/news/2.html", f"{web.base}/news/1.html"]
    assert found.drafts[0].published_at.isoformat() == "2026-06-14T09:30:00+08:00"
    assert "/news/3.html" not in web.paths
    assert (await source.run(ADAPTER, include=["/news/*"])).unchanged


async def test_a_known_page_is_not_fetched_again(web: Any, around: Any, article: Any) -> None:
    article("/n/1", "澜江县移民安置第1次通报")
    article("/n/2", "澜江县移民安置第2次通报")
    web.put("/sitemap.xml", urlset(web.base, url("/n/1")))
    source = around("/sitemap.xml")
    await source.run(ADAPTER)
    web.put("/sitemap.xml", urlset(web.base, url("/n/1"), url("/n/2")))
    web.asked.clear()
    assert [draft.url for draft in (await source.run(ADAPTER)).drafts] == [f"{web.base}/n/2"]
    assert web.paths == ["/sitemap.xml", "/n/2"]


async def test_follows_an_index_to_its_newest_sitemaps_also_packed(web: Any, around: Any, article: Any) -> None:
    article("/n/1", "澜江县移民安置第1次通报")
    packed = gzip.compress(urlset(web.base, url("/n/1", "2026-06-14")).encode())
    web.put("/new.xml.gz", packed, "application/x-gzip")
    web.put("/old.xml", urlset(web.base, url("/n/0", "2026-06-10")))
    index = (
        f"<sitemapindex {NS}><sitemap><loc>{web.base}/old.xml</loc><lastmod>2026-06-10</lastmod></sitemap>"
        f"<sitemap><loc>{web.base}/new.xml.gz</loc><lastmod>2026-06-14</lastmod></sitemap></sitemapindex>"
    )
    web.put("/sitemap.xml", index, "text/xml", headers={"etag": '"i"'})
    source = around("/sitemap.xml")
    found = await source.run(ADAPTER, sitemaps=1)
    assert [draft.url for draft in found.drafts] == [f"{web.base}/n/1"]
    assert "/old.xml" not in web.paths
    # the index says nothing new, its sitemap does
    article("/n/2", "澜江县移民安置第2次通报")
    web.put("/new.xml.gz", gzip.compress(urlset(web.base, url("/n/2"), url("/n/1")).encode()), "application/x-gzip")
    assert [draft.url for draft in (await source.run(ADAPTER, sitemaps=1)).drafts] == [f"{web.base}/n/2"]
    assert (await source.run(ADAPTER, sitemaps=1)).unchanged


async def test_a_broken_sitemap_of_an_index_is_a_miss(web: Any, around: Any, article: Any) -> None:
    article("/n/1", "澜江县移民安置第1次通报")
    web.put("/a.xml", urlset(web.base, url("/n/1")))
    locations = "".join(f"<sitemap><loc>{web.base}/{name}.xml</loc></sitemap>" for name in ("gone", "a"))
    web.put("/sitemap.xml", f"<sitemapindex {NS}>{locations}</sitemapindex>")
    found = await around("/sitemap.xml").run(ADAPTER)
    assert len(found.drafts) == 1
    assert [miss.url for miss in found.misses] == [f"{web.base}/gone.xml"]


async def test_a_news_sitemap_states_title_and_time(web: Any, around: Any, article: Any) -> None:
    article("/n/1", "澜江县移民安置第1次通报", when="2026-06-01 00:00")
    news = (
        "<news:news><news:publication><news:name>云岭日报</news:name><news:language>zh</news:language>"
        "</news:publication><news:publication_date>2026-06-14T08:00:00+08:00</news:publication_date>"
        "<news:title>澜江县移民安置第1次通报</news:title></news:news>"
    )
    web.put("/news.xml", urlset(web.base, url("/n/1", "2026-06-15T01:00:00+08:00", news)))
    (draft,) = (await around("/news.xml").run(ADAPTER)).drafts
    assert draft.published_at.isoformat() == "2026-06-14T08:00:00+08:00"
    assert draft.outlet == "云岭日报"


async def test_reads_a_list_of_addresses_in_plain_text(web: Any, around: Any, article: Any) -> None:
    article("/n/1", "澜江县移民安置第1次通报")
    web.put("/sitemap.txt", f"\ufeff{web.base}/n/1\n\nnot-an-address\n", "text/plain")
    assert len((await around("/sitemap.txt").run(ADAPTER)).drafts) == 1


async def test_no_more_than_the_limit_and_the_rest_later(web: Any, around: Any, article: Any) -> None:
    for n in range(5):
        article(f"/n/{n}", f"澜江县移民安置第{n}次通报")
    web.put("/sitemap.xml", urlset(web.base, *(url(f"/n/{n}") for n in range(5))))
    source = around("/sitemap.xml", limit=2)
    assert [len((await source.run(ADAPTER)).drafts) for _ in range(3)] == [2, 2, 1]
    assert (await source.run(ADAPTER)).unchanged


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><urlset><url><loc>http://x.example/&b;</loc></url></urlset>'


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html><body>hello</body></html>", "根元素是 <html>"),
        (b"<rss version='2.0'><channel/></rss>", "请改用订阅源适配器 feed"),
        (b"hello", "既不是 XML，也不是网址列表"),
        (b"", "不是站点地图"),
        (b"\x1f\x8b\x08broken", "gzip 解压失败"),
        (gzip.compress(b" " * 52_428_900), "超过 50 MB"),
        (BOMB.encode(), "拒绝解析"),
    ],
)
async def test_says_why_it_is_no_sitemap(web: Any, around: Any, body: bytes, says: str) -> None:
    web.put("/sitemap.xml", body, "application/xml")
    with pytest.raises(FetchFailed) as failure:
        await around("/sitemap.xml").run(ADAPTER)
    assert failure.value.problem is FetchProblem.CONTENT
    assert says in failure.value.detail


def index(base: str, *paths: str) -> str:
    children = "".join(f"<sitemap><loc>{base}{path}</loc></sitemap>" for path in paths)
    return f"<sitemapindex {NS}>{children}</sitemapindex>"


@pytest.mark.parametrize("bound", ["time_for", "half"])
async def test_sitemaps_that_there_was_no_time_for_come_with_the_next_pass(
    web: Any, around: Any, article: Any, bound: str
) -> None:
    for n in (1, 2):
        article(f"/n/{n}", f"澜江县移民安置第{n}次通报")
        web.put(f"/s{n}.xml", urlset(web.base, url(f"/n/{n}")))
    web.put("/sitemap.xml", index(web.base, "/s1.xml", "/s2.xml"))
    source = around("/sitemap.xml", **{bound: 2})
    await source.run(ADAPTER)
    assert "/s2.xml" not in web.paths
    source.time_for = source.half = 100
    await source.run(ADAPTER)
    await source.run(ADAPTER)
    assert source.stored == {f"{web.base}/n/1", f"{web.base}/n/2"}
    assert (await source.run(ADAPTER)).unchanged


async def test_addresses_with_a_persons_number_are_not_kept(web: Any, around: Any, article: Any) -> None:
    article("/n/1", "澜江县移民安置第1次通报")
    web.put("/s.xml?tel=13812345678", urlset(web.base, url("/n/1")))
    web.put("/sitemap.xml", index(web.base, "/s.xml?tel=13812345678"))
    source = around("/sitemap.xml")
    assert len((await source.run(ADAPTER)).drafts) == 1
    assert "13812345678" not in str(source.state)
    assert (await source.run(ADAPTER)).drafts == []
