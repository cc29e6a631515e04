"""Two replicas, of which the one that works on a call is killed in the middle of it, again and again."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

import httpx
import redis.asyncio as aioredis

from contracts.envelope import Message, Publication
from contracts.messages import EventUpdated
from contracts.streams import EVENTS_UPDATED
from kit.auth import Principal
from kit.bus import RedisBus
from kit.bus.envelope import decode, envelope
from kit.clock import ShiftedClock
from services.cases.consumers import GROUP
from tests.integration.cases.harness import AUDITOR, until
from tests.integration.cases.holding import Hold
from tests.integration.cases.replicas import Replica


class Way(Enum):
    """When a replica dies that works on a call."""

    BEFORE = auto()  # it waits for the case, or for the database
    HALF_WAY = auto()  # within its transaction
    AT_RANDOM = auto()  # up to 20 ms after it was called
    UNHEARD = auto()  # once it has committed, and nobody hears its answer


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a call: the entries that it added to the case, and how often it died."""

    entries: tuple[str, ...]
    deaths: int


@dataclass
class World:
    """Two replicas on one database and bus, and people who call them; `ways` is how replicas die in the next calls."""

    replicas: tuple[Replica, Replica]
    hold: Hold
    redis: aioredis.Redis
    clock: ShiftedClock
    clock_file: Path
    chance: random.Random
    ways: Callable[[], Sequence[Way]] = tuple
    case: str = ""
    course: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    deaths: Counter[Way] = field(default_factory=Counter)
    caught: int = 0
    _alive: int = 0

    # --- calling

    async def alive(self) -> Replica:
        """Return the replica that has lived longer, once it is ready."""
        replica = self.replicas[self._alive]
        await replica.ready()
        return replica

    def kill(self, replica: Replica) -> None:
        """Kill a replica; from now on the other is called."""
        replica.kill()
        self._alive = 1 - self.replicas.index(replica)

    async def get(self, path: str, who: Principal = AUDITOR, **params: Any) -> Any:
        """GET a path of whichever replica is there; fails unless it answers 200."""
        replica = await self.alive()
        answer = await replica.call("GET", path, who, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def act(
        self, method: str, path: str, who: Principal, body: Any = None, *, seen: str = "", status: int = 200
    ) -> None:
        """Let somebody do something with the case, however often replicas die of it.

        Whoever hears no answer calls the other replica with the same If-Match (of `seen`, else the case), as a careful
        front end does: it is done now, or 409 or 412 say that it was done. The entries that it left are kept in
        `course`; there are no others.
        """
        path = path.replace("{case}", f"/api/v1/cases/{self.case}")
        before = await self.timeline()
        tag = await self.tag(seen.replace("{case}", f"/api/v1/cases/{self.case}") or f"/api/v1/cases/{self.case}")

        async def call(replica: Replica) -> httpx.Response:
            return await replica.call(method, path, who, json=body, if_match=tag)

        killed = 0
        for way in self.ways():
            await self._die(way, call)
            killed += 1
        answer = await call(await self.alive())
        wanted = {status, 409, 412} if killed else {status}
        assert answer.status_code in wanted, (path, answer.status_code, answer.text)
        after = await self.timeline()
        assert after[: len(before)] == before, path
        what = re.sub(r"[0-9a-f-]{36}", "*", f"{method} {path}")
        self.course.append((what, tuple(one["kind"] for one in after[len(before) :])))

    async def _die(self, way: Way, call: Callable[[Replica], Awaitable[httpx.Response]]) -> None:
        replica = await self.alive()
        self.deaths[way] += 1
        if way is Way.UNHEARD:
            await call(replica)
        elif way is Way.AT_RANDOM:
            task = asyncio.ensure_future(call(replica))
            await asyncio.sleep(self.chance.uniform(0, 0.02))
        elif way is Way.BEFORE:
            async with self.hold.before(self.case):
                task = asyncio.ensure_future(call(replica))
                deadline = time.monotonic() + 0.15
                while time.monotonic() < deadline and not task.done() and not await self.hold.waiting():
                    await asyncio.sleep(0.001)
                assert not task.done(), "it went on though the case was held"
                self.kill(replica)
                await asyncio.gather(task, return_exceptions=True)
        else:
            await self._die_half_way(replica, call(replica))
        self.kill(replica)
        if way is Way.AT_RANDOM:
            await asyncio.gather(task, return_exceptions=True)
        replica.start()

    async def _die_half_way(self, replica: Replica, work: Awaitable[httpx.Response]) -> None:
        async with self.hold.half_way() as caught:
            task = asyncio.ensure_future(work)
            while not task.done():
                if await caught() in (0, replica.pid):
                    self.caught += 1
                    self.kill(replica)
                    break
                await asyncio.sleep(0.0005)
        await asyncio.gather(task, return_exceptions=True)

    # --- the bus

    async def tell(self, event: EventUpdated) -> None:
        """Publish an event as analysis would, and kill whoever takes it in, half way through."""
        message = envelope("event.updated", event.id, event, source="analysis", at=self.clock.now())
        for replica in self.replicas:
            await replica.ready()
        if not self.ways():
            await self._publish(message)
            return
        self.deaths[Way.HALF_WAY] += 1

        async def taken_in() -> None:
            await self._publish(message)
            await until(self._is_acknowledged, 30)

        async with self.hold.half_way() as caught:
            task = asyncio.ensure_future(taken_in())
            victim: Replica | None = None
            while victim is None and not task.done():
                pid = await caught()
                holders = await self._holders()
                by_pid = {one.pid: one for one in self.replicas}
                if pid == 0 and holders:
                    victim = next(one for one in self.replicas if one.name in holders)
                elif pid:
                    victim = by_pid.get(pid)
                await asyncio.sleep(0.0005)
            if victim is not None:
                self.caught += 1
                self.kill(victim)
        if victim is not None:
            victim.start()
        await task

    async def _publish(self, message: Message) -> None:
        await RedisBus(self.redis).publish([Publication(stream=EVENTS_UPDATED, message=message)])

    async def _holders(self) -> set[str]:
        """Return the replicas that have a message of an event in hand."""
        pending = await self.redis.xpending(EVENTS_UPDATED, GROUP)
        return {one["name"].decode() for one in pending["consumers"]}

    async def _is_acknowledged(self) -> bool:
        groups = await self.redis.xinfo_groups(EVENTS_UPDATED)
        mine = next(one for one in groups if one["name"] == GROUP.encode())
        return mine["pending"] == 0 and not mine["lag"]

    async def heard(self, stream: str) -> list[Message]:
        """Return what is on a stream, each message once, as consumers take it: by its id."""
        await until(self.told_all, 30)
        found: dict[str, Message] = {}
        for _, fields in await self.redis.xrange(stream):
            message = decode(fields[b"m"])
            known = found.setdefault(message.id, message)
            assert known == message
        return list(found.values())

    async def told_all(self) -> bool:
        """Tell whether every message that was committed is on the bus."""
        return (await self.hold.rows("SELECT count(*) FROM outbox"))[0][0] == 0

    # --- reading

    async def tag(self, path: str) -> str:
        """Return the entity tag of a thing."""
        replica = await self.alive()
        answer = await replica.call("GET", path, AUDITOR)
        assert answer.status_code == 200, answer.text
        return answer.headers["etag"]

    async def timeline(self) -> list[dict[str, Any]]:
        """Return the case's whole timeline."""
        return list((await self.get(f"/api/v1/cases/{self.case}/timeline", limit=200))["items"])

    async def newest(self, what: str) -> str:
        """Return the path of the newest of the case's things of a kind, as :meth:`act` takes it."""
        items = (await self.get(f"/api/v1/cases/{self.case}/{what}"))["items"]
        newest = max(items, key=lambda one: str(one["id"]))
        return f"{{case}}/{what}/{newest['id']}"
