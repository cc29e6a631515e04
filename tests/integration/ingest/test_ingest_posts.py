"""Posts come in: what is accepted is stored and told of, once, and names nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from contracts.masks import MOBILE
from contracts.messages import WatchChanged
from contracts.streams import POSTS_COLLECTED
from contracts.words import Role, WatchMode
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.bus import envelope
from kit.bus.envelope import FIELD, decode
from kit.clock import ManualClock
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY, MakeRuntime, schema_differences
from services.ingest import store
from services.ingest.app import assemble
from services.ingest.models import Base
from services.ingest.schemas import PushedPost
from services.ingest.settings import IngestSettings

HANDLE = "澜沧老李在路上"
PHONE = "13887990001"
LONG = (
    "二十日上午，青禾县库区移民代表到县里反映三件事：一是安置点的排水沟还没有修通，二是第二季度的扶持资金晚了四十天，"
    "三是新村小学的校车只开到路口。县里答复，五个工作日内逐一书面回复，并在公示栏公布办理结果。"
)


@pytest_asyncio.fixture
async def app(make_runtime: MakeRuntime, clock: ManualClock) -> AsyncIterator[FastAPI]:
    runtime = make_runtime(
        "ingest", Base, settings_type=IngestSettings, clock=clock, author_key=SecretStr("a" * 32), max_backlog=5000
    )
    app = assemble(runtime, runtime.settings)  # type: ignore[arg-type]
    await runtime.start()
    yield app


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    context = ContextSigner(INTERNAL_KEY).sign(Principal("u1", "tester", frozenset({Role.OFFICE})))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://ingest", headers={CONTEXT_HEADER: context}
    ) as client:
        yield client


async def push(client: httpx.AsyncClient, *posts: Any, **headers: str) -> dict[str, Any]:
    answer = await client.post("/api/v1/posts", json={"posts": list(posts)}, headers=headers)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def told(app: FastAPI, count: int, stream: str = POSTS_COLLECTED) -> list[Any]:
    redis = app.state.runtime.redis
    async with asyncio.timeout(10):
        while await redis.xlen(stream) < count:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    return [decode(fields[FIELD]) for _, fields in await redis.xrange(stream)]


async def started(make_runtime: MakeRuntime, clock: ManualClock) -> FastAPI:
    """Return another replica on the same database."""
    runtime = make_runtime("ingest", Base, settings_type=IngestSettings, clock=clock, author_key=SecretStr("a" * 32))
    app = assemble(runtime, runtime.settings)  # type: ignore[arg-type]
    await runtime.start()
    return app


async def stored(app: FastAPI) -> list[Any]:
    async with app.state.runtime.database.reading() as session:
        return list((await session.execute(sa.select(Base.metadata.tables["posts"]).order_by("id"))).all())


async def every_cell(app: FastAPI) -> str:
    found: list[str] = []
    async with app.state.runtime.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            found += [repr(tuple(row)) for row in await session.execute(sa.select(table))]
    return "\n".join(found)


async def test_good_posts_are_told_of_and_bad_ones_named(app: FastAPI, client: httpx.AsyncClient) -> None:
    answer = await push(
        client,
        {"text": "库区移民反映补偿款迟发", "url": "https://a.example.com/1", "source": "云南日报"},
        {"text": "   "},
        "not an object",
        {"text": "未来的帖子", "published_at": "2031-01-01T00:00:00+08:00"},
        {"text": "坏地址", "url": "ftp://example.com/x"},
        {"text": "x" * 100_001},
        {"text": "负数", "metrics": {"reads": -1}},
        {"text": "没有地址的一条", "channel": "weibo"},
        {"title": "只有标题"},
        {"text": "大得离谱", "metrics": {"reads": 10**25}},
    )
    assert (answer["accepted"], answer["duplicates"]) == (2, 0)
    assert [item["index"] for item in answer["rejected"]] == [1, 2, 3, 4, 5, 6, 8, 9]
    odd = [{"text": ""}, {"text": "一", "channel": "telegram"}, {"text": "一", "published_at": "昨天"}]
    chinese = await push(client, *odd, **{"Accept-Language": "zh-CN"})
    assert chinese["rejected"][0] == {"index": 0, "reason": "正文为空"}
    assert "须为以下之一" in chinese["rejected"][1]["reason"]
    assert "不是有效的时间" in chinese["rejected"][2]["reason"]
    first, second = await told(app, 2)
    assert first.type == "post.collected"
    assert first.data["source_tier"] == "provincial"
    assert first.data["channel"] == "news"
    assert first.requestid
    assert second.data["channel"] == "weibo"
    assert second.data["url"] is None
    published = datetime.fromisoformat(second.data["published_at"])
    assert published == app.state.runtime.clock.now()


async def test_repeats_count_once_and_raise_counters(app: FastAPI, client: httpx.AsyncClient) -> None:
    post = {"text": "安置房漏水", "url": "https://a.example.com/2?utm_source=x", "metrics": {"likes": 3, "reads": 10}}
    seen = {**post, "url": "http://a.example.com/2", "metrics": {"likes": 9, "reads": 4}}
    answer = await push(client, post, seen, {"text": "无地址！"}, {"text": "无地址"})
    assert (answer["accepted"], answer["duplicates"]) == (2, 2)
    messages = await told(app, 3)
    assert [m.type for m in messages] == ["post.collected", "post.collected", "post.recounted"]
    assert messages[2].data["counters"] == {"likes": 9, "reads": 10, "comments": 0, "reposts": 0}
    again = await push(client, seen)
    assert (again["accepted"], again["duplicates"]) == (0, 1)
    await asyncio.sleep(0.7)
    assert len(await told(app, 3)) == 3, "nothing new was said of it"


async def test_equal_text_elsewhere_is_another_voice_and_linked(app: FastAPI, client: httpx.AsyncClient) -> None:
    await push(client, {"text": "同一段话，两处发布。", "url": "https://a.example.com/3"})
    answer = await push(
        client,
        {"text": "同一段话 两处发布", "url": "https://b.example.com/3"},
        {"text": "转发了", "url": "https://b.example.com/4", "repost_of": "https://a.example.com/3?from=x"},
        {"text": "转发了不知道的", "url": "https://b.example.com/5", "repost_of": "https://a.example.com/99"},
    )
    assert answer["accepted"] == 3
    first, second, third, fourth = await told(app, 4)
    assert second.data["same_text_as"] == first.data["id"]
    assert first.data["same_text_as"] is None
    assert third.data["repost_of"] == first.data["id"]
    assert fourth.data["repost_of"] is None


async def test_the_author_is_never_stored_and_numbers_are_masked(app: FastAPI, client: httpx.AsyncClient) -> None:
    post = {
        "text": f"补偿款没到账，联系 {PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}，身份证11010519491231002X",
        "title": f"电话{PHONE}",
        "url": f"https://a.example.com/6?m={PHONE}",
        "author": HANDLE,
    }
    await push(client, post, {"text": "同一作者另一条", "author": "@" + HANDLE})
    first, second = await told(app, 2)
    assert first.data["author_hash"] != second.data["author_hash"] or first.data["channel"] == second.data["channel"]
    assert len(first.data["author_hash"]) == 32
    kept = await every_cell(app) + "".join(m.model_dump_json() for m in (first, second))
    assert HANDLE not in kept
    assert PHONE not in kept
    assert PHONE[3:7] not in kept
    assert "11010519491231002X" not in kept
    assert MOBILE in first.data["text"]


async def test_a_thousand_posts_at_once_and_quickly(app: FastAPI, client: httpx.AsyncClient) -> None:
    posts = [{"text": f"第{i}条：库区搬迁安置进展", "url": f"https://a.example.com/p/{i}"} for i in range(1000)]
    began = time.perf_counter()
    answer = await push(client, *posts)
    seconds = time.perf_counter() - began
    assert answer["accepted"] == 1000
    assert seconds < 30, f"{1000 / seconds:.0f} posts/s"
    assert len(await told(app, 1000)) == 1000
    too_many = await client.post("/api/v1/posts", json={"posts": [*posts, posts[0]]})
    assert too_many.status_code == 422
    assert (await client.post("/api/v1/posts", json={"posts": []})).status_code == 422


async def test_two_pushes_at_once_take_a_post_once(app: FastAPI, client: httpx.AsyncClient) -> None:
    posts = [{"text": f"并发{i}", "url": f"https://a.example.com/c/{i}"} for i in range(50)]
    answers = await asyncio.gather(*(push(client, *posts) for _ in range(6)))
    assert sum(answer["accepted"] for answer in answers) == 50
    assert sum(answer["duplicates"] for answer in answers) == 250
    assert len(await told(app, 50)) == 50


async def test_replicas_that_push_the_same_in_opposite_order_both_succeed(
    app: FastAPI, make_runtime: MakeRuntime, clock: ManualClock
) -> None:
    beside = await started(make_runtime, clock)
    for turn in range(6):
        posts = [{"text": f"第{turn}轮第{i}条", "url": f"https://a.example.com/{turn}/{i}"} for i in range(300)]
        posts = [{**one, "metrics": {"reads": turn}} for one in posts]
        again = [{**one, "metrics": {"reads": 99}} for one in posts]
        for some in (posts, again):
            answers = await asyncio.gather(
                app.state.ingest.push(some, chinese=True), beside.state.ingest.push(some[::-1], chinese=True)
            )
            assert sum(answer.accepted + answer.duplicates for answer in answers) == 600
        assert len(await stored(app)) == 300 * (turn + 1)


async def test_the_first_of_a_batch_is_what_the_others_repeat_and_is_told_of_first(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    batch = [{"text": f"{LONG}{'！' * i}", "url": f"https://a.example.com/{9 - i}"} for i in range(9)]
    await push(client, *batch, {"text": LONG[:70] + "……", "url": "https://a.example.com/cut"})
    messages = await told(app, 10)
    assert [one.data["url"][-1] for one in messages[:9]] == list("987654321")
    assert [one.subject for one in messages] == sorted(one.subject for one in messages)
    assert {one.data.get("near_duplicate_of") for one in messages[1:]} == {messages[0].subject}
    assert messages[0].data.get("near_duplicate_of") is None


async def test_what_was_rolled_back_is_repeated_by_nothing(app: FastAPI, client: httpx.AsyncClient) -> None:
    await push(client, {"text": LONG, "url": "https://a.example.com/first"})
    other = LONG.translate(str.maketrans("一二三四五六七八九十库区移民", "甲乙丙丁戊己庚辛壬癸乡村居户"))[::-1]

    async def fails(_session: Any, _taken: Any) -> None:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        await app.state.ingest.push([{"text": other}], chinese=True, also=fails)
    await push(client, {"text": other + "！", "url": "https://b.example.com/1"}, {"text": LONG + "！"})
    first, second, third = await stored(app)
    assert (second.near_duplicate_of, third.near_duplicate_of) == (None, first.id)


async def test_what_another_replica_stores_in_between_is_what_is_repeated(
    app: FastAPI, make_runtime: MakeRuntime, clock: ManualClock, database_url: str
) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("on SQLite one transaction at a time writes")
    beside = await started(make_runtime, clock)
    first = {"text": LONG, "url": "https://a.example.com/first"}
    repeats = [
        {"text": LONG[:80] + "……", "url": "https://a.example.com/cut"},
        {"text": LONG, "url": "https://a.example.com/same"},
        {"text": "转发了", "url": "https://a.example.com/repost", "repost_of": first["url"]},
    ]
    written = asyncio.Event()

    async def holds(_session: Any, _taken: Any) -> None:
        written.set()
        await asyncio.sleep(0.5)

    holding = asyncio.create_task(app.state.ingest.push([first], chinese=True, also=holds))
    await written.wait()
    answer = await beside.state.ingest.push([first, *repeats], chinese=True)
    assert (await holding).accepted == 1
    assert (answer.accepted, answer.duplicates) == (3, 1)
    root, cut, same, repost = sorted(
        await stored(app), key=lambda row: ["first", "cut", "same", "repost"].index(row.url[22:])
    )
    assert cut.near_duplicate_of == same.near_duplicate_of == same.same_text_as == repost.repost_of == root.id
    by_id = {one.subject: one.data for one in await told(app, 4)}
    assert by_id[cut.id]["near_duplicate_of"] == by_id[repost.id]["repost_of"] == root.id
    late = {"text": LONG[:80] + "！", "url": "https://a.example.com/late"}
    await beside.state.ingest.push([late], chinese=True)
    assert {row.near_duplicate_of for row in await stored(app)} == {None, root.id}


@pytest.mark.parametrize("failures", [2, 3])
async def test_a_transaction_that_gave_way_is_tried_again_twice(
    app: FastAPI, postgres_server: Any, database_url: str, failures: int
) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("on SQLite one transaction at a time writes")
    tries = 0

    async def gives_way(session: Any, _taken: Any) -> None:
        nonlocal tries
        tries += 1
        if tries <= failures:
            await session.execute(sa.text("DO $$ BEGIN RAISE EXCEPTION 'late' USING ERRCODE = '40P01'; END $$"))

    pushing = app.state.ingest.push([{"text": LONG}], chinese=True, also=gives_way)
    if failures == 2:
        assert (await pushing).accepted == 1
    else:
        with pytest.raises(DBAPIError):
            await pushing
    assert (tries, len(await stored(app))) == (3, int(failures == 2))


async def test_too_much_is_refused(app: FastAPI, client: httpx.AsyncClient) -> None:
    huge = await client.post("/api/v1/posts", content=b"{}", headers={"content-length": str(9 * 2**20)})
    assert huge.status_code == 413
    app.state.runtime.settings.max_backlog = 0
    busy = await client.post("/api/v1/posts", json={"posts": [{"text": "一"}]})
    assert busy.status_code == 503
    assert int(busy.headers["Retry-After"]) > 0


async def test_who_may_not_push_is_refused(app: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ingest") as stranger:
        body = {"posts": [{"text": "一"}]}
        assert (await stranger.post("/api/v1/posts", json=body)).status_code == 401
        forged = ContextSigner("z" * 32).sign(Principal("u", "x", frozenset({Role.ADMIN})))
        answer = await stranger.post("/api/v1/posts", json=body, headers={CONTEXT_HEADER: forged})
        assert answer.status_code == 401
        auditor = ContextSigner(INTERNAL_KEY).sign(Principal("u", "x", frozenset({Role.AUDITOR})))
        answer = await stranger.post("/api/v1/posts", json=body, headers={CONTEXT_HEADER: auditor})
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"


async def test_sources_give_tier_and_channel(app: FastAPI, client: httpx.AsyncClient) -> None:
    made = await client.post("/api/v1/sources", json={"name": "普洱论坛", "channel": "forum", "tier": "county"})
    assert made.status_code == 201
    source = made.json()
    taken = await client.post("/api/v1/sources", json={"name": "普洱论坛"})
    assert taken.status_code == 409
    await push(client, {"text": "论坛的帖子", "source": "普洱论坛"}, {"text": "按编号", "source": source["id"]})
    first, second = await told(app, 2)
    assert (first.data["channel"], first.data["source_tier"]) == ("forum", "county")
    assert second.data["source_id"] == source["id"]
    path = f"/api/v1/sources/{source['id']}"
    changed = await client.patch(path, json={"tier": "social"}, headers={"If-Match": made.headers["ETag"]})
    assert changed.json()["tier"] == "social"
    stale = await client.patch(path, json={"tier": "county"}, headers={"If-Match": made.headers["ETag"]})
    assert stale.status_code == 412
    assert (await client.get("/api/v1/sources?limit=1")).json()["items"][0]["id"] == source["id"]
    coverage = (await client.get("/api/v1/coverage")).json()
    [covered] = coverage["items"]
    assert (covered["channel"], covered["source"], covered["posts_24h"]) == ("forum", "普洱论坛", 2)
    assert (await client.delete(path, headers={"If-Match": made.headers["ETag"]})).status_code == 412
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


async def test_a_watch_is_kept_once(app: FastAPI, client: httpx.AsyncClient, clock: ManualClock) -> None:
    watch = WatchChanged(case_id="c1", mode=WatchMode.SURGE, topics=["resettlement"], keywords=["补偿款"])
    message = envelope("watch.changed", "c1", watch, source="cases", at=clock.now())
    await app.state.consumers.hear_watches([message, message])
    await app.state.consumers.hear_watches([message])
    calm = watch.model_copy(update={"mode": WatchMode.ROUTINE})
    await app.state.consumers.hear_watches([envelope("watch.changed", "c1", calm, source="cases", at=clock.now())])
    [kept] = (await client.get("/api/v1/watches")).json()
    assert kept["mode"] == "routine"


async def test_old_texts_are_purged_and_counts_stay(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock
) -> None:
    await push(client, {"text": "很久以前", "url": "https://a.example.com/old", "author": "谁"})
    clock.advance(timedelta(days=179))
    await app.state.retention.purge_rows()
    assert "很久以前" in await every_cell(app)
    clock.advance(timedelta(days=2))
    await app.state.retention.purge_rows()
    async with app.state.runtime.database.reading() as session:
        row = (await session.execute(sa.select(Base.metadata.tables["posts"]))).one()
    assert (row.text, row.url, row.author_hash, row.purged) == ("", None, None, True)
    again = await push(client, {"text": "很久以前", "url": "https://a.example.com/old"})
    assert again["duplicates"] == 1, "it is still known"


async def test_purging_goes_on_to_the_end_in_batches(
    app: FastAPI, client: httpx.AsyncClient, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_PURGED_AT_ONCE", 2)
    await push(client, *({"text": f"旧帖{i}", "url": f"https://a.example.com/{i}"} for i in range(5)))
    clock.advance(timedelta(days=1))
    await push(client, {"text": "旧帖1", "url": "https://b.example.com/1"})
    key = {row.text_key for row in await stored(app) if row.text == "旧帖1"}.pop()
    for purged in (5, 0):
        async with app.state.runtime.database.writing() as session:
            assert await store.purge(session, clock.now()) == purged
    left = [row for row in await stored(app) if row.text]
    async with app.state.runtime.database.reading() as session:
        assert await store.first_with_text(session, [key, "unknown"]) == {key: left[0].id}
        assert await store.first_with_text(session, []) == {}


async def test_no_way_to_ask_for_an_author(app: FastAPI) -> None:
    document = app.openapi()
    for path, item in document["paths"].items():
        for operation in item.values():
            names = [parameter["name"] for parameter in operation.get("parameters", ())]
            assert not [name for name in names if "author" in name], path


async def test_migrations_make_the_tables_that_the_code_declares(database_url: str) -> None:
    url = ServiceSettings(database_url=database_url, internal_key=SecretStr("x" * 32)).database_url_for("ingest")
    assert await schema_differences(url, "ingest", Base) == []


def test_the_author_key_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUIYING_AUTHOR_KEY", raising=False)
    with pytest.raises(ValueError, match="author_key"):
        IngestSettings(internal_key=SecretStr("x" * 32))


def test_times_without_a_zone_are_shanghais() -> None:
    read = PushedPost.model_validate({"text": "一", "published_at": "2026/03/02 08:00:00"}).published_at
    assert read == datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    assert PushedPost.model_validate({"text": "一", "published_at": 1772409600}).published_at == read
    assert PushedPost.model_validate({"text": "一", "published_at": 1772409600000}).published_at == read
