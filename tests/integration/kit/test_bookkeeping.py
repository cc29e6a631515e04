"""Outbox, inbox and leases on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa
from redis.asyncio import Redis

from contracts.messages import Counters
from contracts.streams import POSTS_COLLECTED
from kit.bus import RedisBus, envelope
from kit.bus.envelope import FIELD, decode
from kit.bus.redis_bus import connect
from kit.clock import ManualClock
from kit.database import Database, UtcDateTime, insert_ignoring, migration_engine, table_base
from kit.inbox import Inbox
from kit.leases import TERM, LeaseLost, Leases
from kit.outbox import Outbox, bookkeeping_tables
from kit.settings import ServiceSettings

Base = table_base()
bookkeeping_tables(Base.metadata)
THINGS = sa.Table(
    "thing",
    Base.metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("at", UtcDateTime(), nullable=True),
)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    url = ServiceSettings(database_url=database_url, internal_key="x" * 32).database_url_for("toy")
    engine = migration_engine(url, "toy")
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(sa.text("CREATE SCHEMA toy"))
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()
    made = Database(url, "toy")
    yield made
    await made.dispose()


@pytest_asyncio.fixture
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    client = connect(valkey_url)
    yield client
    await client.aclose()
    await client.connection_pool.disconnect()


def outbox(database: Database, redis: Redis, clock: ManualClock, holder: str = "a") -> Outbox:
    leases = Leases(database, Base.metadata, holder)
    return Outbox(database, Base.metadata, RedisBus(redis), leases, clock, "toy")


async def test_what_is_rolled_back_is_never_told(database: Database, redis: Redis, clock: ManualClock) -> None:
    box = outbox(database, redis, clock)
    with pytest.raises(ZeroDivisionError):
        async with database.writing() as session:
            await box.put(session, POSTS_COLLECTED, "post.collected", "1", Counters())
            raise ZeroDivisionError
    assert await box.waiting() == 0


async def test_committed_messages_are_relayed_in_order_and_once(
    database: Database, redis: Redis, clock: ManualClock
) -> None:
    box = outbox(database, redis, clock)
    for start in range(0, 1200, 300):
        async with database.writing() as session:
            for i in range(start, start + 300):
                await box.put(session, POSTS_COLLECTED, "post.collected", str(i), Counters(reads=i))
    other = outbox(database, redis, clock, holder="b")
    stopping = asyncio.Event()
    relays = [asyncio.create_task(one.relay(stopping)) for one in (box, other)]
    async with asyncio.timeout(10):
        while await box.waiting():
            await asyncio.sleep(0.05)
    stopping.set()
    await asyncio.gather(*relays)
    told = [decode(fields[FIELD]).subject for _, fields in await redis.xrange(POSTS_COLLECTED)]
    assert told == [str(i) for i in range(1200)]


async def test_a_commit_wakes_the_relay(database: Database, redis: Redis, clock: ManualClock) -> None:
    box = outbox(database, redis, clock)
    stopping = asyncio.Event()
    relay = asyncio.create_task(box.relay(stopping))
    await asyncio.sleep(0.1)
    began = asyncio.get_running_loop().time()
    async with database.writing() as session:
        await box.put(session, POSTS_COLLECTED, "post.collected", "1", Counters())
    async with asyncio.timeout(5):
        while not await redis.exists(POSTS_COLLECTED):
            await asyncio.sleep(0.005)
    assert asyncio.get_running_loop().time() - began < 0.4
    stopping.set()
    await relay


async def test_a_message_is_handled_once(database: Database) -> None:
    inbox = Inbox(Base.metadata)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    messages = [envelope("t", str(i), Counters(), source="toy", at=now, id_=f"m{i % 3}") for i in range(5)]
    async with database.writing() as session:
        first = await inbox.unseen(session, messages, now)
    assert [m.subject for m in first] == ["0", "1", "2"]
    async with database.writing() as session:
        assert await inbox.unseen(session, messages, now) == []
    async with database.writing() as session:
        assert await inbox.forget(session, now + timedelta(seconds=1)) == 3


async def test_one_replica_holds_a_lease_and_another_takes_over(database: Database, clock: ManualClock) -> None:
    a, b = (Leases(database, Base.metadata, holder, clock) for holder in "ab")
    assert await a.hold("job")
    assert not await b.hold("job")
    clock.advance(timedelta(seconds=TERM - 1))
    assert await a.hold("job"), "a holder renews"
    clock.advance(timedelta(seconds=TERM - 1))
    assert not await b.hold("job")
    clock.advance(timedelta(seconds=2))
    assert await b.hold("job"), "the first went quiet"
    async with database.writing() as session:
        with pytest.raises(LeaseLost):
            await a.confirm(session, "job")
    assert not await a.hold("job")
    await b.release_all()
    assert await a.hold("job"), "a lease given up is free at once"


async def test_a_replica_that_comes_back_under_its_name_goes_on(database: Database, clock: ManualClock) -> None:
    assert await Leases(database, Base.metadata, "a", clock).hold("job")
    assert await Leases(database, Base.metadata, "a", clock).hold("job")


async def test_times_keep_their_zone_and_naive_ones_are_refused(database: Database) -> None:
    at = datetime.fromisoformat("2026-03-02T08:00:00.123456+08:00")
    async with database.writing() as session:
        inserted = await insert_ignoring(session, THINGS, [{"name": "a", "at": at}], returning=["name"])
        assert [row.name for row in inserted] == ["a"]
        again = await insert_ignoring(session, THINGS, [{"name": "a", "at": None}], returning=["name"])
        assert again == []
    async with database.reading() as session:
        stored = await session.scalar(sa.select(THINGS.c.at))
    assert stored == at
    assert stored.utcoffset() == timedelta(0)
    with pytest.raises(Exception, match="aware"):
        async with database.writing() as session:
            await session.execute(sa.insert(THINGS).values(name="b", at=at.replace(tzinfo=None)))


async def test_insert_ignoring_takes_more_rows_than_one_statement_binds(database: Database) -> None:
    rows = [{"name": str(i), "at": None} for i in range(40_000)]
    async with database.writing() as session:
        assert len(await insert_ignoring(session, THINGS, rows, returning=["name"])) == 40_000


async def test_reading_changes_nothing(database: Database) -> None:
    async with database.reading() as session:
        await session.execute(sa.insert(THINGS).values(name="x"))
    async with database.reading() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(THINGS)) == 0


async def test_concurrent_writers_wait_for_each_other(database: Database) -> None:
    async def write(i: int) -> None:
        async with database.writing() as session:
            count = await session.scalar(sa.select(sa.func.count()).select_from(THINGS))
            assert count is not None
            await asyncio.sleep(0.001)
            await session.execute(sa.insert(THINGS).values(name=str(i)))

    await asyncio.gather(*(write(i) for i in range(30)))
    async with database.reading() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(THINGS)) == 30
