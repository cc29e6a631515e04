"""Turns and remembered pieces on a real Redis-compatible server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from redis.asyncio import Redis

from kit.bus.redis_bus import connect
from kit.embedded import free_port
from services.notify.channels.limits import Rate
from services.notify.channels.pacing import Pacing

MINUTE = (Rate(20, 60),)


@pytest_asyncio.fixture
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    """Give a client of the emptied server."""
    client = connect(valkey_url)
    yield client
    await client.aclose()
    await client.connection_pool.disconnect()


async def test_turns_are_counted_over_all_replicas_and_by_address(redis: Redis) -> None:
    one, other = Pacing(redis), Pacing(redis)
    for index in range(20):
        assert await (one, other)[index % 2].turn("wecom_bot", "key-1", MINUTE) == 0
    for pacing in (one, other):
        assert 0 < await pacing.turn("wecom_bot", "key-1", MINUTE) <= 60
    assert await one.turn("wecom_bot", "key-2", MINUTE) == 0
    assert await one.turn("dingtalk", "key-1", MINUTE) == 0
    assert await one.turn("log", "key-1", ()) == 0


async def test_a_turn_refused_is_not_counted_and_comes_back(redis: Redis) -> None:
    pacing = Pacing(redis)
    short = (Rate(1, 0.05), Rate(100, 60))
    assert await pacing.turn("feishu", "key", short) == 0
    wait = 0.0
    while (wait := await pacing.turn("feishu", "key", short)) > 0:
        assert wait <= 0.05
    # two turns have been given; the refused ones in between took none of the hundred
    (key,) = await redis.keys("notify:turns:*")
    assert await redis.llen(key) == 2


async def test_the_strictest_rate_decides(redis: Redis) -> None:
    pacing = Pacing(redis)
    rates = (Rate(5, 1000), Rate(2, 50))
    assert [await pacing.turn("feishu", "key", rates) for _ in range(2)] == [0, 0]
    assert 0 < await pacing.turn("feishu", "key", rates) <= 50


async def test_addresses_are_not_kept(redis: Redis) -> None:
    pacing = Pacing(redis)
    await pacing.turn("wecom_bot", "very-secret-key", MINUTE)
    await pacing.remember("letter", ["very-secret-key", "正文"], 1)
    for key in await redis.keys("*"):
        held = await redis.dump(key)
        assert b"very-secret-key" not in key + held
        assert await redis.pttl(key) > 0


async def test_pieces_are_remembered_for_the_same_content_alone(redis: Redis) -> None:
    pacing = Pacing(redis)
    assert await pacing.gone_out("letter", ["a", "b"]) == 0
    await pacing.remember("letter", ["a", "b"], 1)
    assert await Pacing(redis).gone_out("letter", ["a", "b"]) == 1
    assert await pacing.gone_out("letter", ["a", "c"]) == 0
    assert await pacing.gone_out("letter", ["ab"]) == 0
    assert await pacing.gone_out("other", ["a", "b"]) == 0


async def test_without_redis_letters_go_out_all_the_same() -> None:
    client = connect(f"redis://127.0.0.1:{free_port()}/0")
    pacing = Pacing(client)
    assert await pacing.turn("wecom_bot", "key", MINUTE) == 0
    assert await pacing.gone_out("letter", ["a"]) == 0
    await pacing.remember("letter", ["a"], 1)
    await client.aclose()
    await client.connection_pool.disconnect()
