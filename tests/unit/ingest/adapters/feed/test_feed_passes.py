"""How a feed is asked again and again: conditionally, new entries first, nothing lost and nothing read twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.ingest.adapters.attempts import RESTS
from services.ingest.adapters.feed import ADAPTER
from services.ingest.fetching.page import FetchFailed, FetchProblem


def rss(*items: str) -> str:
    return f"<rss version='2.0' xmlns:slash='http://purl.org/rss/1.0/modules/slash/'><channel>{''.join(items)}</channel></rss>"


def item(number: int, more: str = "") -> str:
    return f"<item><title>安置点第{number}次说明会</title><link>/a/{number}</link>{more}</item>"


async def test_asks_conditionally_and_says_what_did_not_change(web: Any, around: Any) -> None:
    web.put("/feed", rss(item(1)), "text/xml", headers={"etag": '"v1"'})
    source = around("/feed")
    first = await source.run(ADAPTER)
    second = await source.run(ADAPTER)
    assert len(first.drafts) == 1
    assert second.unchanged
    assert not second.drafts
    assert second.state == first.state
    assert web.asked[1][1]["if-none-match"] == '"v1"'


async def test_a_feed_without_validators_is_known_by_its_bytes(web: Any, around: Any) -> None:
    web.put("/feed", rss(item(1)), "text/xml")
    source = around("/feed")
    await source.run(ADAPTER)
    assert (await source.run(ADAPTER)).unchanged
    web.put("/feed", rss(item(2), item(1)), "text/xml")
    third = await source.run(ADAPTER)
    assert [draft.url for draft in third.drafts] == [f"{web.base}/a/2"]
    assert third.seen == 2


async def test_what_a_pass_may_not_bring_comes_with_the_next_although_the_feed_is_the_same(
    web: Any, around: Any
) -> None:
    web.put("/feed", rss(*(item(number) for number in range(5))), "text/xml", headers={"etag": '"v1"'})
    source = around("/feed", limit=2)
    brought = [len((await source.run(ADAPTER)).drafts) for _ in range(3)]
    assert brought == [2, 2, 1]
    assert (await source.run(ADAPTER)).unchanged


async def test_known_entries_come_again_only_with_figures_that_may_have_grown(web: Any, around: Any) -> None:
    web.put("/feed", rss(item(1, "<slash:comments>3</slash:comments>"), item(2)), "text/xml")
    source = around("/feed")
    await source.run(ADAPTER)
    web.put("/feed", rss(item(1, "<slash:comments>9</slash:comments>"), item(2)), "text/xml")
    (again,) = (await source.run(ADAPTER)).drafts
    assert (again.url, again.counters) == (f"{web.base}/a/1", {"comments": 9})


async def test_follows_new_entries_to_their_pages_where_the_full_text_is_wanted(
    web: Any, around: Any, article: Any
) -> None:
    article("/a/1", "安置点第1次说明会")
    stated = "<pubDate>Sun, 14 Jun 2026 11:11:00 +0800</pubDate>"
    web.put("/feed", rss(item(1, stated)), "text/xml")
    source = around("/feed")
    (draft,) = (await source.run(ADAPTER, full_text=True)).drafts
    assert "排水不畅" in draft.text
    assert draft.published_at.isoformat() == "2026-06-14T11:11:00+08:00"
    assert (await source.run(ADAPTER, full_text=True)).unchanged
    assert web.paths == ["/feed", "/a/1", "/feed"]


async def test_an_entry_whose_page_fails_is_a_miss_and_its_summary_a_post(web: Any, around: Any, article: Any) -> None:
    article("/a/2", "安置点第2次说明会")
    web.put("/feed", rss(item(1, "<description>会上通报了补偿款发放进度。</description>"), item(2)), "text/xml")
    found = await around("/feed").run(ADAPTER, full_text=True)
    assert [draft.url for draft in found.drafts] == [f"{web.base}/a/1", f"{web.base}/a/2"]
    assert found.drafts[0].text == "会上通报了补偿款发放进度。"
    (miss,) = found.misses
    assert miss.url == f"{web.base}/a/1"
    assert "404" in miss.reason_zh


async def test_a_title_alone_waits_for_its_page_and_is_given_up_after_hours(web: Any, around: Any) -> None:
    web.put("/feed", rss(item(1)), "text/xml")
    web.put("/a/1", "busy", status=503)
    source = around("/feed")
    for rest in (*RESTS, 0):
        assert len((await source.run(ADAPTER, full_text=True)).misses) == 1
        if rest:
            assert (await source.run(ADAPTER, full_text=True)).misses == [], "it rests"
        source.now += timedelta(minutes=rest)
    assert (await source.run(ADAPTER, full_text=True)).unchanged
    assert web.paths.count("/a/1") == 1 + len(RESTS)


async def test_a_server_that_asks_to_wait_is_left_alone_and_the_rest_comes_later(
    web: Any, around: Any, article: Any
) -> None:
    article("/a/1", "安置点第1次说明会")
    web.put("/a/2", "slow down", status=429)
    article("/a/3", "安置点第3次说明会")
    web.put("/feed", rss(item(1), item(2), item(3)), "text/xml")
    source = around("/feed")
    assert [draft.url for draft in (await source.run(ADAPTER, full_text=True)).drafts] == [f"{web.base}/a/1"]
    assert "/a/3" not in web.paths
    article("/a/2", "安置点第2次说明会")
    assert len((await source.run(ADAPTER, full_text=True)).drafts) == 2


@pytest.mark.parametrize(("status", "problem"), [(429, FetchProblem.RATE_LIMITED), (999, FetchProblem.ROBOTS)])
async def test_where_every_page_is_refused_the_source_fails(
    web: Any, around: Any, status: int, problem: FetchProblem
) -> None:
    web.put("/feed", rss(item(1), item(2)), "text/xml")
    for path in ("/a/1", "/a/2"):
        web.put(path, "no", status=status)
    with pytest.raises(FetchFailed) as failure:
        await around("/feed").run(ADAPTER, full_text=True)
    assert failure.value.problem is problem


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "内容为空"),
        (
            "<html><head><title>首页</title></head><body>你好</body></html>",
            "这是网页，不是订阅源，页面也没有声明订阅源",
        ),
        ("<html><link rel=alternate type='application/rss+xml' href='/rss.xml'></html>", "/rss.xml"),
        ("{", "不是有效的 JSON"),
        ('{"data": []}', "不是 JSON Feed"),
        ("[1]", "不是 RSS、Atom 或 JSON Feed"),
        ('<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"><channel/></rss>', "拒绝解析"),
    ],
)
async def test_says_what_is_there_instead_of_a_feed(web: Any, around: Any, body: str, says: str) -> None:
    web.put("/feed", body, "text/html")
    with pytest.raises(FetchFailed) as failure:
        await around("/feed").run(ADAPTER)
    assert failure.value.problem is FetchProblem.CONTENT
    assert says in failure.value.detail


async def test_a_source_without_an_address_says_so(around: Any) -> None:
    with pytest.raises(FetchFailed) as failure:
        await around(None).run(ADAPTER)
    assert failure.value.problem is FetchProblem.NOT_AN_ADDRESS


async def test_an_empty_feed_is_no_failure(web: Any, around: Any) -> None:
    web.put("/feed", rss(), "text/xml")
    found = await around("/feed").run(ADAPTER)
    assert (found.seen, len(found.drafts), found.unchanged) == (0, 0, False)


async def test_entries_without_an_address_come_once_and_leave_room_for_others(web: Any, around: Any) -> None:
    texts = [f"第{n}条公告：安置点今晚停水" for n in range(7)]
    items = "".join(f"<item><description>{text}</description></item>" for text in texts)
    web.put("/feed?k=13812345678", rss(items), "text/xml")
    source = around("/feed?k=13812345678", limit=3)
    found = [draft.text for _ in range(3) for draft in (await source.run(ADAPTER)).drafts]
    assert found == texts
    assert (await source.run(ADAPTER)).unchanged
    assert "13812345678" not in str(source.state)
    assert "停水" not in str(source.state)
