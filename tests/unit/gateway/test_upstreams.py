"""Which replica is asked: the least busy, in turn, and not one that fails, unless all do."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstreams import Replica, Upstreams

A, B, C = "http://10.0.0.1:1", "http://10.0.0.2:1", "http://10.0.0.3:1"


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def upstreams(*addresses: str) -> tuple[Upstreams, Time]:
    time = Time()
    return Upstreams({"cases": addresses}, now=time), time


def by_base(made: Upstreams, base: str) -> Replica:
    return next(one for one in (made.choose("cases") for _ in range(20)) if one.base == base)


def test_equals_take_turns_and_the_busy_one_is_spared() -> None:
    made, _ = upstreams(A, B, C)
    assert Counter(made.choose("cases").base for _ in range(30)) == {A: 10, B: 10, C: 10}
    busy = by_base(made, B)
    busy.under_way = 2
    assert {made.choose("cases").base for _ in range(10)} == {A, C}


def test_one_that_cannot_be_reached_is_left_alone_for_longer_and_longer() -> None:
    made, time = upstreams(A, B)
    bad = by_base(made, B)
    waits = []
    for _ in range(8):
        made.failed("cases", bad, unreachable=True)
        assert {made.choose("cases").base for _ in range(5)} == {A}
        waits.append(bad.until - time.now)
        time.now = bad.until + 0.01
        assert B in {made.choose("cases").base for _ in range(5)}, "its time is over: it is tried again"
    for wait, wanted in zip(waits, (1, 2, 4, 8, 16, 30, 30, 30), strict=True):
        assert 0.8 * wanted <= wait <= 1.2 * wanted + 0.001
    made.worked(bad)
    made.failed("cases", bad, unreachable=True)
    assert bad.until - time.now <= 1.2, "an answer makes everything good"


def test_one_that_breaks_off_is_ejected_at_the_third_time_on_end() -> None:
    made, _ = upstreams(A, B)
    bad = by_base(made, A)
    for _ in range(2):
        made.failed("cases", bad, unreachable=False)
    made.worked(bad)
    for _ in range(2):
        made.failed("cases", bad, unreachable=False)
    assert {made.choose("cases").base for _ in range(5)} == {A, B}
    made.failed("cases", bad, unreachable=False)
    assert {made.choose("cases").base for _ in range(5)} == {B}


def test_the_only_one_is_never_ejected_and_of_bad_ones_the_next_to_return_is_asked() -> None:
    alone, time = upstreams(A)
    one = alone.choose("cases")
    for _ in range(5):
        alone.failed("cases", one, unreachable=True)
    assert not one.is_ejected(time.now)
    made, time = upstreams(A, B)
    first, second = by_base(made, A), by_base(made, B)
    made.failed("cases", first, unreachable=True)
    time.now += 0.5
    made.failed("cases", second, unreachable=True)
    assert made.choose("cases") is first
    assert made.states() == {"cases": [(A, False), (B, False)]}


def test_a_second_try_goes_to_another_one_where_there_is_one() -> None:
    made, _ = upstreams(A, B)
    first = made.choose("cases")
    assert made.choose("cases", but=first) is not first
    alone, _ = upstreams(A)
    assert alone.choose("cases", but=alone.choose("cases")).base == A


async def test_a_probe_brings_back_who_lives() -> None:
    made, time = upstreams(A, B)
    bad = by_base(made, B)
    made.failed("cases", bad, unreachable=True)
    asked = []

    async def alive(base: str) -> bool:
        asked.append(base)
        return len(asked) > 1

    assert await made.probe(alive) == 0
    assert await made.probe(alive) == 1
    assert asked == [B, B], "nobody is asked who is in use"
    assert not bad.is_ejected(time.now)


async def test_a_name_is_looked_up_and_every_address_behind_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    behind = ["10.0.0.1", "10.0.0.2"]

    async def getaddrinfo(_loop: object, host: str, port: int, **_options: object) -> list[tuple[object, ...]]:
        assert host == "cases"
        return [(2, 1, 6, "", (address, port)) for address in behind]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    made, time = upstreams("http://cases:8003")
    assert made.choose("cases").base == "http://cases:8003", "until it is known, the name itself"
    await asyncio.sleep(0.01)
    assert {made.choose("cases").base for _ in range(6)} == {"http://10.0.0.1:8003", "http://10.0.0.2:8003"}
    behind.append("10.0.0.3")
    time.now += 6
    made.choose("cases")
    await asyncio.sleep(0.01)
    assert len({made.choose("cases").base for _ in range(6)}) == 3


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["worked", "reach", "break", "wait"])), max_size=60))
def test_whatever_happens_somebody_is_asked_and_a_standing_one_before_an_ejected_one(
    happened: list[tuple[str, str]],
) -> None:
    made, time = upstreams(A, B, C)
    replicas = {base: by_base(made, base) for base in (A, B, C)}
    for who, what in happened:
        replica = replicas[{"A": A, "B": B, "C": C}[who]]
        if what == "worked":
            made.worked(replica)
        elif what == "wait":
            time.now += 0.7
        else:
            made.failed("cases", replica, unreachable=what == "reach")
        chosen = made.choose("cases")
        if any(not one.is_ejected(time.now) for one in replicas.values()):
            assert not chosen.is_ejected(time.now)
