"""JSON APIs: entries by JMESPath, pages by number, cursor and address, secrets that stay out of settings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from services.ingest.adapters.json_api import ADAPTER
from services.ingest.adapters.protocol import OutOfTime
from services.ingest.fetching.page import FetchFailed, FetchProblem

MAPPING: dict[str, Any] = {
    "items": "data.list",
    "url": "join('', ['/post/', to_string(id)])",
    "title": "title",
    "text": "body.html",
    "author": "user.name",
    "published_at": "created",
    "repost_of": "origin.url",
    "counters": {"reads": "stat.view", "comments": "stat.reply", "likes": "stat.like"},
}


def entry(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "title": f"第{number}条留言",
        "body": {"html": f"<p>安置点第{number}排路灯不亮。</p><p>请尽快维修 &amp; 回复。</p>"},
        "user": {"name": "网友甲"},
        "created": 1781400600000,
        "stat": {"view": "1.2万", "reply": 3, "like": None},
        **more,
    }


def answer(*numbers: int, **more: Any) -> str:
    return json.dumps({"code": 0, "data": {"list": [entry(n) for n in numbers], **more}}, ensure_ascii=False)


async def test_maps_entries_by_expressions(web: Any, around: Any) -> None:
    body = json.dumps({"data": {"list": [entry(1, origin={"url": "https://weibo.example/9"})]}}, ensure_ascii=False)
    web.put("/api", body, "application/json")
    found = await around("/api").run(ADAPTER, **MAPPING)
    (draft,) = found.drafts
    assert (draft.url, draft.title, draft.author) == (f"{web.base}/post/1", "第1条留言", "网友甲")
    assert draft.text == "安置点第1排路灯不亮。\n请尽快维修 & 回复。"
    assert draft.published_at.isoformat() == "2026-06-14T01:30:00+00:00"
    assert draft.repost_of == "https://weibo.example/9"
    assert draft.counters == {"reads": 12000, "comments": 3}
    assert web.asked[0][1]["accept"].startswith("application/json")


@pytest.mark.parametrize("body", ["cb({payload});", "\ufeff{payload}", "/**/ {payload}"[5:]])
async def test_reads_json_in_a_callback_or_behind_a_mark(web: Any, around: Any, body: str) -> None:
    web.put("/api", body.replace("{payload}", answer(1)), "application/javascript")
    assert len((await around("/api").run(ADAPTER, **MAPPING)).drafts) == 1


async def test_turns_pages_by_number_until_one_is_empty(web: Any, around: Any) -> None:
    web.put("/api?size=2&pn=0", answer(1, 2), "application/json")
    web.put("/api?size=2&pn=2", answer(3), "application/json")
    web.put("/api?size=2&pn=4", answer(), "application/json")
    turning = {"kind": "page", "parameter": "pn", "first": 0, "step": 2, "pages": 9}
    found = await around("/api?size=2").run(ADAPTER, **MAPPING, pagination=turning)
    assert [draft.url[-1] for draft in found.drafts] == ["1", "2", "3"]
    assert len(web.asked) == 3


async def test_turns_pages_by_cursor_and_stops_where_all_is_known(web: Any, around: Any) -> None:
    web.put("/api", answer(1, 2, next="c1"), "application/json")
    web.put("/api?cursor=c1", answer(3, 4, next="c2"), "application/json")
    web.put("/api?cursor=c2", answer(5, next=""), "application/json")
    source = around("/api")
    turning = {"kind": "cursor", "next": "data.next", "pages": 9}
    assert (await source.run(ADAPTER, **MAPPING, pagination=turning)).seen == 5
    web.asked.clear()
    again = await source.run(ADAPTER, **MAPPING, pagination=turning)
    assert web.paths == ["/api"]
    assert [draft.counters["comments"] for draft in again.drafts] == [3, 3]


async def test_follows_next_addresses_on_the_same_host_alone(web: Any, around: Any) -> None:
    web.put("/api", answer(1, next="/api/2"), "application/json")
    web.put("/api/2", answer(2, next="http://other.example/api/3"), "application/json")
    turning = {"kind": "next_url", "next": "data.next", "pages": 9}
    assert (await around("/api").run(ADAPTER, **MAPPING, pagination=turning)).seen == 2
    assert web.paths == ["/api", "/api/2"]


async def test_a_cursor_that_turns_in_a_circle_ends(web: Any, around: Any) -> None:
    web.put("/api", answer(1, next="c1"), "application/json")
    web.put("/api?cursor=c1", answer(2, next="c1"), "application/json")
    await around("/api").run(ADAPTER, **MAPPING, pagination={"kind": "cursor", "next": "data.next", "pages": 50})
    assert len(web.asked) == 2


async def test_secrets_come_from_the_environment(web: Any, around: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    web.put("/api", answer(1), "application/json")
    config = {**MAPPING, "headers": {"X-Client": "huiying"}, "secret_headers": {"Authorization": "HUIYING_SOURCE_PUER"}}
    monkeypatch.setenv("HUIYING_SOURCE_PUER", "Bearer abc")
    await around("/api").run(ADAPTER, **config)
    assert (web.asked[0][1]["authorization"], web.asked[0][1]["x-client"]) == ("Bearer abc", "huiying")
    monkeypatch.delenv("HUIYING_SOURCE_PUER")
    with pytest.raises(FetchFailed, match="没有设置环境变量 HUIYING_SOURCE_PUER"):
        await around("/api").run(ADAPTER, **config)


async def test_one_bad_entry_stops_no_other(web: Any, around: Any) -> None:
    body = json.dumps({"data": {"list": [{"id": 1}, entry(2), "text", None]}})
    web.put("/api", body, "application/json")
    found = await around("/api").run(ADAPTER, **MAPPING)
    assert [draft.url[-1] for draft in found.drafts] == ["2"]
    assert [miss.reason_zh.partition("：")[0] for miss in found.misses] == ["第 1 条", "第 3 条", "第 4 条"]


async def test_surge_watch_searches_besides(web: Any, around: Any) -> None:
    web.put("/api", answer(1), "application/json")
    web.put("/search?q=%E8%A1%A5%E5%81%BF", answer(1, 2), "application/json")
    source = around("/api", keywords=["补偿", "拆迁"])
    found = await source.run(ADAPTER, **MAPPING, search_url=f"{web.base}/search?q={{keyword}}")
    assert [draft.url[-1] for draft in found.drafts] == ["1", "2"]
    assert "搜索“拆迁”失败" in found.misses[0].reason_zh


async def test_follows_entries_to_their_pages(web: Any, around: Any, article: Any) -> None:
    article("/post/1", "澜江县移民安置第1次通报")
    web.put("/api", json.dumps({"list": [{"link": "/post/1"}]}), "application/json")
    (draft,) = (await around("/api").run(ADAPTER, items="list", url="link", full_text=True)).drafts
    assert draft.title == "澜江县移民安置第1次通报"
    assert "排水不畅" in draft.text


@pytest.mark.parametrize(
    ("body", "config", "says"),
    [
        ("<html>登录</html>", {}, "返回的不是 JSON，开头是：<html>登录</html>"),
        ("", {}, "返回的内容为空"),
        (
            '{"code": -1, "msg": "请求过于频繁"}',
            {"ok": "code == `0`"},
            "接口表示失败（code == `0` 不成立）：请求过于",
        ),
        ('{"rows": [], "total": 0}', {}, "items 表达式 data.list 没有得到列表（得到空）；顶层字段：rows、total"),
        ('{"data": {"list": "x"}}', {}, "得到文字"),
        ('{"data": {"list": [{"a": 1}]}}', {}, "没有一个条目可以读取"),
        ('{"data": 1}', {"items": "sum(data)"}, "表达式 sum(data) 无法求值"),
    ],
)
async def test_says_why_the_answer_is_no_use(
    web: Any, around: Any, body: str, config: dict[str, Any], says: str
) -> None:
    web.put("/api", body, "application/json")
    with pytest.raises(FetchFailed) as failure:
        await around("/api").run(ADAPTER, **{**MAPPING, **config})
    assert failure.value.problem is FetchProblem.CONTENT
    assert says in failure.value.detail


async def test_an_empty_list_is_no_failure(web: Any, around: Any) -> None:
    web.put("/api", answer(), "application/json")
    assert (await around("/api").run(ADAPTER, **MAPPING)).seen == 0


@pytest.mark.parametrize(
    ("config", "field", "says"),
    [
        ({"items": "data.["}, "items", "不是有效的 JMESPath 表达式"),
        ({"counters": {"reads": "a b"}}, "counters.reads", "不是有效的 JMESPath 表达式"),
        ({"counters": {"plays": "a"}}, "counters.plays", "Extra inputs"),
        ({"pagination": {"kind": "page", "pages": 99}}, "pagination.page.pages", "less than or equal to 50"),
        ({"pagination": {"kind": "cursor"}}, "pagination.cursor.next", "required"),
        ({"headers": {"Authorization": "Bearer x"}}, "headers", "应写在 secret_headers"),
        ({"headers": {"X-Api-Key": "x"}}, "headers", "应写在 secret_headers"),
        ({"headers": {"User-Agent": "x"}}, "headers", "不能设置请求头 User-Agent"),
        ({"secret_headers": {"Authorization": "PATH"}}, "secret_headers.Authorization", "pattern"),
        ({"search_url": "ftp://x/{keyword}"}, "search_url", "pattern"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_by_name(config: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ADAPTER.config.model_validate({**MAPPING, **config})
    (error,) = refused.value.errors()
    assert ".".join(map(str, error["loc"])) == field
    assert says in error["msg"]


def test_items_must_be_given() -> None:
    with pytest.raises(ValidationError, match="items"):
        ADAPTER.config.model_validate({"url": "link"})


def twenty(page: int) -> str:
    return answer(*range((page - 1) * 20 + 1, page * 20 + 1))


async def test_what_a_pass_may_not_bring_comes_with_the_next(web: Any, around: Any) -> None:
    for page in (1, 2, 3):
        web.put(f"/api?page={page}", twenty(page), "application/json")
    source = around("/api", limit=50)
    turning = {"kind": "page", "pages": 3}
    first = await source.run(ADAPTER, **MAPPING, pagination=turning)
    assert (len(first.drafts), len(source.stored), first.state["unfinished"]) == (50, 50, True)
    second = await source.run(ADAPTER, **MAPPING, pagination=turning)
    assert len(source.stored) == 60
    assert "unfinished" not in second.state
    web.asked.clear()
    await source.run(ADAPTER, **MAPPING, pagination=turning)
    assert web.paths == ["/api?page=1"]


async def test_entries_without_an_address_come_once_and_leave_room_for_others(web: Any, around: Any) -> None:
    rows = [{"t": f"第{n}条留言：安置点路灯不亮，电话13812345678"} for n in range(12)]
    web.put("/api", json.dumps({"list": rows}), "application/json")
    source = around("/api", limit=5)
    texts = [draft.text for _ in range(3) for draft in (await source.run(ADAPTER, items="list", text="t")).drafts]
    assert texts == [row["t"] for row in rows]
    assert (await source.run(ADAPTER, items="list", text="t")).drafts == []
    assert "13812345678" not in json.dumps(source.state)
    assert "路灯" not in json.dumps(source.state, ensure_ascii=False)


async def test_when_time_is_up_between_pages_what_was_found_is_returned(web: Any, around: Any) -> None:
    for page in (1, 2, 3):
        web.put(f"/api?page={page}", twenty(page), "application/json")
    source = around("/api", time_for=2, keywords=["补偿"])
    turning = {"kind": "page", "pages": 3}
    config = {**MAPPING, "pagination": turning, "search_url": f"{web.base}/search?q={{keyword}}"}
    found = await source.run(ADAPTER, **config)
    assert (len(found.drafts), found.state["unfinished"]) == (40, True)
    source.time_for, source.keywords = 100, ()
    await source.run(ADAPTER, **config)
    assert len(source.stored) == 60
    source.time_for = 0
    with pytest.raises(OutOfTime):
        await source.run(ADAPTER, **config)


async def test_half_of_the_time_is_kept_for_the_entries_pages(web: Any, around: Any, article: Any) -> None:
    for page in (1, 2):
        article(f"/post/{page}", f"澜江县移民安置第{page}次通报")
        web.put(f"/api?page={page}", answer(page), "application/json")
    source = around("/api", half=1)
    turning = {"kind": "page", "pages": 2}
    found = await source.run(ADAPTER, **MAPPING, pagination=turning, full_text=True)
    assert ([draft.url[-1] for draft in found.drafts], found.state["unfinished"]) == (["1"], True)
    assert web.paths == ["/api?page=1", "/post/1"]
    source.half = 100
    found = await source.run(ADAPTER, **MAPPING, pagination=turning, full_text=True)
    assert "2" in [draft.url[-1] for draft in found.drafts]


async def test_secrets_go_to_no_other_scheme(web: Any, around: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYING_SOURCE_PUER", "abc")
    web.put("/api", answer(1, next=web.base.replace("http:", "https:") + "/api/2"), "application/json")
    source = around("/api")
    turning = {"kind": "next_url", "next": "data.next"}
    await source.run(ADAPTER, **MAPPING, pagination=turning, secret_headers={"X-Key": "HUIYING_SOURCE_PUER"})
    assert (source.time_for, web.paths) == (9_999, ["/api"]), "the other address is not asked for at all"


@pytest.mark.parametrize("where", ["headers", "secret_headers"])
@pytest.mark.parametrize("name", ["Accept", "RANGE", "If-None-Match", "Expect", "keep-alive", "X.Odd", "--"])
def test_headers_that_the_fetcher_refuses_are_refused_at_once(where: str, name: str) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.config.model_validate({"items": "a", where: {name: "HUIYING_SOURCE_X"}})


async def test_a_secret_that_is_no_header_value_is_told(web: Any, around: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYING_SOURCE_PUER", "abc\n")
    with pytest.raises(FetchFailed, match="换行"):
        await around("/api").run(ADAPTER, items="a", secret_headers={"X-Key": "HUIYING_SOURCE_PUER"})


async def test_halves_of_surrogate_pairs_cost_nothing_else(web: Any, around: Any) -> None:
    rows = '[{"t": "路灯\\ud83d不亮", "u": "/a/\\udc00"}, {"t": "<p>积水\\ud83d</p>", "u": "/a/2"}]'
    web.put("/api", f'{{"list": {rows}, "next": "c\\ud800"}}', "application/json")
    web.put("/api?cursor=c", '{"list": []}', "application/json")
    source = around("/api")
    turning = {"kind": "cursor", "next": "next"}
    found = await source.run(ADAPTER, items="list", text="t", url="u", pagination=turning)
    assert [(draft.text, draft.url) for draft in found.drafts] == [("路灯不亮", None), ("积水", f"{web.base}/a/2")]
    assert web.paths == ["/api", "/api?cursor=c"]


async def test_what_a_source_answered_is_quoted_shortly(web: Any, around: Any) -> None:
    web.put("/api", json.dumps({"code": 1, "msg": "忙" * 500}), "application/json")
    with pytest.raises(FetchFailed) as failure:
        await around("/api").run(ADAPTER, items="a", ok="code == `0`")
    assert failure.value.detail.count("忙") == 60
    web.put("/api", "乱" * 500, "application/json")
    with pytest.raises(FetchFailed) as failure:
        await around("/api").run(ADAPTER, items="a")
    assert failure.value.detail.count("乱") == 60
