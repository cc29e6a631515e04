"""Searching posts on both databases: what is found is what a plain reading of every post finds, in the same order."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from contracts.words import Channel
from kit import migrations
from kit.database import Database
from services.analysis import models
from services.analysis.enrich.folding import fold
from services.analysis.enrich.query import QueryError, Reading, holds, parse
from services.analysis.models import Base, table
from services.analysis.search import tokens
from services.analysis.search.asking import read
from services.analysis.search.positions import position_of
from services.analysis.search.tokens import Label
from services.analysis.search.wanted import PostFilter
from services.analysis.store import fulltext, search
from services.analysis.store.fulltext import Span, labels_of
from tests.integration.analysis.stored import NOW, a_row, store

POSTS = table(models.Post)
PARTS = (
    *("移民", "移 民", "補償款", "补偿", "款项", "澜沧县", "库区", "搬迁安置", "民众", "众", "，", "。", "！", "NOT"),
    *("ＮＥＷＳ", "newsroom", "news", "covid-19", "100%", "1000", "Café", "cafe", "\U0001f621"),
    *("'", '"', "\\", "*", ":", "&", "|", "!", "(", ")"),
)
QUERIES = (
    *("移民", "补偿款", "補償", "移", "众", "民众", "“移民补偿”", "“搬迁安置”", "不存在的词"),
    *("移民 补偿", "移民 AND 补偿", "移民 OR 库区", "移民 NOT 补偿", "移民 且 非 库区"),
    *("(移民 OR 库区) AND (补偿 OR 款项) NOT 澜沧县", "移民 NOT (补偿款 OR covid-19)"),
    *("移民 near/3 补偿", "news near/2 移民"),
    *("title:移民", "title:(移民 OR 补偿款) NOT 库区", "移民 NOT title:移民"),
    *("news", "NEWS", "covid", "covid-19", "“100%”", "100", "café", "cafe", "\U0001f621", "移民 \U0001f621"),
    *("place:澜沧县 移民", "place:普洱市 库区", "channel:weibo 移民", "移民 NOT channel:论坛", "channel:weibo"),
    *("“移民'补偿”", "“\\”移民", "“*” 移民", "“':*” 移民", "“\x00” 移民", "'移民", "“移民:*” OR 众"),
)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Give a migrated, empty database."""
    url = database_url.format(service="analysis").replace("sqlite:", "sqlite+aiosqlite:")
    url = url.replace("postgresql:", "postgresql+asyncpg:")
    await migrations.upgrade(url, "analysis", Base.metadata)
    made = Database(url, "analysis")
    async with made.writing() as session:
        assert await fulltext.refresh(session)
    yield made
    await made.dispose()


def some_posts(count: int) -> list[dict[str, Any]]:
    """Return fictional posts put together at random, the same at every call."""
    chance = random.Random(7)
    rows = []
    for number in range(count):
        counties = chance.choice([[], [], ["澜沧县"], ["澜沧县", "墨江县"]])
        rows.append(
            a_row(
                "".join(chance.choices(PARTS, k=chance.randint(1, 9))),
                id=f"0198c0de-0000-7000-8000-{number:012}",
                title="".join(chance.choices(PARTS, k=chance.randint(0, 3))),
                minutes=number * 7 + chance.random(),
                channel=chance.choice(["weibo", "forum", "news"]),
                sentiment=chance.choice(["negative", "neutral", "positive"]),
                topics=chance.choice([[], ["resettlement"], ["resettlement", "user-1"]]),
                places=counties,
                mentions=[
                    {"county": county, "township": "竹塘乡", "quote": "竹塘乡", "start": 0, "end": 3}
                    for county in counties[1:]
                ],
                source_name=chance.choice(["普洱论坛", "Sina Weibo", "省报"]),
                event_id=f"e{chance.randint(1, 3)}",
            )
        )
    return rows


def newest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: position_of(row["published_at"], row["id"]), reverse=True)


