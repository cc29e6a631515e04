"""RSSHub: routes by name, their parameters, access codes, and the searches of surge watch."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import ValidationError

from contracts.words import Channel
from services.ingest.adapters.protocol import OutOfTime
from services.ingest.adapters.rsshub import ADAPTER
from services.ingest.adapters.rsshub_routes import routes
from services.ingest.fetching.page import FetchFailed, FetchProblem


def rss(*numbers: int) -> str:
    items = "".join(
        f"<item><title>网友说第{n}件事</title><description>&lt;p&gt;安置点第{n}排路灯不亮。&lt;/p&gt;</description>"
        f"<guid isPermaLink='false'>https://weibo.example/{n}</guid><link>https://weibo.example/{n}</link>"
        f"<pubDate>Sun, 14 Jun 2026 01:30:00 GMT</pubDate><author>网友甲</author><comments>7</comments></item>"
        for n in numbers
    )
    return f"<rss version='2.0'><channel><title>微博</title>{items}</channel></rss>"


def keyword_path(word: str) -> str:
    return f"/weibo/keyword/{quote(word, safe='')}"


async def test_reads_a_route_by_its_name_on_its_channel(web: Any, around: Any) -> None:
    web.put(keyword_path("移民/安置"), rss(1), "application/xml")
    found = await around("/").run(ADAPTER, preset="weibo_keyword", parameters={"keyword": "移民/安置"})
    (draft,) = found.drafts
    assert (draft.text, draft.author, draft.channel) == ("安置点第1排路灯不亮。", "网友甲", Channel.WEIBO)
    assert draft.counters == {"comments": 7}


async def test_a_route_that_did_not_change_says_so(web: Any, around: Any) -> None:
    web.put("/weibo/search/hot", rss(1), "application/xml", headers={"etag": '"h"'})
    source = around("/")
    await source.run(ADAPTER, preset="weibo_hot")
    assert (await source.run(ADAPTER, preset="weibo_hot")).unchanged
    assert web.asked[1][1]["if-none-match"] == '"h"'


async def test_a_base_in_the_settings_comes_before_the_source_and_a_path_needs_no_name(web: Any, around: Any) -> None:
    web.put("/hub/zhihu/daily", rss(1), "application/xml")
    found = await around(None).run(ADAPTER, base=f"{web.base}/hub/", path="/zhihu/daily")
    assert found.drafts[0].channel is None


async def test_the_access_key_stays_out_of_the_address(web: Any, around: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYING_SOURCE_HUB", "ILoveRSSHub")
    code = hashlib.md5(b"/qdaily/column/59ILoveRSSHub").hexdigest()
    # the example of RSSHub's own documentation
    assert code == "0f820530128805ffc10351f22b5fd121"
    web.put(f"/qdaily/column/59?code={code}", rss(1), "application/xml")
    found = await around("/").run(ADAPTER, path="/qdaily/column/59", access_key="HUIYING_SOURCE_HUB")
    assert len(found.drafts) == 1


async def test_surge_watch_adds_searches_where_the_route_searches(web: Any, around: Any) -> None:
    web.put(keyword_path("移民安置"), rss(1), "application/xml")
    web.put(keyword_path("补偿款"), rss(1, 2), "application/xml")
    source = around("/", keywords=["补偿款", "移民安置", "拆迁"])
    found = await source.run(ADAPTER, preset="weibo_keyword", parameters={"keyword": "移民安置"})
    assert [draft.url[-1] for draft in found.drafts] == ["1", "2"]
    (miss,) = found.misses
    assert "搜索“拆迁”失败" in miss.reason_zh
    assert len(web.asked) == 3


async def test_surge_watch_adds_nothing_where_the_route_does_not_search(web: Any, around: Any) -> None:
    web.put("/weibo/user/1234567890", rss(1), "application/xml")
    source = around("/", keywords=["补偿款"])
    await source.run(ADAPTER, preset="weibo_user", parameters={"uid": "1234567890"})
    assert len(web.asked) == 1


async def test_a_route_that_fails_fails_the_source(web: Any, around: Any) -> None:
    web.put("/weibo/search/hot", "<html>Looks like something went wrong</html>", status=503)
    with pytest.raises(FetchFailed) as failure:
        await around("/").run(ADAPTER, preset="weibo_hot")
    assert failure.value.status == 503


async def test_without_an_address_it_says_what_to_fill_in(around: Any) -> None:
    with pytest.raises(FetchFailed) as failure:
        await around(None).run(ADAPTER, preset="weibo_hot")
    assert failure.value.problem is FetchProblem.NOT_AN_ADDRESS


@pytest.mark.parametrize("name", routes())
def test_every_route_fills_with_its_own_examples(name: str) -> None:
    route = routes()[name]
    values = {parameter: told.example for parameter, told in route.parameters.items()}
    ADAPTER.config.model_validate({"preset": name, "parameters": values})
    path = route.filled(values)
    assert path.isascii()
    assert "{" not in path
    assert route.filled({key: values[key] for key in route.required}).startswith("/")
    assert route.label


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({}, "preset 与 path 须填写其中一个"),
        ({"preset": "weibo_hot", "path": "/x"}, "preset 与 path 须填写其中一个"),
        ({"preset": "weibo"}, "没有名为“weibo”的路由"),
        ({"preset": "weibo_keyword"}, "parameters.keyword：微博关键词需要“关键词”"),
        ({"preset": "weibo_hot", "parameters": {"a": "b"}}, "parameters.a：微博热搜没有这个参数（有：无）"),
        ({"path": "zhihu/daily"}, "path"),
        ({"preset": "weibo_hot", "access_key": "HOME"}, "access_key"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ADAPTER.config.model_validate(config)
    assert says in str(refused.value)


async def test_when_time_is_up_among_the_searches_what_was_found_is_returned(web: Any, around: Any) -> None:
    web.put(keyword_path("移民"), rss(1), "application/xml")
    web.put(keyword_path("补偿"), rss(2), "application/xml")
    source = around("/", keywords=["补偿"])
    config = {"preset": "weibo_keyword", "parameters": {"keyword": "移民"}}
    assert len((await source.run(ADAPTER, **config)).drafts) == 2
    known = source.state
    web.put(keyword_path("移民"), rss(1, 3), "application/xml")
    source.time_for = 1
    found = await source.run(ADAPTER, **config)
    assert "https://weibo.example/3" in [draft.url for draft in found.drafts]
    assert set(found.state["parts"]) == set(known["parts"]), "the search not reached keeps what it knew"
    source.time_for = 0
    with pytest.raises(OutOfTime):
        await source.run(ADAPTER, **config)
