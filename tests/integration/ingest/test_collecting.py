"""Collecting by itself: sources are looked at when due, by one replica at a time, and tell of their own silence."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi import FastAPI
from pydantic import SecretStr

from contracts.messages import PlanActivated, PlanTopic, WatchChanged
from contracts.streams import NOTIFICATIONS_REQUESTED, POSTS_COLLECTED, SOURCES_CHANGED
from contracts.words import Role, WatchMode
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.bus import envelope
from kit.bus.envelope import FIELD, decode
from kit.clock import ManualClock
from kit.testing import INTERNAL_KEY, MakeRuntime
from services.ingest.app import assemble
from services.ingest.collecting.silence import SilenceWatch
from services.ingest.models import Base
from services.ingest.settings import IngestSettings
from tests.integration.ingest.site import Site, serving

MakeApp = Callable[..., FastAPI]
_SENTENCES = (
    "三月二日上午，测试县移民搬迁工作专班在库区召开现场会，听取群众对安置补偿方案的意见。",
    "会上，群众代表就宅基地分配、后期扶持资金发放时间等问题提问，工作人员逐一作答并作了记录。",
    "专班负责人表示，对群众反映的问题将在十个工作日内书面答复，并在村务公开栏公示结果。",
)


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as site:
        yield site


@pytest.fixture
def make_app(make_runtime: MakeRuntime, clock: ManualClock) -> MakeApp:
    def make(**settings: Any) -> FastAPI:
        values = {"allowed_hosts": "127.0.0.1", "host_delay": 0, "collect": False, "host_requests": 4, **settings}
        runtime = make_runtime(
            "ingest", Base, settings_type=IngestSettings, clock=clock, author_key=SecretStr("a" * 32), **values
        )
        return assemble(runtime, runtime.settings)  # type: ignore[arg-type]

    return make


@pytest_asyncio.fixture
async def app(make_app: MakeApp) -> FastAPI:
    app = make_app()
    await app.state.runtime.start()
    return app


@asynccontextmanager
async def caller(app: FastAPI, role: Role = Role.OFFICE) -> AsyncIterator[httpx.AsyncClient]:
    context = ContextSigner(INTERNAL_KEY).sign(Principal("u1", "tester", frozenset({role})))
    headers = {CONTEXT_HEADER: context, "Accept-Language": "zh-CN"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ingest", headers=headers) as one:
        yield one


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(app) as client:
        yield client


async def made(client: httpx.AsyncClient, **values: Any) -> str:
    answer = await client.post("/api/v1/sources", json={"tier": "county", "channel": "news", **values})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def collect(app: FastAPI) -> None:
    """Look at everything that is due, to the end."""
    await app.state.collector.tick()
    await asyncio.wait_for(app.state.collector.idle(), 30)


async def later(app: FastAPI, clock: ManualClock, **span: float) -> None:
    clock.advance(timedelta(**span))
    await collect(app)


async def posts(app: FastAPI) -> list[Any]:
    async with app.state.runtime.database.reading() as session:
        return list((await session.execute(sa.select(Base.metadata.tables["posts"]).order_by("id"))).all())


async def messages(app: FastAPI, stream: str) -> list[Any]:
    async with asyncio.timeout(10):
        while await app.state.runtime.outbox.waiting():
            await asyncio.sleep(0.02)
    return [decode(fields[FIELD]) for _, fields in await app.state.runtime.redis.xrange(stream)]


async def health(client: httpx.AsyncClient, source_id: str) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/sources/{source_id}/health")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_list_page_becomes_posts_with_their_pages_as_evidence(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, site: Site
) -> None:
    url = site.publish("a1", "测试县召开移民搬迁安置现场会", *_SENTENCES)
    site.publish("a2", "测试县公布库区后期扶持资金发放安排", *reversed(_SENTENCES[:2]), "发放工作于三月底前完成。")
    source = await made(client, name="测试县新闻网", url=f"{site.base}/list", adapter="list_page")
    await later(app, clock, seconds=31)
    first, _ = rows = await posts(app)
    assert {row.title for row in rows} == {"测试县召开移民搬迁安置现场会", "测试县公布库区后期扶持资金发放安排"}
    [first] = [row for row in rows if row.url == url]
    assert first.text.startswith("三月二日上午")
    assert "版权所有" not in first.text
    assert (first.source_id, first.source_tier, first.channel, first.reads) == (source, "county", "news", 12_000)
    assert first.outlet == "测试县融媒体中心"
    assert first.published_at == clock.now().replace(hour=23, minute=50, second=0) - timedelta(days=1)
    told = await messages(app, POSTS_COLLECTED)
    assert {one.subject for one in told} == {row.id for row in rows}

    found = (await client.get(f"/api/v1/posts/{first.id}/evidence")).json()
    [item] = found["items"]
    assert item["url"] == url
    assert item["problem"] is None
    warc = (await client.get(item["download"])).content
    whole = gzip.decompress(warc)
    body = (await _get(url)).content
    assert hashlib.sha256(body).hexdigest() == item["sha256"]
    assert body in whole
    assert (await client.get(f"/api/v1/posts/{first.id}/evidence/{'0' * 64}")).status_code == 404
    async with caller(app, Role.COUNTY) as county:
        assert (await county.get(f"/api/v1/posts/{first.id}/evidence")).status_code == 403

    seen = await health(client, source)
    assert seen["condition"] == "healthy"
    assert seen["success_rate_24h"] == 1
    assert seen["posts_24h"] == 2
    assert seen["passes"][0]["accepted"] == 2


async def test_what_is_known_is_not_fetched_again(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, site: Site
) -> None:
    site.publish("a1", "测试县召开移民搬迁安置现场会", *_SENTENCES)
    await made(client, name="测试县新闻网", url=f"{site.base}/list", adapter="list_page")
    await later(app, clock, seconds=31)
    site.publish("a2", "测试县公布库区后期扶持资金发放安排", *reversed(_SENTENCES))
    await later(app, clock, hours=3)
    assert len(await posts(app)) == 2
    assert site.log["/news/a1.html"] == site.log["/news/a2.html"] == 1
    assert site.log["/list"] == 2


async def test_two_replicas_look_at_a_source_once(make_app: MakeApp, clock: ManualClock, site: Site) -> None:
    replicas = [make_app(), make_app()]
    for app in replicas:
        await app.state.runtime.start()
    site.publish("a1", "测试县召开移民搬迁安置现场会", *_SENTENCES)
    async with caller(replicas[0]) as client:
        for number in range(6):
            await made(client, name=f"源{number}", url=f"{site.base}/rss.xml?n={number}", adapter="feed")
    clock.advance(timedelta(seconds=31))
    await asyncio.gather(*(collect(app) for app in replicas * 3))
    assert site.log["/rss.xml"] == 6
    assert len(await posts(replicas[0])) == 1


async def test_one_host_is_looked_at_by_one_replica_at_a_time(
    make_app: MakeApp, clock: ManualClock, site: Site
) -> None:
    first, second = make_app(collect_sources=1), make_app()
    await first.state.runtime.start()
    await second.state.runtime.start()
    async with caller(first) as client:
        for number in range(3):
            await made(client, name=f"源{number}", url=f"{site.base}/rss.xml?n={number}", adapter="feed")
        await made(client, name="别处", url=f"{site.base.replace('127.0.0.1', 'localhost')}/rss.xml", adapter="feed")
    clock.advance(timedelta(seconds=31))
    site.hold = asyncio.Event()
    await first.state.collector.tick()
    async with asyncio.timeout(10):
        while not site.log["/rss.xml"]:
            await asyncio.sleep(0.01)
    await second.state.collector.tick()
    schedules, sources = Base.metadata.tables["schedules"], Base.metadata.tables["sources"]
    query = sa.select(schedules.c.holder, sources.c.url).join(sources, sources.c.id == schedules.c.source_id)
    async with first.state.runtime.database.reading() as session:
        held = list(await session.execute(query.where(schedules.c.holder.is_not(None))))
    hosts = {holder: {httpx.URL(row.url).host for row in held if row.holder == holder} for holder, _ in held}
    assert len(hosts) == 2, "the second replica looks at the other host"
    one, other = hosts.values()
    assert not one & other
    site.hold.set()
    site.hold = None
    await asyncio.wait_for(first.state.collector.idle(), 60)
    await asyncio.wait_for(second.state.collector.idle(), 60)
    for app in (first, second, first, second):
        await collect(app)
    async with first.state.runtime.database.reading() as session:
        assert set(await session.scalars(sa.select(schedules.c.passes))) == {1}, "each was looked at once"


async def test_what_is_broken_off_is_taken_up_by_another_replica(
    make_app: MakeApp, clock: ManualClock, site: Site
) -> None:
    first, second = make_app(), make_app()
    await first.state.runtime.start()
    await second.state.runtime.start()
    site.publish("a1", "测试县召开移民搬迁安置现场会", *_SENTENCES)
    async with caller(first) as client:
        await made(client, name="测试县新闻网", url=f"{site.base}/rss.xml", adapter="feed")
    clock.advance(timedelta(seconds=31))
    site.hold = asyncio.Event()
    await first.state.collector.tick()
    async with asyncio.timeout(10):
        while not site.log["/rss.xml"]:
            await asyncio.sleep(0.01)
    await collect(second)
    assert site.log["/rss.xml"] == 1, "it is held by the first"
    await first.state.collector.stop()
    site.hold.set()
    site.hold = None
    await collect(second)
    assert len(await posts(second)) == 1


async def test_a_source_that_fails_rests_longer_each_time_and_is_told_of_once(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, site: Site
) -> None:
    source = await made(client, name="测试县新闻网", url=f"{site.base}/rss.xml", adapter="feed", cadence_minutes=10)
    site.status = 404
    await later(app, clock, seconds=31)
    for hours in (1, 2, 4):
        await later(app, clock, hours=hours)
        await SilenceWatch(app.state.runtime).look()
    await SilenceWatch(app.state.runtime).look()
    seen = await health(client, source)
    assert seen["condition"] == "silent"
    assert seen["silence"] == "fetch"
    assert seen["problem"]["message"] == "网站返回错误"
    assert seen["failures_in_a_row"] == 4
    [told] = await messages(app, SOURCES_CHANGED)
    assert (told.type, told.subject, told.data["silence"]) == ("source.silent", source, "fetch")
    [notice] = await messages(app, NOTIFICATIONS_REQUESTED)
    assert [one["role"] for one in notice.data["recipients"]] == ["office"]
    assert "测试县新闻网" in notice.data["body"]
    coverage = (await client.get("/api/v1/coverage")).json()
    assert [one["name"] for one in coverage["silent"]] == ["测试县新闻网"]

    site.status = 200
    site.publish("a1", "测试县召开移民搬迁安置现场会", *_SENTENCES)
    assert (await client.post(f"/api/v1/sources/{source}/fetch")).status_code == 202
    await collect(app)
    await SilenceWatch(app.state.runtime).look()
    assert [one.type for one in await messages(app, SOURCES_CHANGED)] == ["source.silent", "source.recovered"]
    assert (await health(client, source))["condition"] == "degraded", "most of its newest passes failed"
    for _ in range(4):
        await later(app, clock, hours=1)
    assert (await health(client, source))["condition"] == "healthy"


async def test_pages_that_lose_their_text_are_a_silence_too(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, site: Site
) -> None:
    site.bare = True
    for number in range(6):
        site.publish(f"b{number}", f"测试县第{number}期移民工作简报发布", *_SENTENCES)
    source = await made(client, name="测试县新闻网", url=f"{site.base}/list", adapter="list_page")
    await later(app, clock, seconds=31)
    await SilenceWatch(app.state.runtime).look()
    assert (await health(client, source))["silence"] == "extraction"
    assert not await posts(app)


async def test_a_pass_whose_time_is_up_keeps_what_it_has_and_the_next_goes_on(
    make_app: MakeApp, clock: ManualClock, site: Site
) -> None:
    app = make_app(collect_seconds=1.0, host_delay=0.25, host_requests=1)
    await app.state.runtime.start()
    for number in range(8):
        site.publish(f"c{number}", f"测试县第{number}号移民工作简报发布", *_SENTENCES, f"本期为第{number}期。")
    async with caller(app) as client:
        source = await made(client, name="测试县新闻网", url=f"{site.base}/list", adapter="list_page")
        await later(app, clock, seconds=31)
        assert 0 < len(await posts(app)) < 8
        assert (await health(client, source))["condition"] == "healthy"
        for _ in range(4):
            await later(app, clock, hours=1)
    assert len(await posts(app)) == 8
    assert all(count == 1 for path, count in site.log.items() if path.startswith("/news/"))


async def test_pages_beyond_what_a_pass_holds_are_evidence_too(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ingest.collecting.around._HELD", 3_000)
    for number in range(5):
        site.publish(f"d{number}", f"测试县第{number}号移民工作通报发布", *_SENTENCES, f"本期为第{number}期。")
    await made(client, name="测试县新闻网", url=f"{site.base}/list", adapter="list_page")
    await later(app, clock, seconds=31)
    rows = await posts(app)
    assert len(rows) == 5
    for row in rows:
        [item] = (await client.get(f"/api/v1/posts/{row.id}/evidence")).json()["items"]
        assert (item["url"], item["problem"]) == (row.url, None)


async def test_what_a_site_answers_is_kept_without_its_peoples_numbers(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, site: Site
) -> None:
    site.raw["/api"] = "联系人张三13887990001\x00".encode()
    site.raw["/hot"] = json.dumps(
        {
            "status": "success",
            "id": "hot",
            "items": [{"id": "1", "title": "求助13887990001\ud83d", "url": f"{site.base}/q?tel=13887990001"}],
        }
    ).encode()
    source = await made(
        client, name="接口", url=f"{site.base}/api", adapter="json_api", config={"items": "list", "text": "t"}
    )
    hot = await made(client, name="热榜", url=f"{site.base}/hot", adapter="hot_list")
    await later(app, clock, seconds=31)
    seen = await health(client, source)
    assert seen["problem"]["kind"] == "content"
    assert "〔手机号〕" in seen["problem"]["detail"]
    [ranked] = (await client.get(f"/api/v1/sources/{hot}/rankings")).json()
    assert ranked["title"] == "求助〔手机号〕"
    async with app.state.runtime.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            rows = [repr(tuple(row)) for row in await session.execute(sa.select(table))]
            assert not [row for row in rows if "13887990001" in row], table.name
    shown = await client.post(
        "/api/v1/sources/preview",
        json={"name": "试", "url": f"{site.base}/api", "adapter": "json_api", "config": {"items": "list", "text": "t"}},
    )
    assert "13887990001" not in shown.text
    assert shown.json()["problem"]["kind"] == "content"


async def test_a_pass_that_breaks_while_storing_is_told_of_and_rests(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish("a1", "测试县召开移民搬迁安置现场会", *_SENTENCES)
    source = await made(client, name="测试县新闻网", url=f"{site.base}/rss.xml", adapter="feed")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(app.state.archive, "write", full)
    await later(app, clock, seconds=31)
    for _ in range(5):
        await later(app, clock, minutes=2)
    assert site.log["/rss.xml"] == 1, "it rests"
    seen = await health(client, source)
    assert (seen["problem"]["kind"], seen["failures_in_a_row"]) == ("storage", 1)
    monkeypatch.undo()
    await later(app, clock, hours=1)
    assert len(await posts(app)) == 1


async def test_a_source_made_on_another_replica_is_known_at_its_first_look(
    make_app: MakeApp, clock: ManualClock, site: Site
) -> None:
    first, second = make_app(), make_app()
    await first.state.runtime.start()
    await second.state.runtime.start()
    site.publish("a1", "测试县召开移民搬迁安置现场会", *_SENTENCES)
    async with caller(first) as client:
        source = await made(client, name="测试县新闻网", url=f"{site.base}/rss.xml", adapter="feed")
    clock.advance(timedelta(seconds=31))
    await collect(second)
    [post] = await posts(second)
    assert (post.source_id, post.source_name, post.source_tier) == (source, "测试县新闻网", "county")


async def test_what_is_changed_during_a_pass_stands(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, site: Site
) -> None:
    source = await made(client, name="测试县新闻网", url=f"{site.base}/rss.xml", adapter="feed", cadence_minutes=600)
    clock.advance(timedelta(seconds=31))
    site.hold = asyncio.Event()
    await app.state.collector.tick()
    async with asyncio.timeout(10):
        while not site.log["/rss.xml"]:
            await asyncio.sleep(0.01)
    changed = await client.patch(f"/api/v1/sources/{source}", json={"cadence_minutes": 1})
    assert changed.status_code == 200
    site.hold.set()
    await asyncio.wait_for(app.state.collector.idle(), 60)
    seen = await health(client, source)
    assert seen["interval_minutes"] == 1
    await later(app, clock, seconds=1)
    assert site.log["/rss.xml"] == 2, "it is looked at again with its new settings"


async def test_what_may_not_be_meant_so_is_said(app: FastAPI, client: httpx.AsyncClient, clock: ManualClock) -> None:
    topic = PlanTopic(key="a", name="搬迁安置", query="搬迁", places=["宁洱哈尼族彝族自治县"])
    plan = PlanActivated(version="1", name="预案", topics=[topic], activated_at=clock.now())
    await app.state.consumers.hear_plans([envelope("plan.activated", "1", plan, source="cases", at=clock.now())])
    good = {"name": "一", "url": "http://a.example.com/x", "adapter": "feed", "places": ["宁洱县"], "topics": ["a"]}
    assert (await client.post("/api/v1/sources", json=good)).json()["warnings"] == []
    odd = {**good, "name": "二", "places": ["火星市"], "topics": ["移民"], "enabled": False}
    answer = (await client.post("/api/v1/sources", json=odd)).json()
    assert [any(word in one for one in answer["warnings"]) for word in ("火星市", "移民", "一")] == [True] * 3
    assert answer["enabled"] is False
    listed = (await client.get("/api/v1/sources")).json()["items"]
    assert [one["silence"] for one in listed] == [None, None]
    assert all(one["next_at"] for one in listed)


async def test_surge_hastens_the_sources_of_its_topics_and_ends_by_itself(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, site: Site
) -> None:
    mine = await made(
        client, name="本专题", url=f"{site.base}/rss.xml", adapter="feed", topics=["a"], cadence_minutes=240
    )
    other = await made(
        client, name="他专题", url=f"{site.base}/rss.xml?o", adapter="feed", topics=["b"], cadence_minutes=240
    )
    await later(app, clock, seconds=31)
    watch = WatchChanged(
        case_id="c1", mode=WatchMode.SURGE, topics=["a"], keywords=["泄洪"], until=clock.now() + timedelta(hours=24)
    )
    await app.state.consumers.hear_watches([envelope("watch.changed", "c1", watch, source="cases", at=clock.now())])
    before = site.log["/rss.xml"]
    await collect(app)
    assert site.log["/rss.xml"] == before + 1, "looked at at once"
    for _ in range(12):
        await later(app, clock, minutes=6)
    assert (await health(client, mine))["surge"]
    assert (await health(client, mine))["passes_24h"] >= 13
    assert (await health(client, other))["passes_24h"] == 1
    clock.advance(timedelta(hours=25))
    await collect(app)
    seen = await health(client, mine)
    assert not seen["surge"]
    assert seen["passes_24h"] <= 2


async def test_a_preview_stores_nothing(app: FastAPI, client: httpx.AsyncClient, site: Site) -> None:
    site.publish("a1", "测试县召开移民搬迁安置现场会", *_SENTENCES, "联系电话：13887990001。")
    new = {"name": "试看", "url": f"{site.base}/list", "adapter": "list_page"}
    answer = await client.post("/api/v1/sources/preview", json=new)
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    [post] = seen["posts"]
    assert post["title"] == "测试县召开移民搬迁安置现场会"
    assert "13887990001" not in post["text"]
    assert not post["known"]
    assert not await posts(app)
    site.status = 503
    failed = (await client.post("/api/v1/sources/preview", json=new)).json()
    assert failed["problem"]["kind"] == "http_status"
    inside = {**new, "url": "http://10.0.0.1/list"}
    refused = (await client.post("/api/v1/sources/preview", json=inside)).json()
    assert refused["problem"]["kind"] == "forbidden_address"
    forbidden = (await client.post("/api/v1/sources/preview", json={**new, "url": f"{site.base}/geheim/list"})).json()
    assert forbidden["problem"]["kind"] == "robots"


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"adapter": "telepathy"}, "/adapter"),
        ({"adapter": "feed"}, "/url"),
        ({"adapter": "feed", "url": "ftp://a.example.com/x"}, "/url"),
        ({"adapter": "feed", "url": "http://a.example.com/x", "config": {"no": 1}}, "/config/no"),
        ({"config": {"full_text": True}}, "/config"),
    ],
)
async def test_wrong_settings_are_refused_by_name(
    client: httpx.AsyncClient, values: dict[str, Any], pointer: str
) -> None:
    answer = await client.post("/api/v1/sources", json={"name": "错", **values})
    assert answer.status_code == 422
    assert pointer in [one["pointer"] for one in answer.json()["errors"]]


async def test_coverage_shows_what_nobody_watches(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, site: Site
) -> None:
    plan = PlanActivated(
        version="1",
        name="预案",
        topics=[PlanTopic(key="a", name="搬迁安置", query="搬迁", places=["思茅区", "澜沧县"])],
        activated_at=clock.now(),
    )
    await app.state.consumers.hear_plans([envelope("plan.activated", "1", plan, source="cases", at=clock.now())])
    site.publish("a1", "测试县召开移民搬迁安置现场会", *_SENTENCES)
    await made(client, name="思茅新闻", url=f"{site.base}/rss.xml", adapter="feed", places=["思茅区"])
    await later(app, clock, seconds=31)
    seen = (await client.get("/api/v1/coverage")).json()
    cells = {(one["channel"], one["place"]): one["watched"] for one in seen["cells"]}
    assert cells["news", "思茅区"] == "yes"
    assert cells["news", "澜沧县"] == cells["weibo", "思茅区"] == "no"
    assert seen["topics"] == {"a": "搬迁安置"}


async def test_near_repeats_are_linked_to_the_first_and_over_a_restart(make_app: MakeApp, clock: ManualClock) -> None:
    app = make_app()
    await app.state.runtime.start()
    text = "".join(_SENTENCES)
    async with caller(app) as client:
        await client.post("/api/v1/posts", json={"posts": [{"text": text, "url": "https://a.example.com/1"}]})
        repeat = {"text": f"转发微博//@某人:{text[:90]}……", "url": "https://b.example.com/2"}
        await client.post(
            "/api/v1/posts", json={"posts": [repeat, {"text": "普洱市今日天气晴，最高气温二十八度，适宜出行。"}]}
        )
    await app.state.runtime.stop()
    again = make_app()
    await again.state.runtime.start()
    async with caller(again) as client:
        late = {"text": text.replace("，", ",") + "😡", "url": "https://c.example.com/3"}
        await client.post("/api/v1/posts", json={"posts": [late]})
    first, second, other, third = await posts(again)
    assert second.near_duplicate_of == third.near_duplicate_of == first.id
    assert first.near_duplicate_of is None
    assert other.near_duplicate_of is None
    told = {one.subject: one.data for one in await messages(again, POSTS_COLLECTED)}
    assert told[third.id]["near_duplicate_of"] == first.id


async def test_what_is_past_its_days_goes_and_that_is_written_down(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, site: Site
) -> None:
    site.publish("a1", "测试县召开移民搬迁安置现场会", *_SENTENCES)
    await made(client, name="测试县新闻网", url=f"{site.base}/rss.xml", adapter="feed")
    await later(app, clock, seconds=31)
    [post] = await posts(app)
    clock.advance(timedelta(days=182))
    await app.state.retention.purge_rows()
    await app.state.retention.purge_pages()
    found = (await client.get("/api/v1/retention")).json()
    assert {one["kind"]: one["count"] for one in found["purged"]} == {"posts": 1, "records": 2, "evidence": 1}
    assert (await client.get(f"/api/v1/posts/{post.id}/evidence")).json()["items"] == []


async def _get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as plain:
        return await plain.get(url)