def naive(rows: list[dict[str, Any]], q: str) -> list[str]:
    """Return what a reading of every post finds."""
    node = parse(q)
    found = []
    for row in newest_first(rows):
        places = frozenset(value for kind, value in labels_of(row) if kind is Label.PLACE)
        if holds(node, Reading(fold(row["title"]), fold(row["text"]), Channel(row["channel"]), places)):
            found.append(row["id"])
    return found


async def every_page(database: Database, wanted: PostFilter, limit: int = 7) -> list[str]:
    ids: list[str] = []
    after = None
    while True:
        async with database.reading() as session:
            page = await search.posts(session, wanted, limit, after)
        ids += [row.id for row in page.rows]
        after = page.after
        if after is None:
            return ids


@pytest.mark.parametrize("looked_through", [fulltext.LOOKED_THROUGH, 1])
async def test_a_query_finds_what_a_plain_reading_finds(
    database: Database, monkeypatch: pytest.MonkeyPatch, looked_through: int
) -> None:
    monkeypatch.setattr(fulltext, "LOOKED_THROUGH", looked_through)
    rows = some_posts(300)
    async with database.writing() as session:
        await store(session, rows)
    found_any = 0
    for q in QUERIES:
        expected = naive(rows, q)
        assert await every_page(database, PostFilter(q=q)) == expected, q
        found_any += bool(expected)
    assert found_any > len(QUERIES) - 8


async def test_filters_combine(database: Database) -> None:
    rows = some_posts(300)
    async with database.writing() as session:
        await store(session, rows)
    until = NOW - timedelta(minutes=500, seconds=0.4)
    both_places = [row["id"] for row in rows if len(row["places"]) == 2]
    cases: list[tuple[PostFilter, Callable[[dict[str, Any]], bool]]] = [
        (PostFilter(topic="user-1"), lambda row: "user-1" in row["topics"]),
        (PostFilter(topic="user"), lambda row: False),
        (PostFilter(place="竹塘乡"), lambda row: row["id"] in both_places),
        (
            PostFilter(place="墨江县", sentiment="negative"),
            lambda row: row["sentiment"] == "negative" and row["id"] in both_places,
        ),
        (
            PostFilter(source="Sina Weibo", channel="news"),
            lambda row: row["source_name"] == "Sina Weibo" and row["channel"] == "news",
        ),
        (PostFilter(source="sina weibo"), lambda row: False),
        (PostFilter(event="e1"), lambda row: row["event_id"] == "e1"),
        (PostFilter(event="e1", channel="weibo"), lambda row: row["event_id"] == "e1" and row["channel"] == "weibo"),
        (PostFilter(since=until), lambda row: row["published_at"] >= until),
        (PostFilter(until=until), lambda row: row["published_at"] < until),
        (
            PostFilter(channel="weibo", until=until),
            lambda row: row["channel"] == "weibo" and row["published_at"] < until,
        ),
    ]
    for wanted, holds_for in cases:
        expected = [row["id"] for row in newest_first(rows) if holds_for(row)]
        assert await every_page(database, wanted) == expected, wanted
        words = set(naive(rows, "移民 OR 补偿"))
        both = replace(wanted, q="移民 OR 补偿")
        assert await every_page(database, both) == [id_ for id_ in expected if id_ in words], both


async def test_an_event_too_large_to_be_read_through_is_looked_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = some_posts(200)
    async with database.writing() as session:
        await store(session, rows)
    read_through = await every_page(database, PostFilter(q="移民", event="e2"))
    monkeypatch.setattr(search, "_SMALL_EVENT", 10)
    assert await every_page(database, PostFilter(q="移民", event="e2")) == read_through
    assert read_through


