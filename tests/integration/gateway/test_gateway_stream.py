"""The live stream: what happens reaches listeners, filtered, and is resumed where it broke off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import redis.asyncio as redis

from contracts.envelope import Message, Publication
from contracts.streams import ALERTS_RAISED, CASES_CHANGED, EVENTS_UPDATED
from contracts.words import Role
from gateway.hearing import audience
from gateway.live import EVENT_TYPES, STREAMS, Live, decode_position, encode_position
from kit.auth import Principal
from kit.bus import RedisBus
from kit.bus.redis_bus import connect
from kit.ids import new_id
from tests.integration.gateway.conftest import OpenGateway
from tests.integration.gateway.harness import Gateway, problem


@dataclass
class Heard:
    """One server-sent event."""

    id: str
    event: str
    data: dict[str, Any]


@asynccontextmanager
async def listening(gateway: Gateway, last: str | None = None, **params: str) -> AsyncIterator[AsyncIterator[Heard]]:
    """Listen; gives the events as they come, once the stream has begun."""
    headers = {**await gateway.bearer(), **({"Last-Event-ID": last} if last else {})}
    async with gateway.http.stream("GET", "/api/v1/stream", headers=headers, params=params) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert (await asyncio.wait_for(anext(lines), 60)).startswith("retry:")

        async def events() -> AsyncIterator[Heard]:
            fields: dict[str, str] = {}
            async for line in lines:
                if line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif not line and "data" in fields:
                    yield Heard(fields["id"], fields["event"], json.loads(fields["data"]))
                    fields = {}

        yield events()


async def tell(gateway: Gateway, stream: str, type_: str, subject: str, **data: Any) -> None:
    """Publish as a service would."""
    client = redis.Redis.from_url(gateway.redis_url)
    try:
        message = Message(
            id=new_id(), source="huiying/tests", type=type_, time=datetime.now(UTC), subject=subject, data=data
        )
        await RedisBus(client).publish([Publication(stream=stream, message=message)])
    finally:
        await client.aclose()


async def hear(events: AsyncIterator[Heard]) -> Heard:
    """Return the next event."""
    return await asyncio.wait_for(anext(events), 60)


async def test_listeners_hear_what_happens_in_order(gateway: Gateway) -> None:
    async with listening(gateway) as events:
        await asyncio.sleep(0.3)
        await tell(gateway, EVENTS_UPDATED, "event.updated", "e-1", title="饮水", version=3, new_posts=["p-1", "p-2"])
        await tell(gateway, ALERTS_RAISED, "alert.raised", "a-1", level="II")
        await tell(gateway, CASES_CHANGED, "clock.warning", "c-1")
        first, second, third = [await hear(events) for _ in range(3)]
    assert [one.event for one in (first, second, third)] == ["event.updated", "alert.raised", "clock.warning"]
    assert set(first.data) == {"id", "time", "subject", "data"}
    assert first.data["subject"] == "e-1"
    assert first.data["data"] == {"title": "饮水", "version": 3}
    assert len({first.id, second.id, third.id}) == 3


async def test_only_what_was_asked_for_is_told(gateway: Gateway) -> None:
    async with listening(gateway, types="alert.raised") as events:
        await asyncio.sleep(0.3)
        await tell(gateway, EVENTS_UPDATED, "event.updated", "e-1")
        await tell(gateway, ALERTS_RAISED, "alert.raised", "a-1")
        assert (await hear(events)).event == "alert.raised"
    answer = await gateway.http.get("/api/v1/stream?types=post.collected", headers=await gateway.bearer())
    problem(answer, 400, "unknown-event-type")


async def test_a_listener_goes_on_where_it_broke_off_on_any_replica(open_gateway: OpenGateway) -> None:
    async with open_gateway() as one, open_gateway() as other:
        async with listening(one) as events:
            await asyncio.sleep(0.3)
            await tell(one, ALERTS_RAISED, "alert.raised", "a-1")
            await tell(one, CASES_CHANGED, "case.changed", "c-1")
            heard = [await hear(events), await hear(events)]
        for number in range(2, 5):
            await tell(one, CASES_CHANGED, "case.changed", f"c-{number}")
        await tell(one, ALERTS_RAISED, "alert.raised", "a-2")
        await asyncio.sleep(0.5)

        async with listening(other, last=heard[-1].id) as events:
            missed = [await hear(events) for _ in range(4)]
            await tell(one, EVENTS_UPDATED, "event.updated", "e-9")
            fresh = await hear(events)
    assert [one.data["subject"] for one in missed] == ["c-2", "c-3", "c-4", "a-2"]
    assert fresh.data["subject"] == "e-9"


async def test_what_comes_while_a_listener_resumes_is_told_once(gateway: Gateway) -> None:
    client = connect(gateway.redis_url)
    live = Live(client, asyncio.Event(), 15)
    await live.start()
    try:
        await tell(gateway, ALERTS_RAISED, "alert.raised", "a-1")
        beginning = encode_position(("0-0",) * len(STREAMS))
        events = live.listen(beginning, _ALL, _always)
        assert (await anext(events)).startswith(b"retry:")
        await tell(gateway, ALERTS_RAISED, "alert.raised", "a-2")
        await asyncio.sleep(0.3)
        told = b""
        while told.count(b"event: ") < 2:  # they may come in one piece or in two
            told += await asyncio.wait_for(anext(events), 60)
        assert [told.count(b'"a-1"'), told.count(b'"a-2"')] == [1, 1]
        assert told.index(b'"a-1"') < told.index(b'"a-2"')
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(events), 0.5)
    finally:
        await live.stop()
        await client.aclose()
        await client.connection_pool.disconnect()


async def test_who_has_heard_nothing_yet_can_resume_too(gateway: Gateway) -> None:
    async with gateway.http.stream("GET", "/api/v1/stream", headers=await gateway.bearer()) as answer:
        first = await asyncio.wait_for(anext(answer.aiter_text()), 60)
    last = next(line for line in first.splitlines() if line.startswith("id: ")).removeprefix("id: ")
    await tell(gateway, ALERTS_RAISED, "alert.raised", "a-1")
    await asyncio.sleep(0.3)
    async with listening(gateway, last=last) as events:
        assert (await hear(events)).data["subject"] == "a-1"


async def test_a_listener_who_is_no_longer_welcome_is_let_go(open_gateway: OpenGateway) -> None:
    async with open_gateway(heartbeat_seconds=0.2) as gateway:
        user = await gateway.add_user("gone.by", "office")
        theirs = await gateway.bearer("gone.by", "a-long-enough-word")
        admin = await gateway.bearer()
        async with gateway.http.stream("GET", "/api/v1/stream", headers=theirs) as answer:
            lines = answer.aiter_lines()
            for _ in range(6):  # the first lines and a heartbeat
                await asyncio.wait_for(anext(lines), 60)
            changed = await gateway.http.patch(f"/api/v1/users/{user['id']}", json={"enabled": False}, headers=admin)
            assert changed.status_code == 200

            async def rest() -> list[str]:
                return [line async for line in lines]

            await asyncio.wait_for(rest(), 60)  # the stream ends by itself


_ALL = audience(Principal(id="1", name="office", roles=frozenset({Role.OFFICE})), frozenset(EVENT_TYPES))


async def test_after_too_long_an_absence_the_listener_is_told_to_begin_anew(gateway: Gateway) -> None:
    await tell(gateway, ALERTS_RAISED, "alert.raised", "a-1")
    await tell(gateway, ALERTS_RAISED, "alert.raised", "a-2")
    client = redis.Redis.from_url(gateway.redis_url)
    old = encode_position(("1-0",) * len(STREAMS))
    async with listening(gateway, last=old) as events:
        assert [(await hear(events)).data["subject"] for _ in range(2)] == ["a-1", "a-2"], "all is still there"
    try:
        await client.xtrim(ALERTS_RAISED, maxlen=1, approximate=False)
        for last in (old, "not-an-id-of-ours"):
            headers = {**await gateway.bearer(), "Last-Event-ID": last}
            async with gateway.http.stream("GET", "/api/v1/stream", headers=headers) as answer:
                first = await asyncio.wait_for(anext(answer.aiter_text()), 60)
            lines = dict(line.split(": ", 1) for line in first.strip().splitlines())
            assert lines["event"] == "reset"
            assert decode_position(lines["id"]) is not None
            assert json.loads(lines["data"])["reason"]
        # trimmed or not, whoever had heard the last one has missed nothing
        newest = (await client.xrevrange(ALERTS_RAISED, count=1))[0][0].decode()
        told = encode_position((newest, *("1-0",) * (len(STREAMS) - 1)))
        await client.xtrim(ALERTS_RAISED, maxlen=0, approximate=False)
        async with listening(gateway, last=told) as events:
            await tell(gateway, ALERTS_RAISED, "alert.raised", "a-3")
            assert (await hear(events)).data["subject"] == "a-3"
    finally:
        await client.aclose()


async def test_a_slow_listener_delays_nobody_and_is_let_go(gateway: Gateway) -> None:
    client = connect(gateway.redis_url)
    live = Live(client, asyncio.Event(), 15)
    await live.start()
    try:
        slow, quick = (live.listen(None, _ALL, _always) for _ in range(2))
        for one in (slow, quick):
            assert (await asyncio.wait_for(anext(one), 60)).startswith(b"retry:")
        heard = 0
        for part in range(12):
            for number in range(100):
                await tell_all(client, part * 100 + number)
            while heard < (part + 1) * 100:
                heard += (await asyncio.wait_for(anext(quick), 60)).count(b"event: ")
        assert heard == 1200
        with pytest.raises(StopAsyncIteration):  # its queue was full: it is to come back with its Last-Event-ID
            await asyncio.wait_for(anext(slow), 60)
        assert live.listeners == 1
    finally:
        await live.stop()
        await client.aclose()
        await client.connection_pool.disconnect()


async def tell_all(client: redis.Redis, number: int) -> None:
    """Publish over a connection that is open already."""
    message = Message(
        id=new_id(),
        source="huiying/tests",
        type="alert.raised",
        time=datetime.now(UTC),
        subject=f"a-{number}",
        data={},
    )
    await RedisBus(client).publish([Publication(stream=ALERTS_RAISED, message=message)])


async def test_a_quiet_stream_does_not_make_ids_old(gateway: Gateway) -> None:
    client = connect(gateway.redis_url)
    live = Live(client, asyncio.Event(), 0.3)
    await live.start()
    try:
        events = live.listen(None, _ALL, _always)
        seen: list[bytes] = []
        while len(seen) < 12:
            seen.append(await asyncio.wait_for(anext(events), 60))
        last = decode_position(seen[-1].split(b"id: ")[1].strip().decode())
        seconds, _ = await client.time()
        assert last is not None
        assert all(int(one.split("-")[0]) > (seconds - 60) * 1000 for one in last), "as good as the last heartbeat"
    finally:
        await live.stop()
        await client.aclose()
        await client.connection_pool.disconnect()


async def _always() -> bool:
    return True
