"""Analysis over HTTP: filters, cursors, topics, trends, and what is never shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.envelope import Message
from contracts.messages import PlanActivated, PlanTopic
from contracts.words import Role
from kit.bus import envelope
from kit.clock import ManualClock
from language.places import Places
from services.analysis.consumers import PlanConsumer
from services.analysis.retention import Retention
from services.analysis.topic_watch import TopicWatch
from tests.integration.analysis.harness import COPY, NOW, OTHER, REPORT, Analysis, Api, a_post, collected

HASH = "5f4dcc3b5aa765d61d8327deb882cf99"


async def seed(analysis: Analysis) -> dict[str, str]:
    """Track four posts of three stories; returns their ids by name."""
    posts = {
        "report": a_post(REPORT, minutes=90, author_hash=HASH, source_name="普洱论坛", channel="forum"),
        "copy": a_post(COPY, minutes=30, author_hash=HASH[::-1], url="https://weibo.example/2"),
        "quake": a_post(OTHER, title="景谷地震", minutes=20, source_id="s-9", source_name="省报", channel="news"),
        "thanks": a_post("感谢政府,新房子很好,一家人都很满意 100% News", minutes=60 * 30),
    }
    await analysis.track([collected(p) for p in posts.values()])
    return {name: post.id for name, post in posts.items()}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["quake", "copy", "report", "thanks"]),
        ({"topic": "resettlement"}, ["copy", "report"]),
        ({"topic": "nothing"}, []),
        ({"sentiment": "positive"}, ["thanks"]),
        ({"incident_type": "natural_disaster"}, ["quake"]),
        ({"place": "澜沧县"}, ["copy", "report"]),
        ({"place": "景谷"}, ["quake"]),
        ({"place": "澜沧县", "topic": "resettlement", "channel": "forum"}, ["report"]),
        ({"channel": "news"}, ["quake"]),
        ({"source": "普洱论坛"}, ["report"]),
        ({"source": "s-9"}, ["quake"]),
        ({"source": "省报"}, ["quake"]),
        ({"source": "weibo.example"}, ["copy"]),
        ({"q": "补偿款"}, ["copy", "report"]),
        ({"q": "景谷地震"}, ["quake"]),
        ({"q": "100%"}, ["thanks"]),
        ({"q": "1%0"}, []),
        ({"q": "news"}, ["thanks"]),
        ({"since": (NOW - timedelta(hours=1)).isoformat()}, ["quake", "copy"]),
        ({"until": (NOW - timedelta(hours=1)).isoformat()}, ["report", "thanks"]),
    ],
)
async def test_posts_are_found_by_what_they_are(
    analysis: Analysis, api: Api, params: dict[str, str], expected: list[str]
) -> None:
    ids = await seed(analysis)
    names = {id_: name for name, id_ in ids.items()}
    assert [names[item["id"]] for item in await api.items("/api/v1/posts", **params)] == expected


async def test_an_author_is_never_shown_nor_searched_by(analysis: Analysis, api: Api) -> None:
    await seed(analysis)
    (event, *_) = await api.items("/api/v1/events")
    paths = ["/api/v1/posts", "/api/v1/events", "/api/v1/overview", "/api/v1/trends", f"/api/v1/events/{event['id']}"]
    paths += [f"/api/v1/events/{event['id']}/posts", f"/api/v1/events/{event['id']}/series"]
    paths += [f"/api/v1/posts/{item['id']}" for item in await api.items("/api/v1/posts")]
    for path in paths:
        text = (await api.call("GET", path)).text
        assert HASH not in text
        assert HASH[::-1] not in text
        assert "author" not in text
    everything = await api.items("/api/v1/posts")
    for name in ("author", "author_hash"):
        assert await api.items("/api/v1/posts", **{name: HASH}) == everything
    told = [one.model_dump_json() for one in await analysis.told()]
    assert not any(HASH in one or "author" in one for one in told)


async def test_pages_are_stable_while_posts_come_in(analysis: Analysis, api: Api) -> None:
    await analysis.track([collected(a_post(f"第{n}条", minutes=n // 2)) for n in range(23)])
    whole = [item["id"] for item in await api.items("/api/v1/posts", limit=200)]
    first = await api.get("/api/v1/posts", limit=10)
    await analysis.track([collected(a_post("新来的一条"))])
    rest: list[dict[str, Any]] = []
    cursor = first["next_cursor"]
    while cursor:
        page = await api.get("/api/v1/posts", limit=10, cursor=cursor)
        rest += page["items"]
        cursor = page["next_cursor"]
    assert [item["id"] for item in first["items"] + rest] == whole
    assert len(whole) == 23
    for path in ("/api/v1/posts", "/api/v1/events", "/api/v1/topics"):
        await api.call("GET", path, params={"cursor": "!!"}, status=400)


async def test_one_post(analysis: Analysis, api: Api) -> None:
    ids = await seed(analysis)
    post = await api.get(f"/api/v1/posts/{ids['quake']}")
    assert post["title"] == "景谷地震"
    assert post["source"] == "s-9"
    assert post["metrics"] == {"reads": 0, "likes": 0, "comments": 0, "reposts": 0}
    assert post["analysis"]["sentiment"]["label"] == "negative"
    assert post["analysis"]["sentiment"]["probabilities"] == {"negative": 0.8, "neutral": 0.15, "positive": 0.05}
    assert post["analysis"]["places"] == ["景谷县"]
    assert post["analysis"]["incident_type"] == "natural_disaster"
    problem = (await api.call("GET", "/api/v1/posts/none", status=404, headers={"Accept-Language": "zh"})).json()
    assert problem["detail"] == "没有这个信息"


async def test_events_are_listed_and_filtered(analysis: Analysis, api: Api) -> None:
    await seed(analysis)

    async def titles(**params: Any) -> list[str]:
        return [item["title"][:4] for item in await api.items("/api/v1/events", **params)]

    assert await titles() == ["3月1日", "景谷地震", "感谢政府"]
    assert await titles(limit=1) == ["3月1日", "景谷地震", "感谢政府"]
    assert await titles(sort="-last_seen", limit=1) == ["景谷地震", "3月1日", "感谢政府"]
    assert await titles(topic="resettlement") == ["3月1日"]
    assert await titles(place="景谷县") == ["景谷地震"]
    assert await titles(incident_type="natural_disaster") == ["景谷地震"]
    assert await titles(status="faded") == ["感谢政府"]
    assert await titles(status="active") == ["3月1日", "景谷地震"]
    await api.call("GET", "/api/v1/events", params={"sort": "author"}, status=422)


async def test_one_event_with_posts_and_series(analysis: Analysis, api: Api) -> None:
    ids = await seed(analysis)
    (listed,) = await api.items("/api/v1/events", topic="resettlement")
    path = f"/api/v1/events/{listed['id']}"
    response = await api.call("GET", path)
    event = response.json()
    assert event == listed
    assert response.headers["etag"] == '"1"'
    assert event["metrics"]["posts_total"] == 2
    assert event["metrics"]["voices"] == 2
    assert event["summary"].startswith("3月1日上午")
    assert "补偿款" in event["keywords"]
    await api.call("GET", path, headers={"If-None-Match": '"1"'}, status=304)
    await api.call("GET", path, headers={"If-None-Match": '"0"'})
    assert [post["id"] for post in await api.items(f"{path}/posts", limit=1)] == [ids["copy"], ids["report"]]
    hours = await api.get(f"{path}/series")
    assert [(p["at"], p["posts"], p["negative"]) for p in hours["points"]] == [
        ("2026-03-02T06:00:00+08:00", 1, 1),
        ("2026-03-02T07:00:00+08:00", 1, 1),
    ]
    days = await api.get(f"{path}/series", bucket="1d")
    assert [(p["at"], p["posts"]) for p in days["points"]] == [("2026-03-02T00:00:00+08:00", 2)]
    await api.call("GET", "/api/v1/events/none", status=404)
    await api.call("GET", "/api/v1/events/none/posts", status=404)
    await api.call("GET", f"{path}/series", params={"bucket": "1m"}, status=422)


async def test_overview_and_trends(analysis: Analysis, api: Api) -> None:
    await seed(analysis)
    await activate(analysis, PlanTopic(key="resettlement", name="移民补偿", query="移民 补偿"))
    overview = await api.get("/api/v1/overview")
    assert overview["posts_24h"] == 3
    assert overview["by_sentiment"] == {"negative": 3, "neutral": 0, "positive": 0}
    nothing = {"previous": 0, "change": None}
    assert overview["by_topic"] == [{"key": "resettlement", "name": "移民补偿", "posts": 2, **nothing}]
    assert {"key": "澜沧县", "name": "澜沧县", "posts": 2, **nothing} in overview["by_place"]
    assert overview["top_events"][0]["metrics"]["posts_total"] == 2
    trends = await api.get("/api/v1/trends", bucket="1d")
    (series,) = trends["series"]
    assert series["topic"] is None
    assert [(p["at"][:10], p["posts"], p["negative"], p["positive"]) for p in series["points"]] == [
        ("2026-03-01", 1, 0, 1),
        ("2026-03-02", 3, 3, 0),
    ]
    (series,) = (await api.get("/api/v1/trends", topic="resettlement"))["series"]
    assert (series["name"], sum(p["posts"] for p in series["points"])) == ("移民补偿", 2)
    await api.call("GET", "/api/v1/trends", params={"since": "2020-01-01T00:00:00Z"}, status=422)


async def test_sentiment_is_scored(api: Api) -> None:
    answer = (await api.call("POST", "/api/v1/sentiment", json={"texts": ["感谢!", "集体上访"]})).json()
    assert [result["label"] for result in answer["results"]] == ["positive", "negative"]
    assert answer["results"][1]["score"] == pytest.approx(-0.75)
    assert answer["model"] == {"name": "words", "version": "1"}
    await api.call("POST", "/api/v1/sentiment", json={"texts": []}, status=422)
    await api.call("POST", "/api/v1/sentiment", json={"texts": ["x"] * 257}, status=422)


async def test_nobody_comes_in_without_the_gateway(api: Api) -> None:
    for path in ("/api/v1/posts", "/api/v1/events", "/api/v1/topics", "/api/v1/overview"):
        await api.call("GET", path, role=None, status=401)
    body = {"name": "n", "query": "移民"}
    await api.call("POST", "/api/v1/topics", json=body, role=Role.AUDITOR, status=403)


async def test_topics_of_users(api: Api) -> None:
    made = await api.call("POST", "/api/v1/topics", json={"name": "水库", "query": "水库 AND 移民"}, status=201)
    topic = made.json()
    path = made.headers["location"]
    assert topic["origin"] == "user"
    assert (await api.get(path)) == topic
    patch = {"query": "水库 OR 电站", "enabled": False}
    changed = (await api.call("PATCH", path, json=patch, headers={"If-Match": '"1"'})).json()
    assert (changed["query"], changed["enabled"], changed["version"]) == ("水库 OR 电站", False, 2)
    await api.call("PATCH", path, json=patch, headers={"If-Match": '"1"'}, status=412)
    await api.call("DELETE", path, status=204)
    await api.call("GET", path, status=404)


async def test_a_bad_query_says_where(api: Api) -> None:
    response = await api.call(
        "POST",
        "/api/v1/topics",
        json={"name": "n", "query": "移民 AND ("},
        headers={"Accept-Language": "zh-CN"},
        status=422,
    )
    problem = response.json()
    assert problem["position"] == 8
    assert "第 9 个字符" in problem["detail"]
    assert problem["errors"][0]["pointer"] == "/query"
    await api.call("POST", "/api/v1/topics", json={"name": "n", "query": "NOT 移民"}, status=422)
    await api.call("POST", "/api/v1/topics", json={"name": "n", "query": "移民", "author": "x"}, status=422)


async def test_a_query_can_be_tried(analysis: Analysis, api: Api) -> None:
    text = "澜沧县移民等待补偿款"
    body = {"query": "移民 补偿", "places": ["普洱市"], "exclude": ["海外"], "texts": [text, "海外移民补偿"]}
    yes, no = (await api.call("POST", "/api/v1/topics/test", json=body)).json()["results"]
    assert yes["matches"] is True
    assert [text[h["start"] : h["end"]] for h in yes["highlights"]] == ["澜沧县", "移民", "补偿"]
    assert [h["kind"] for h in yes["highlights"]] == ["place", "term", "term"]
    assert yes["reasons"] == []
    assert yes["places"] == ["澜沧县"]
    assert no["matches"] is False
    assert [reason["zh"] for reason in no["reasons"]] == [
        "专题限定了地点：没有提到“普洱市”",
        "出现了被排除的词：海外",
    ]
    post = {"title": "移民安置", "text": text, "channel": "weibo"}
    titled = {"query": "title:安置 channel:微博", "texts": [post, text]}
    first, second = (await api.call("POST", "/api/v1/topics/test", json=titled)).json()["results"]
    assert [(h["field"], h["text"]) for h in first["highlights"]] == [("title", "安置")]
    assert (first["matches"], second["matches"]) == (True, False)
    await activate(analysis, PlanTopic(key="k", name="n", query="移民"))
    stored = (await api.call("POST", "/api/v1/topics/test", json={"topic": "k", "texts": [text]})).json()
    assert stored["results"][0]["matches"] is True
    await api.call("POST", "/api/v1/topics/test", json={"topic": "none", "texts": [text]}, status=404)
    await api.call("POST", "/api/v1/topics/test", json={"texts": [text]}, status=422)


async def activate(analysis: Analysis, *topics: PlanTopic, version: str = "1") -> Message:
    """Let a plan with `topics` come into force; returns the message that told of it."""
    plan = PlanActivated(version=version, name="预案", topics=list(topics), activated_at=NOW)
    message = envelope("plan.activated", version, plan, source="cases", at=NOW)
    await PlanConsumer(analysis.runtime).handle([message])
    return message


async def test_topics_of_the_plan(analysis: Analysis, api: Api) -> None:
    watch = TopicWatch(analysis.runtime)
    assert not (await watch.refresh() and watch.matcher.problems)
    message = await activate(
        analysis,
        PlanTopic(key="a", name="甲", query="移民", places=["普洱市"]),
        PlanTopic(key="b", name="乙", query="(坏"),
    )
    assert await watch.refresh()
    assert not await watch.refresh()
    await PlanConsumer(analysis.runtime).handle([message])
    assert not await watch.refresh()
    good, bad = sorted(await api.items("/api/v1/topics"), key=lambda topic: topic["key"])
    assert (good["origin"], good["plan_version"], good["problem"]) == ("plan", "1", None)
    assert "没有闭合" in bad["problem"]

    await api.call("DELETE", f"/api/v1/topics/{good['id']}", status=409)
    await api.call("PATCH", f"/api/v1/topics/{good['id']}", json={"query": "x"}, status=409)
    off = (await api.call("PATCH", f"/api/v1/topics/{good['id']}", json={"enabled": False})).json()
    assert off["enabled"] is False

    await activate(analysis, PlanTopic(key="b", name="乙", query="搬迁"), version="2")
    assert await watch.refresh()
    first, second = sorted(await api.items("/api/v1/topics"), key=lambda topic: topic["key"])
    assert (first["enabled"], first["plan_version"]) == (False, "1")
    assert (second["enabled"], second["plan_version"], second["problem"]) == (True, "2", None)
    assert watch.matcher.match("", "移民搬迁", Places()) == ["b"]


async def test_text_is_erased_in_time_and_figures_stay(analysis: Analysis, api: Api, clock: ManualClock) -> None:
    ids = await seed(analysis)
    retention = Retention(analysis.runtime, analysis.settings)
    assert (await retention.run()).posts == 0
    clock.advance(timedelta(days=181))
    fresh = a_post(OTHER, published_at=clock.now(), collected_at=clock.now())
    await analysis.track([collected(fresh)])
    erased = await retention.run()
    assert (erased.posts, erased.events) == (4, 3)
    assert (await retention.run()).posts == 0
    post = await api.get(f"/api/v1/posts/{ids['report']}")
    assert (post["text"], post["title"], post["url"]) == ("", "", None)
    assert post["erased_at"] is not None
    assert post["analysis"]["sentiment"]["label"] == "negative"
    assert (await api.get(f"/api/v1/posts/{fresh.id}"))["text"] == OTHER
    (event,) = await api.items("/api/v1/events", topic="resettlement")
    assert (event["summary"], event["metrics"]["posts_total"], event["metrics"]["voices"]) == ("", 2, 2)
    assert await analysis.rows("SELECT count(*) AS n FROM posts WHERE author_hash IS NOT NULL") == [{"n": 0}]
    assert await analysis.rows("SELECT count(*) AS n FROM event_voices") == [{"n": 0}]
