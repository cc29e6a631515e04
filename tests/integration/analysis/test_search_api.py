"""Searching posts over HTTP: what is shown of a hit, counts, sorting, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.analysis.harness import Analysis, Api
from tests.integration.analysis.stored import a_row, store

HASH = "5f4dcc3b5aa765d61d8327deb882cf99"


async def seed(analysis: Analysis) -> None:
    rows = [
        a_row("\U0001f621\U0001f621移民等待補償款，糯扎渡" + "的路很远" * 60 + "移民", id="traditional", minutes=5),
        a_row("移民感谢", id="thanks", title="移民補償", minutes=9, sentiment="positive", topics=["resettlement"]),
        a_row("ＮＥＷＳ １２", id="wide", minutes=3, channel="news", places=["澜沧县"]),
    ]
    async with analysis.runtime.database.writing() as session:
        await store(session, rows)


async def test_a_hit_shows_its_words(analysis: Analysis, api: Api) -> None:
    await seed(analysis)
    first, second = await api.items("/api/v1/posts", q="移民 补偿")
    assert (first["id"], second["id"]) == ("traditional", "thanks")
    shown = [first[one["field"]][one["start"] : one["end"]] for one in first["highlights"]]
    assert shown == ["移民", "補償", "移民"]
    snippet = first["snippet"]
    assert snippet["text"] == first["text"][snippet["start"] : snippet["end"]]
    assert snippet["text"].startswith("\U0001f621\U0001f621移民等待補償款")
    assert len(snippet["text"]) == 160
    assert {one["field"] for one in second["highlights"]} == {"title", "text"}
    (wide,) = await api.items("/api/v1/posts", q="news place:澜沧")
    assert [(one["start"], one["end"]) for one in wide["highlights"]] == [(0, 4)]
    plain = await api.items("/api/v1/posts")
    assert all(item["highlights"] is None and item["snippet"] is None for item in plain)
    assert len(await api.items("/api/v1/posts", q="  ")) == 3


async def test_the_best_first(analysis: Analysis, api: Api) -> None:
    await seed(analysis)
    items = await api.items("/api/v1/posts", q="移民 OR 补偿", sort="-relevance", limit=1)
    assert [item["id"] for item in items] == ["thanks", "traditional"]
    await api.call("GET", "/api/v1/posts", params={"sort": "-relevance"}, status=422)
    await api.call("GET", "/api/v1/posts", params={"sort": "-author", "q": "移民"}, status=422)


async def test_hits_are_counted(analysis: Analysis, api: Api) -> None:
    await seed(analysis)
    counted = await api.get("/api/v1/posts/counts", q="移民")
    assert (counted["posts"], counted["bounded"]) == (2, False)
    assert counted["by_sentiment"] == {"neutral": 1, "positive": 1}
    assert counted["by_channel"] == {"weibo": 2}
    assert counted["by_topic"] == {"resettlement": 1}


@pytest.mark.parametrize(
    ("query", "position", "detail"),
    [
        ("移民 AND (", 8, "第 9 个字符"),
        ("NOT 移民", 0, "请加上要查找的词"),
        ("“移民", 0, "引号没有闭合"),
        ("作者:张三", 0, "没有字段"),
        ("author:x", 0, "没有字段"),
        ("“%”", 0, "没有可查找的文字"),
    ],
)
async def test_a_bad_query_says_where(api: Api, query: str, position: int, detail: str) -> None:
    for path in ("/api/v1/posts", "/api/v1/posts/counts"):
        response = await api.call("GET", path, params={"q": query}, headers={"Accept-Language": "zh-CN"}, status=422)
        problem = response.json()
        assert problem["position"] == position
        assert detail in problem["detail"]
        assert problem["errors"][0]["pointer"] == "query.q"


@pytest.mark.parametrize(
    "query",
    [
        '“" OR words MATCH "x” 移民',
        "移民 “') OR 1=1 --”",
        "移民 “\\'”",
        "移民 “:*”",
        "移民* ^补偿",
        "words:移民",
        "移民 NEAR(补偿, 3)",
        "移民 <-> 补偿",
        "移民 \x00",
        "{title text}: 移民",
        "\ue000tresettlement",
    ],
)
async def test_nothing_in_a_query_reaches_the_database_as_more_than_words(
    analysis: Analysis, api: Api, query: str
) -> None:
    await seed(analysis)
    for name in ("q", "topic", "place", "source"):
        response = await api.call("GET", "/api/v1/posts", params={name: query}, status=None)
        assert response.status_code in (200, 422), (name, response.text)
        if response.status_code == 200:
            assert "wide" not in [item["id"] for item in response.json()["items"]]
        assert HASH not in response.text


async def test_bad_cursors_are_refused(analysis: Analysis, api: Api) -> None:
    await seed(analysis)
    page: Any = await api.get("/api/v1/posts", q="移民", limit=1)
    best: Any = await api.get("/api/v1/posts", q="移民", sort="-relevance", limit=1)
    cursors = {"-published_at": page["next_cursor"], "-relevance": best["next_cursor"]}
    for sort, cursor in cursors.items():
        for other in cursors:
            status = 200 if other == sort else 400
            params = {"q": "移民", "sort": other, "cursor": cursor}
            await api.call("GET", "/api/v1/posts", params=params, status=status)
