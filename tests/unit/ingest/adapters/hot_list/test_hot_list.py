"""Hot lists: NewsNow's and others', ranks and heat as they change."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import ValidationError

from services.ingest.adapters.hot_list import ADAPTER
from services.ingest.fetching.page import FetchFailed, FetchProblem


def newsnow(*entries: tuple[str, str | bool | None], status: str = "success") -> str:
    items = [
        {
            "id": title,
            "title": title,
            "url": f"https://s.weibo.example/q?{quote(title)}",
            "mobileUrl": "https://m.weibo.example/",
            "extra": {"info": info, "hover": f"{title}的说明", "icon": False},
        }
        for title, info in entries
    ]
    return json.dumps({"status": status, "id": "weibo", "updatedTime": 1781400600000, "items": items})


@pytest.mark.parametrize(
    ("info", "heat", "counters"),
    [
        ("85.5万", 855_000, {"reads": 855_000}),
        ("综艺 85.0万", 850_000, {"reads": 850_000}),
        ("2779657", 2_779_657, {"reads": 2_779_657}),
        ("1234 万热度", 12_340_000, {"reads": 12_340_000}),
        ("热度：1.2亿", 120_000_000, {"reads": 120_000_000}),
        ("某UP主 · 12w+观看 · 3w+点赞", None, {"likes": 30_000}),
        ("12万阅读 · 300评论", 120_000, {"reads": 120_000, "comments": 300}),
        ("新", None, {}),
        (False, None, {}),
        (None, None, {}),
    ],
)
async def test_reads_heat_as_newsnow_writes_it(
    web: Any, around: Any, info: Any, heat: int | None, counters: dict[str, int]
) -> None:
    web.put("/api/s?id=weibo", newsnow(("库区移民补偿款", info)), "application/json")
    found = await around("/api/s?id=weibo").run(ADAPTER)
    assert found.rankings[0].heat == heat
    assert found.drafts[0].counters == counters


async def test_every_entry_is_a_post_and_a_ranking(web: Any, around: Any) -> None:
    web.put("/hot", newsnow(("库区移民补偿款", "85万"), ("某地暴雨预警", None), status="cache"), "application/json")
    source = around("/hot")
    found = await source.run(ADAPTER, list_name="微博热搜")
    assert [(one.list, one.title, one.rank, one.heat, one.at) for one in found.rankings] == [
        ("微博热搜", "库区移民补偿款", 1, 850_000, source.now),
        ("微博热搜", "某地暴雨预警", 2, None, source.now),
    ]
    assert [draft.title for draft in found.drafts] == ["库区移民补偿款", "某地暴雨预警"]
    assert found.drafts[0].text == "库区移民补偿款\n库区移民补偿款的说明"
    assert found.drafts[0].url == f"https://s.weibo.example/q?{quote('库区移民补偿款')}"


async def test_keeps_ranks_and_heat_over_time_within_bounds(web: Any, around: Any) -> None:
    source = around("/hot")
    for minute in range(30):
        first = [("库区移民补偿款", f"{minute + 1}万")]
        rest = [(f"话题{minute}-{n}", None) for n in range(40)]
        web.put("/hot", newsnow(*(first + rest if minute % 2 else rest[:1] + first + rest[1:])), "application/json")
        found = await source.run(ADAPTER)
        source.now += timedelta(minutes=10)
    history = found.state["history"]
    kept = next(one for one in history.values() if one["title"] == "库区移民补偿款")
    assert kept["best"] == 1
    assert [point[1:] for point in kept["points"]][-2:] == [[2, 290_000], [1, 300_000]]
    assert len(kept["points"]) == 12
    assert len(history) == 60
    assert len(json.dumps(found.state, ensure_ascii=False)) < 16_000


async def test_what_left_the_list_is_forgotten_after_a_day(web: Any, around: Any) -> None:
    source = around("/hot")
    web.put("/hot", newsnow(("旧话题", None)), "application/json")
    await source.run(ADAPTER)
    source.now += timedelta(hours=25)
    web.put("/hot", newsnow(("新话题", None)), "application/json")
    found = await source.run(ADAPTER)
    assert [one["title"] for one in found.state["history"].values()] == ["新话题"]


async def test_reads_any_json_by_expressions(web: Any, around: Any) -> None:
    rows = [
        {"target": {"title": f"问题{n}", "id": n, "excerpt": "<b>说明</b>"}, "detail": f"{n} 万热度"} for n in (9, 8)
    ]
    web.put("/hot", json.dumps({"data": [*rows, {"target": {}}]}), "application/json")
    found = await around("/hot").run(
        ADAPTER,
        format="json",
        items="data",
        title="target.title",
        url="join('', ['https://zhihu.example/question/', to_string(target.id)])",
        text="target.excerpt",
        heat="detail",
        top=3,
    )
    assert [(one.rank, one.title, one.heat) for one in found.rankings] == [(1, "问题9", 90_000), (2, "问题8", 80_000)]
    assert found.drafts[0].url == "https://zhihu.example/question/9"
    assert found.drafts[0].text == "问题9\n说明"
    assert found.misses[0].reason_zh == "第 3 名：没有标题"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"status": "error", "items": []}', "不是 NewsNow 的热榜（status：error）"),
        ("[]", "不是 NewsNow 的热榜"),
        ('{"status": "success", "items": []}', "热榜没有任何条目"),
        ('{"status": "success", "items": [{"id": 1}]}', "没有一个条目可以读取：第 1 名：没有标题"),
        ("<html>", "返回的不是 JSON"),
    ],
)
async def test_says_why_it_is_no_hot_list(web: Any, around: Any, body: str, says: str) -> None:
    web.put("/hot", body, "application/json")
    with pytest.raises(FetchFailed) as failure:
        await around("/hot").run(ADAPTER)
    assert failure.value.problem is FetchProblem.CONTENT
    assert says in failure.value.detail


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"items": "data"}, "items 只用于 format=json"),
        ({"format": "json", "items": "data"}, "title：format=json 时必须填写"),
        ({"format": "json", "items": "data[", "title": "t"}, "不是有效的 JMESPath 表达式"),
        ({"format": "xml"}, "format"),
        ({"top": 0}, "top"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ADAPTER.config.model_validate(config)
    assert says in str(refused.value)


async def test_entries_below_the_limit_become_posts_with_the_next_pass(web: Any, around: Any) -> None:
    web.put("/hot", newsnow(*((f"话题{n}", None) for n in range(100))), "application/json")
    source = around("/hot", limit=50)
    first = await source.run(ADAPTER, top=100)
    second = await source.run(ADAPTER, top=100)
    assert [draft.title for draft in [*first.drafts, *second.drafts]] == [f"话题{n}" for n in range(100)]
    assert len(second.rankings) == 100


async def test_entries_without_an_address_below_the_limit_too(web: Any, around: Any) -> None:
    web.put("/hot", json.dumps({"data": [{"t": f"话题{n}"} for n in range(6)]}), "application/json")
    source = around("/hot", limit=3)
    config = {"format": "json", "items": "data", "title": "t"}
    titles = [draft.title for _ in range(2) for draft in (await source.run(ADAPTER, **config)).drafts]
    assert titles == [f"话题{n}" for n in range(6)]


async def test_titles_are_kept_masked_and_half_a_surrogate_pair_stops_nothing(web: Any, around: Any) -> None:
    rows = '[{"t": "举报电话13812345678"}, {"t": "路灯\\ud83d不亮"}]'
    web.put("/hot", f'{{"data": {rows}}}', "application/json")
    source = around("/hot")
    source.state = {"history": {}}
    found = await source.run(ADAPTER, format="json", items="data", title="t")
    assert "13812345678" not in json.dumps(found.state) + str(found.rankings)
    assert [one.rank for one in found.rankings] == [1, 2]
    assert found.rankings[1].title == "路灯不亮"