async def test_pages_are_stable_while_posts_come_in(database: Database) -> None:
    rows = some_posts(120)
    async with database.writing() as session:
        await store(session, rows)
    expected = naive(rows, "移民")
    ids: list[str] = []
    after, number = None, 0
    while True:
        async with database.reading() as session:
            page = await search.posts(session, PostFilter(q="移民"), 5, after)
        ids += [row.id for row in page.rows]
        after = page.after
        if after is None:
            break
        number += 1
        newer = a_row("移民新到", minutes=-number)
        between = a_row("移民迟到", published_at=page.rows[-1].published_at + timedelta(minutes=1))
        async with database.writing() as session:
            await store(session, [newer, between])
    assert ids == expected
    assert number > 2


async def test_a_page_ends_where_too_much_would_be_read_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "READ_AGAIN", 10)
    monkeypatch.setattr(search, "_STEP", 5)
    rows = [a_row("补偿" + "一" * 40 + "移民", minutes=n, id=f"id-{n:03}") for n in range(60)]
    rows[50]["text"] = "移民补偿"
    async with database.writing() as session:
        await store(session, rows)
    async with database.reading() as session:
        first = await search.posts(session, PostFilter(q="移民 near/3 补偿"), 5, None)
    assert first.rows == []
    assert first.after is not None
    assert await every_page(database, PostFilter(q="移民 near/3 补偿"), 5) == ["id-050"]


async def test_the_best_come_first_and_once(database: Database) -> None:
    rows = some_posts(120)
    rows.append(a_row("移民移民移民", title="移民补偿", minutes=2000, id="best"))
    async with database.writing() as session:
        await store(session, rows)
    ids: list[str] = []
    after = None
    while True:
        async with database.reading() as session:
            page = await search.best_posts(session, PostFilter(q="移民 OR 补偿"), 7, after)
        ids += [row.id for row in page.rows]
        after = page.after
        if after is None:
            break
        async with database.writing() as session:
            await store(session, [a_row("移民补偿移民补偿", minutes=-len(ids))])
    assert ids[0] == "best"
    assert sorted(ids) == sorted(naive(rows, "移民 OR 补偿"))


async def test_hits_are_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = some_posts(150)
    async with database.writing() as session:
        await store(session, rows)
    for q in ("移民", "补偿款"):
        ids = set(naive(rows, q))
        async with database.reading() as session:
            counted = await search.counts(session, PostFilter(q=q))
        assert (counted.posts, counted.bounded) == (len(ids), False)
        assert sum(counted.by["sentiment"].values()) == len(ids)
        assert counted.by["topics"]["user-1"] == sum("user-1" in row["topics"] for row in rows if row["id"] in ids)
    monkeypatch.setattr(search, "COUNTED", 20)
    async with database.reading() as session:
        counted = await search.counts(session, PostFilter())
        assert (counted.posts, counted.bounded) == (20, True)
        counted = await search.counts(session, PostFilter(q="移民"))
        assert (counted.posts, counted.bounded) == (20, True)


async def found(database: Database, q: str) -> list[int]:
    """Return what the index alone finds."""
    async with database.reading() as session:
        return await fulltext.find(session, read(q).ask, Span(), 1000)


async def test_words_are_forgotten_and_labels_stay(database: Database) -> None:
    rows = some_posts(40)
    async with database.writing() as session:
        await store(session, rows)
    erased = [row["id"] for row in rows[:20]]
    async with database.writing() as session:
        await fulltext.forget(session, erased)
        gone = sa.update(POSTS).where(POSTS.c.id.in_(erased)).values(title="", text="", erased_at=NOW)
        await session.execute(gone)
        await fulltext.forget(session, erased)
    left = rows[20:]
    for q in ("移民", "补偿", "众", "news", "title:移民", "\U0001f621"):
        assert await every_page(database, PostFilter(q=q)) == naive(left, q)
        assert len(await found(database, q)) == len(naive(left, q))
    expected = [row["id"] for row in newest_first(rows) if row["channel"] == "weibo"]
    assert await every_page(database, PostFilter(channel="weibo")) == expected


