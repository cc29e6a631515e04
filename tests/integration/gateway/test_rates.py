"""Limits on how often callers may ask, on a real Redis and without one."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from redis.asyncio import Redis

from gateway.rates.limiter import RateLimiter
from gateway.rates.policy import Call, read_limits
from kit.embedded import free_port
from tests.integration.gateway.conftest import OpenGateway
from tests.integration.gateway.harness import Upstream, problem, reserve, serving


@pytest.mark.parametrize("allowed", [7, 500])
async def test_replicas_together_let_through_what_is_allowed_and_no_more(valkey_url: str, allowed: int) -> None:
    limits = read_limits(f"read={allowed}/hour")
    clients = [Redis.from_url(valkey_url) for _ in range(3)]
    replicas = [RateLimiter(client, limits) for client in clients]
    passed = 0
    for number in range(allowed + 60):
        verdict = await replicas[number % 3].ask(Call.READ, "user:zhang")
        assert verdict is not None
        passed += verdict.passes
    # lots that one replica holds are not for the others, so that a few may be left over
    assert allowed - 2 * max(1, int(allowed * 0.02)) <= passed <= allowed
    other = await replicas[0].ask(Call.READ, "user:li")
    assert other is not None
    assert (other.passes, other.limit, other.window) == (True, allowed, 3600)
    for client in clients:
        await client.aclose()


async def test_many_at_once_do_not_get_more(valkey_url: str) -> None:
    client = Redis.from_url(valkey_url)
    limiter = RateLimiter(client, read_limits("write=100/hour"))
    verdicts = await asyncio.gather(*(limiter.ask(Call.WRITE, "key:1") for _ in range(300)))
    assert sum(one is not None and one.passes for one in verdicts) <= 100
    await client.aclose()


@pytest.mark.parametrize("limit", ["login=60/hour", "login=3000/hour"])
async def test_many_who_come_one_close_on_another_get_what_is_theirs(valkey_url: str, limit: str) -> None:
    client = Redis.from_url(valkey_url)
    limiter = RateLimiter(client, read_limits(limit))

    async def ask(number: int) -> bool:
        for _ in range(number * 3):
            await asyncio.sleep(0)
        verdict = await limiter.ask(Call.LOGIN, "127.0.0.1")
        return verdict is not None and verdict.passes

    assert all(await asyncio.gather(*(ask(number) for number in range(60))))
    await client.aclose()


async def test_without_redis_every_replica_counts_by_itself() -> None:
    client = Redis(port=free_port(), socket_connect_timeout=0.2)
    limiter = RateLimiter(client, read_limits("read=5/hour"))
    verdicts = [await limiter.ask(Call.READ, "user:zhang") for _ in range(8)]
    assert [one is not None and one.passes for one in verdicts] == [True] * 5 + [False] * 3
    began = time.monotonic()
    for _ in range(50):
        await limiter.ask(Call.READ, "user:li")
    assert time.monotonic() - began < 50 * 0.5 / 2, "Redis is not asked each time"
    await client.aclose()


async def test_callers_are_told_of_their_limit_and_refused_beyond_it(open_gateway: OpenGateway) -> None:
    async with open_gateway(rate_limits="read=4/hour, stranger=2/hour") as gateway:
        token = await gateway.bearer()
        answers = [await gateway.http.get("/api/v1/tasks/things", headers=token) for _ in range(6)]
        assert [one.status_code for one in answers] == [200, 200, 200, 200, 429, 429]
        assert answers[0].headers["ratelimit-policy"] == '"read";q=4;w=3600'
        assert answers[0].headers["ratelimit"].startswith('"read";r=3;t=')
        told = problem(answers[-1], 429, "rate-limited")
        assert "4 in 3600 s" in told["detail"]
        assert 0 < int(answers[-1].headers["retry-after"]) <= 3600
        assert len(gateway.upstream.to("/api/v1/tasks/things")) == 4, "what is refused reaches no service"
        written = await gateway.http.post("/api/v1/tasks/things", headers=token, json={})
        assert written.status_code == 201, "writing has a limit of its own"
        other = await gateway.add_user("li.si", "office")
        assert other["username"] == "li.si"
        second = await gateway.bearer("li.si", "a-long-enough-word")
        theirs = await gateway.http.get("/api/v1/tasks/things", headers=second)
        assert theirs.status_code == 200, "each user has a limit of their own"
        strangers = [await gateway.http.get("/api/v1/cases") for _ in range(3)]
        assert [one.status_code for one in strangers] == [401, 401, 429]
        assert (await gateway.http.get("/livez")).status_code == 200


async def test_a_dead_replica_costs_callers_nothing(open_gateway: OpenGateway) -> None:
    dead = f"http://127.0.0.1:{reserve()}"
    other = Upstream()
    with serving(other.app(), reserve()) as alive:
        async with open_gateway(rate_limits="off", cases_url=f"{dead},{alive}") as gateway:
            token = await gateway.bearer()
            async with httpx.AsyncClient(base_url=gateway.base, headers=token, trust_env=False, timeout=30) as http:
                posted = [await http.post("/api/v1/tasks/things", json={"n": n}) for n in range(12)]
            assert {one.status_code for one in posted} == {201}
            assert len(other.to("/api/v1/tasks/things")) == 12, "each was done once"


async def test_a_trace_goes_through_to_the_service(open_gateway: OpenGateway) -> None:
    async with open_gateway() as gateway:
        token = await gateway.bearer()
        given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        await gateway.http.get("/api/v1/tasks/things", headers={**token, "traceparent": given})
        await gateway.http.get("/api/v1/tasks/things", headers=token)
        seen = [call.header("traceparent") or "" for call in gateway.upstream.to("/api/v1/tasks/things")]
        assert seen[0].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"
        assert seen[0] != given
        assert seen[1].split("-")[1] != seen[0].split("-")[1]
