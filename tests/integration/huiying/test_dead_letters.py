"""What consumers gave up on, seen and given back by an operator."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
import redis

from contracts.envelope import Message, Publication
from contracts.messages import WatchChanged
from contracts.streams import WATCH_CHANGED, dead_letters
from contracts.words import WatchMode
from huiying.dead_letters import connect, listed, retry
from huiying.errors import CommandError
from kit.bus import Consumer, RedisBus, envelope
from kit.bus.redis_bus import connect as connect_bus
from kit.embedded import free_port


async def consumed(url: str, *, fails: bool, count: int) -> list[str]:
    """Consume `count` messages, or let each fail for good; returns the ids that were handled."""
    handled: list[str] = []
    tried = 0

    async def handler(messages: Sequence[Message]) -> None:
        nonlocal tried
        tried += 1
        if fails:
            raise ValueError("the watch is broken")
        handled.extend(message.id for message in messages)

    bus = connect_bus(url)
    consumer = Consumer(bus, WATCH_CHANGED, "ingest", handler, name="one", claim_idle=0.1, max_deliveries=2, block=0.05)
    running = asyncio.create_task(consumer.run())
    for _ in range(200):
        letters = await bus.xlen(dead_letters(WATCH_CHANGED))
        if (letters if fails else len(handled)) == count:
            break
        await asyncio.sleep(0.05)
    consumer.stop()
    await running
    await bus.aclose()
    await bus.connection_pool.disconnect()
    return handled


async def test_a_dead_letter_is_listed_with_its_error_and_can_be_given_back(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUIYING_REDIS_URL", valkey_url)
    told = WatchChanged(case_id="one", mode=WatchMode.SURGE)
    message = envelope("watch.changed", "one", told, source="cases", at=datetime(2026, 3, 2, tzinfo=UTC))
    bus = connect_bus(valkey_url)
    await RedisBus(bus).publish([Publication(stream=WATCH_CHANGED, message=message)])
    await bus.aclose()
    await bus.connection_pool.disconnect()
    assert await consumed(valkey_url, fails=True, count=1) == []

    with connect() as client:
        [letter] = listed(client)
        assert (letter.stream, letter.group, letter.deliveries) == (WATCH_CHANGED, "ingest", 2)
        assert "the watch is broken" in letter.error
        assert letter.message is not None
        assert letter.message["id"] == message.id
        assert retry(client) == 1
        assert list(listed(client)) == []
    assert await consumed(valkey_url, fails=False, count=1) == [message.id]


def test_what_is_no_message_stays_aside(valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYING_REDIS_URL", valkey_url)
    with redis.Redis.from_url(valkey_url) as client:
        client.xadd(dead_letters(WATCH_CHANGED), {"m": "scribble", "group": "ingest", "error": "not a message"})
    with connect() as client:
        assert retry(client) == 0
        [letter] = listed(client)
        assert letter.message is None


def test_a_bus_that_is_away_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYING_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(CommandError, match="cannot reach the bus"):
        connect()