async def test_the_index_is_made_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = some_posts(60)
    async with database.writing() as session:
        await store(session, rows)
        assert not await fulltext.refresh(session)
    before = await found(database, "移民")
    # a replica of an earlier version stored one without indexing it
    late = a_row("移民迟来", minutes=-5)
    async with database.writing() as session:
        await session.execute(sa.insert(POSTS), [late])
    assert await found(database, "移民") == before
    async with database.writing() as session:
        assert await fulltext.refresh(session)
    assert len(await found(database, "移民")) == len(before) + 1
    monkeypatch.setattr(tokens, "VERSION", tokens.VERSION + 1)
    async with database.writing() as session:
        assert await fulltext.refresh(session)
        assert not await fulltext.refresh(session)
    assert (await found(database, "移民"))[1:] == before


async def test_posts_of_one_second_have_positions_of_their_own(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.analysis.search.positions._ROOM", 64)
    rows = [a_row("移民", id=f"id-{n:03}") for n in range(60)]
    async with database.writing() as session:
        await store(session, rows[:30])
        await store(session, rows[30:])
    assert sorted(await every_page(database, PostFilter(q="移民"), 200)) == sorted(row["id"] for row in rows)


async def test_a_query_with_nothing_to_look_for_is_refused(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(QueryError):
            await search.posts(session, PostFilter(q="NOT 移民"), 5, None)


async def test_the_longest_text_is_indexed(database: Database) -> None:
    # 100,000 characters that ingest takes, no two pairs alike
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 317)]
    text = "".join(one + other for one in letters for other in letters)[:99_990] + "移民补偿"
    async with database.writing() as session:
        await store(session, [a_row(text, id="long")])
    assert await every_page(database, PostFilter(q="移民补偿")) == ["long"]


@pytest.mark.parametrize("small", [2_000, 10])
@pytest.mark.parametrize("wanted", [PostFilter(q="移民 OR 补偿"), PostFilter(q="移民"), PostFilter(channel="weibo")])
async def test_an_old_event_under_many_newer_posts_is_searched_in_full(
    database: Database, monkeypatch: pytest.MonkeyPatch, small: int, wanted: PostFilter
) -> None:
    old = [row | {"event_id": "old"} for row in some_posts(60)]
    newer = [a_row("移民补偿", minutes=-n) for n in range(1, 81)]
    beside = [a_row("移民补偿", minutes=n) for n in range(1, 400, 5)]
    async with database.writing() as session:
        await store(session, [*old, *newer, *beside])
    monkeypatch.setattr(search, "_SMALL_EVENT", small)
    monkeypatch.setattr(search, "READ_AGAIN", 70)
    inside = replace(wanted, event="old")
    ids = await every_page(database, PostFilter(event="old"))
    expected = [id_ for id_ in ids if id_ in await every_page(database, wanted)]
    assert expected
    assert await every_page(database, inside) == expected
    async with database.reading() as session:
        counted = await search.counts(session, inside)
        assert (counted.posts, counted.bounded) == (len(expected), False)
        if wanted.q:
            best = await search.best_posts(session, inside, 200, None)
            assert sorted(row.id for row in best.rows) == sorted(expected)
            first = await search.best_posts(session, inside, 3, None)
            second = await search.best_posts(session, inside, 200, first.after)
            assert [row.id for row in (*first.rows, *second.rows)] == [row.id for row in best.rows]


async def test_a_word_that_is_rare_in_a_large_event_needs_no_empty_pages(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [a_row("一般情况" if n % 50 else "移民补偿", minutes=n, event_id="large") for n in range(300)]
    rows += [a_row("移民补偿", minutes=-n) for n in range(1, 100)]
    async with database.writing() as session:
        await store(session, rows)
    monkeypatch.setattr(search, "_SMALL_EVENT", 10)
    monkeypatch.setattr(search, "READ_AGAIN", 40)
    async with database.reading() as session:
        page = await search.posts(session, PostFilter(q="移民补偿", event="large"), 10, None)
        assert (len(page.rows), page.after) == (6, None)
        assert (await search.counts(session, PostFilter(q="移民补偿", event="large"))).posts == 6
