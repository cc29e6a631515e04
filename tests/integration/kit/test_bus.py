"""The bus on a real server: nothing is lost, nothing is acknowledged before its work is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest_asyncio
from redis.asyncio import Redis
from sqlalchemy.exc import OperationalError

from contracts.envelope import Message, Publication
from contracts.messages import Counters
from contracts.streams import POSTS_ANALYZED, POSTS_COLLECTED, dead_letters
from kit.bus import Consumer, RedisBus, envelope
from kit.bus.envelope import FIELD, decode
from kit.bus.redis_bus import GroupProgress, connect
from kit.clock import SystemClock


@pytest_asyncio.fixture
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    client = connect(valkey_url)
    yield client
    await client.aclose()
    await client.connection_pool.disconnect()


def some(count: int, start: int = 0) -> list[Publication]:
    now = SystemClock().now()
    return [
        Publication(
            stream=POSTS_COLLECTED,
            message=envelope("post.collected", str(i), Counters(reads=i), source="tests", at=now, id_=f"m{i}"),
        )
        for i in range(start, start + count)
    ]


@asynccontextmanager
async def consuming(*consumers: Consumer) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(consumer.run()) for consumer in consumers]
    try:
        yield
    finally:
        for consumer in consumers:
            consumer.stop()
        await asyncio.gather(*tasks)


async def until(condition: Any, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def consumer(redis: Redis, handler: Any, name: str = "a", **options: Any) -> Consumer:
    options.setdefault("claim_idle", 0.3)
    options.setdefault("block", 0.1)
    return Consumer(redis, POSTS_COLLECTED, "analysis-worker", handler, name=name, **options)


async def pending(redis: Redis) -> int:
    return int((await redis.xpending(POSTS_COLLECTED, "analysis-worker"))["pending"])


async def test_a_group_reads_what_was_published_before_it_existed(redis: Redis) -> None:
    await RedisBus(redis).publish(some(3))
    seen: list[str] = []

    async def handle(messages: Sequence[Message]) -> None:
        seen.extend(message.id for message in messages)

    async with consuming(consumer(redis, handle)):
        await until(lambda: len(seen) == 3)
    assert seen == ["m0", "m1", "m2"]
    assert await pending(redis) == 0


async def test_results_are_published_together_with_the_acknowledgement(redis: Redis) -> None:
    await RedisBus(redis).publish(some(10))
    done: list[str] = []

    async def handle(messages: Sequence[Message]) -> list[Publication]:
        done.extend(m.id for m in messages)
        return [Publication(stream=POSTS_ANALYZED, message=m) for m in messages]

    async with consuming(consumer(redis, handle, batch=4)):
        await until(lambda: len(done) == 10)
    results = await redis.xrange(POSTS_ANALYZED)
    assert [decode(fields[FIELD]).id for _, fields in results] == [f"m{i}" for i in range(10)]


async def test_a_message_that_always_fails_is_put_aside_and_the_others_are_done(redis: Redis) -> None:
    await RedisBus(redis).publish(some(5))
    done: set[str] = set()
    tries = 0

    async def handle(messages: Sequence[Message]) -> None:
        nonlocal tries
        if any(m.id == "m2" for m in messages):
            tries += len(messages) == 1
            raise ValueError("the third is bad")
        done.update(m.id for m in messages)

    async with consuming(consumer(redis, handle, max_deliveries=3)):
        async with asyncio.timeout(10):
            while not await redis.xlen(dead_letters(POSTS_COLLECTED)):
                await asyncio.sleep(0.02)
    assert done == {"m0", "m1", "m3", "m4"}
    assert tries == 3
    [(_, dead)] = await redis.xrange(dead_letters(POSTS_COLLECTED))
    assert decode(dead[FIELD]).id == "m2"
    assert b"the third is bad" in dead[b"error"]
    assert await pending(redis) == 0


async def test_what_is_no_message_is_put_aside_at_once(redis: Redis) -> None:
    await redis.xadd(POSTS_COLLECTED, {FIELD: b"{broken"})
    await RedisBus(redis).publish(some(1))
    seen: list[str] = []

    async def handle(messages: Sequence[Message]) -> None:
        seen.extend(m.id for m in messages)

    async with consuming(consumer(redis, handle)):
        await until(lambda: seen == ["m0"])
    assert await redis.xlen(dead_letters(POSTS_COLLECTED)) == 1


async def test_a_database_that_is_away_is_waited_for_and_costs_no_delivery(redis: Redis) -> None:
    await RedisBus(redis).publish(some(2))
    tries = 0
    seen: list[str] = []

    async def handle(messages: Sequence[Message]) -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise OperationalError("insert", {}, Exception("database is locked"))
        seen.extend(m.id for m in messages)

    async with consuming(consumer(redis, handle, max_deliveries=2, claim_idle=30)):
        await until(lambda: len(seen) == 2)
    assert tries == 4
    assert await redis.xlen(dead_letters(POSTS_COLLECTED)) == 0


async def test_a_dead_consumers_messages_are_taken_over(redis: Redis) -> None:
    await RedisBus(redis).publish(some(3))
    await redis.xgroup_create(POSTS_COLLECTED, "analysis-worker", id="0")
    await redis.xreadgroup("analysis-worker", "the-dead", {POSTS_COLLECTED: ">"})
    seen: list[str] = []

    async def handle(messages: Sequence[Message]) -> None:
        seen.extend(m.id for m in messages)

    async with consuming(consumer(redis, handle)):
        await until(lambda: len(seen) == 3)
        assert await pending(redis) == 0


async def test_a_consumer_that_comes_back_takes_up_its_own_work_at_once(redis: Redis) -> None:
    await RedisBus(redis).publish(some(3))
    await redis.xgroup_create(POSTS_COLLECTED, "analysis-worker", id="0")
    await redis.xreadgroup("analysis-worker", "a", {POSTS_COLLECTED: ">"})
    seen: list[str] = []

    async def handle(messages: Sequence[Message]) -> None:
        seen.extend(m.id for m in messages)

    async with consuming(consumer(redis, handle, claim_idle=60)):
        await until(lambda: len(seen) == 3, 3)


async def test_a_long_handler_keeps_its_claim(redis: Redis) -> None:
    await RedisBus(redis).publish(some(1))
    seen: list[str] = []

    def handler(who: str) -> Any:
        async def handle(messages: Sequence[Message]) -> None:
            seen.append(who)
            await asyncio.sleep(1.2)

        return handle

    async with consuming(consumer(redis, handler("a"), "a"), consumer(redis, handler("b"), "b")):
        await until(lambda: len(seen) == 1)
        await asyncio.sleep(1.5)
    assert len(seen) == 1


async def test_two_consumers_share_the_work_and_double_nothing(redis: Redis) -> None:
    seen: list[str] = []

    async def handle(messages: Sequence[Message]) -> None:
        await asyncio.sleep(0.005)
        seen.extend(m.id for m in messages)

    async with consuming(*(consumer(redis, handle, name, batch=10, claim_idle=30) for name in "ab")):
        await RedisBus(redis).publish(some(500))
        await until(lambda: len(seen) >= 500)
    assert sorted(seen) == sorted(f"m{i}" for i in range(500))


async def test_a_deleted_stream_is_made_again(redis: Redis) -> None:
    seen: list[str] = []

    async def handle(messages: Sequence[Message]) -> None:
        seen.extend(m.id for m in messages)

    async with consuming(consumer(redis, handle)):
        await RedisBus(redis).publish(some(1))
        await until(lambda: len(seen) == 1)
        await redis.delete(POSTS_COLLECTED)
        await RedisBus(redis).publish(some(1, start=1))
        await until(lambda: len(seen) == 2)


async def test_trimming_keeps_what_a_group_has_yet_to_read(redis: Redis) -> None:
    bus = RedisBus(redis, history=-60.0)
    await bus.publish(some(400))
    assert await bus.trim() == {}, "the group of the contract has not been made yet"
    assert (await bus.progress())[POSTS_COLLECTED, "analysis-worker"] == GroupProgress(400, 0)
    await redis.xgroup_create(POSTS_COLLECTED, "analysis-worker", id="0")
    await redis.xreadgroup("analysis-worker", "a", {POSTS_COLLECTED: ">"}, count=350)
    assert await bus.trim() == {}, "nothing has been acknowledged"
    assert await bus.backlog(POSTS_COLLECTED) == 400
    assert (await bus.progress())[POSTS_COLLECTED, "analysis-worker"] == GroupProgress(400, 0)
    entries = await redis.xrange(POSTS_COLLECTED)
    await redis.xack(POSTS_COLLECTED, "analysis-worker", *(id_ for id_, _ in entries[:300]))
    assert (await bus.progress())[POSTS_COLLECTED, "analysis-worker"] == GroupProgress(100, 300)
    dropped = (await bus.trim())[POSTS_COLLECTED]
    assert 0 < dropped <= 300
    left = [decode(fields[FIELD]).id for _, fields in await redis.xrange(POSTS_COLLECTED)]
    assert left[-100:] == [f"m{i}" for i in range(300, 400)]
