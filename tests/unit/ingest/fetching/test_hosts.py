"""Queues that are polite to each host and fair to those who wait."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from services.ingest.fetching.hosts import Hosts
from services.ingest.fetching.limits import Limits
from services.ingest.fetching.page import FetchFailed, FetchProblem

LIMITS = Limits("HuiyingBot/1.0 (+https://office.example/bot)", delay=0.05)


class Visits:
    """Notes who was at which host, and when."""

    def __init__(self, hosts: Hosts, seconds: float = 0.0) -> None:
        self.hosts, self.seconds = hosts, seconds
        self.order: list[tuple[str, int]] = []
        self.times: dict[str, list[float]] = {}
        self.at_once: dict[str, int] = {}
        self.most: dict[str, int] = {}

    async def visit(self, host: str, number: int = 0, delay: float | None = None) -> None:
        loop = asyncio.get_running_loop()
        async with self.hosts.turn(host, delay):
            for key in (host, "all"):
                self.at_once[key] = self.at_once.get(key, 0) + 1
                self.most[key] = max(self.most.get(key, 0), self.at_once[key])
            self.order.append((host, number))
            self.times.setdefault(host, []).append(loop.time())
            await asyncio.sleep(self.seconds)
            for key in (host, "all"):
                self.at_once[key] -= 1

    def gaps(self, host: str) -> list[float]:
        return [b - a for a, b in zip(self.times[host], self.times[host][1:], strict=False)]


async def test_a_host_is_asked_one_at_a_time_in_order_with_a_delay() -> None:
    visits = Visits(Hosts(LIMITS), seconds=0.02)
    await asyncio.gather(*(visits.visit("a", number) for number in range(5)))
    assert [number for _, number in visits.order] == list(range(5))
    assert visits.most["a"] == 1
    # counted from the end of the visit before
    assert min(visits.gaps("a")) >= 0.05 + 0.02 - 0.002


async def test_a_slow_host_holds_up_no_other() -> None:
    visits = Visits(Hosts(replace(LIMITS, delay=0.2)))
    slow = [asyncio.create_task(visits.visit("slow", number)) for number in range(3)]
    await asyncio.sleep(0)
    begun = asyncio.get_running_loop().time()
    await asyncio.gather(*(visits.visit(f"other{number}") for number in range(50)))
    assert asyncio.get_running_loop().time() - begun < 0.15
    await asyncio.gather(*slow)
    assert min(visits.gaps("slow")) >= 0.198


async def test_more_than_one_at_once_where_that_is_set() -> None:
    visits = Visits(Hosts(replace(LIMITS, concurrency=3, delay=0.01)), seconds=0.1)
    await asyncio.gather(*(visits.visit("a", number) for number in range(9)))
    assert visits.most["a"] == 3
    assert min(visits.gaps("a")) >= 0.009


async def test_all_hosts_together_stay_under_the_total() -> None:
    visits = Visits(Hosts(replace(LIMITS, total=4, delay=0.0)), seconds=0.01)
    await asyncio.gather(*(visits.visit(f"host{number % 20}", number) for number in range(60)))
    assert visits.most["all"] == 4
    assert len(visits.order) == 60
    # no host gets its second visit before every host has had its first
    assert {host for host, _ in visits.order[:20]} == {f"host{number}" for number in range(20)}


async def test_a_hosts_own_delay_counts_where_it_is_longer() -> None:
    visits = Visits(Hosts(replace(LIMITS, max_crawl_delay=0.2)))
    await asyncio.gather(*(visits.visit("a", delay=0.1) for _ in range(2)))
    await asyncio.gather(*(visits.visit("b", delay=0.0) for _ in range(2)))
    await asyncio.gather(*(visits.visit("c", delay=86_400.0) for _ in range(2)))
    assert 0.099 <= visits.gaps("a")[0] < 0.19
    assert visits.gaps("b")[0] >= 0.049
    assert 0.199 <= visits.gaps("c")[0] < 0.4


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    hosts = Hosts(replace(LIMITS, delay=0.0))
    visits = Visits(hosts, seconds=0.05)
    tasks = [asyncio.create_task(visits.visit("a", number)) for number in range(6)]
    await asyncio.sleep(0.01)
    for number in (0, 2, 4):
        tasks[number].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [number for _, number in visits.order] == [0, 1, 3, 5]
    async with asyncio.timeout(1), hosts.turn("a"):
        pass


async def test_who_gives_up_just_when_the_turn_comes_passes_it_on() -> None:
    hosts = Hosts(replace(LIMITS, delay=0.0, total=1))
    for _ in range(20):
        first = hosts.turn("a")
        await first.__aenter__()
        waiting = asyncio.create_task(Visits(hosts).visit("a"))
        await asyncio.sleep(0)
        await first.__aexit__(None, None, None)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(1), hosts.turn("b"):
        pass


async def test_a_host_that_asks_to_be_left_alone_is() -> None:
    hosts = Hosts(replace(LIMITS, delay=0.0, patience=0.5))
    visits = Visits(hosts)
    begun = asyncio.get_running_loop().time()
    hosts.block("a", 0.2)
    await asyncio.gather(visits.visit("a"), visits.visit("b"))
    assert visits.times["a"][0] - begun >= 0.199
    assert visits.times["b"][0] - begun < 0.1


async def test_nobody_waits_longer_than_patience() -> None:
    hosts = Hosts(replace(LIMITS, patience=0.5))
    visits = Visits(hosts)
    await visits.visit("a")
    waiting = [asyncio.create_task(visits.visit("a")) for _ in range(3)]
    await asyncio.sleep(0)
    hosts.block("a", 60)
    for failure in await asyncio.gather(*waiting, visits.visit("a"), return_exceptions=True):
        assert isinstance(failure, FetchFailed)
        assert failure.problem is FetchProblem.RATE_LIMITED
        assert failure.retry_after == pytest.approx(60, abs=1)
    await visits.visit("b")
    assert len(visits.times["a"]) == 1


async def test_no_retry_after_binds_for_longer_than_a_day() -> None:
    hosts = Hosts(LIMITS)
    hosts.block("a", 1e12)
    with pytest.raises(FetchFailed) as caught:
        await hosts.turn("a").__aenter__()
    assert caught.value.retry_after == pytest.approx(86_400, abs=1)


async def test_a_shorter_wait_does_not_undo_a_longer_one() -> None:
    hosts = Hosts(LIMITS)
    hosts.block("a", 100)
    hosts.block("a", 1)
    with pytest.raises(FetchFailed):
        await hosts.turn("a").__aenter__()


async def test_idle_hosts_are_forgotten_and_blocked_ones_are_not() -> None:
    hosts = Hosts(replace(LIMITS, delay=0.0))
    hosts.block("blocked", 100)
    for number in range(3000):
        async with hosts.turn(f"host{number}"):
            pass
    assert len(hosts) <= 600
    with pytest.raises(FetchFailed):
        await hosts.turn("blocked").__aenter__()
