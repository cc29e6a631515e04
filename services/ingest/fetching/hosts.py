"""Polite queues: how many requests a host gets at once, how far apart, and whether it asked to be left alone.

Each host has a queue of its own, first come, first served. A request whose host is not yet due holds up no other
host's; one limit over all hosts is shared out in the order in which hosts fall due.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Final

from services.ingest.fetching.limits import Limits
from services.ingest.fetching.page import FetchFailed, FetchProblem

#: queues kept before those are forgotten that owe their host nothing
_SWEEP_AT: Final = 256
#: the longest time that a host's Retry-After binds anybody
LONGEST_BLOCK: Final = 24 * 3600.0


class _Queue:
    __slots__ = ("blocked", "delay", "host", "next", "running", "timer", "waiting", "wants_room")

    def __init__(self, host: str, delay: float) -> None:
        self.host = host
        self.delay = delay
        self.running = 0
        #: the loop's time before which nothing may start: by delay, and by the host's own word
        self.next = 0.0
        self.blocked = 0.0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.timer: asyncio.TimerHandle | None = None
        self.wants_room = False

    def idle(self, now: float) -> bool:
        return not self.running and not self.waiting and self.next <= now and self.blocked <= now


class Hosts:
    """The queues of all hosts. One event loop."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._queues: dict[str, _Queue] = {}
        self._sweep_at = _SWEEP_AT
        self._running = 0
        #: queues whose first request is due and waits for room under the limit over all hosts
        self._due: deque[_Queue] = deque()

    def __len__(self) -> int:
        return len(self._queues)

    def turn(self, host: str, delay: float | None = None) -> Turn:
        """Return a turn at `host`, to be entered with `async with`.

        `delay` is the host's own wish (Crawl-delay, seconds), where it has one. Entering raises
        FetchFailed(RATE_LIMITED) where the host asked to be left alone for longer than the limits' patience.
        """
        return Turn(self, self._queue(host, delay))

    def block(self, host: str, seconds: float) -> None:
        """Leave `host` alone for `seconds`; those who wait for longer than patience allows are told at once."""
        queue = self._queue(host)
        now = asyncio.get_running_loop().time()
        queue.blocked = max(queue.blocked, now + min(seconds, LONGEST_BLOCK))
        if queue.blocked - now > self._limits.patience:
            while queue.waiting:
                waiter = queue.waiting.popleft()
                if not waiter.done():
                    waiter.set_exception(_left_alone(host, queue.blocked - now))
        if queue.timer is not None:
            queue.timer.cancel()
            queue.timer = None
        self._pump(queue)

    def _queue(self, host: str, delay: float | None = None) -> _Queue:
        queue = self._queues.get(host)
        if queue is None:
            if len(self._queues) >= self._sweep_at:
                self._forget_idle()
            queue = self._queues[host] = _Queue(host, self._limits.delay)
        if delay is not None:
            queue.delay = max(self._limits.delay, min(delay, self._limits.max_crawl_delay))
        return queue

    def _forget_idle(self) -> None:
        now = asyncio.get_running_loop().time()
        self._queues = {host: queue for host, queue in self._queues.items() if not queue.idle(now)}
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._queues))

    async def _enter(self, queue: _Queue) -> None:
        loop = asyncio.get_running_loop()
        remaining = queue.blocked - loop.time()
        if remaining > self._limits.patience:
            raise _left_alone(queue.host, remaining)
        self._queues[queue.host] = queue
        waiter: asyncio.Future[None] = loop.create_future()
        queue.waiting.append(waiter)
        self._pump(queue)
        try:
            await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._leave(queue)
            else:
                waiter.cancel()
            raise

    def _leave(self, queue: _Queue) -> None:
        queue.running -= 1
        self._running -= 1
        if self._limits.concurrency == 1:
            queue.next = max(queue.next, asyncio.get_running_loop().time() + queue.delay)
        while self._due and self._running < self._limits.total:
            due = self._due.popleft()
            due.wants_room = False
            self._pump(due)
        self._pump(queue)

    def _wake(self, queue: _Queue) -> None:
        queue.timer = None
        self._pump(queue)

    def _pump(self, queue: _Queue) -> None:
        """Let in whoever may start now; else see to it that this is called again when somebody may."""
        loop = asyncio.get_running_loop()
        while queue.waiting and queue.running < self._limits.concurrency:
            if queue.waiting[0].done():
                queue.waiting.popleft()
                continue
            now = loop.time()
            due = max(queue.next, queue.blocked)
            if due > now:
                if queue.timer is None:
                    queue.timer = loop.call_at(due, self._wake, queue)
                return
            if self._running >= self._limits.total:
                if not queue.wants_room:
                    queue.wants_room = True
                    self._due.append(queue)
                return
            queue.running += 1
            self._running += 1
            queue.next = now + queue.delay
            queue.waiting.popleft().set_result(None)


class Turn:
    """One turn at a host."""

    __slots__ = ("_hosts", "_queue")

    def __init__(self, hosts: Hosts, queue: _Queue) -> None:
        self._hosts, self._queue = hosts, queue

    async def __aenter__(self) -> None:
        await self._hosts._enter(self._queue)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hosts._leave(self._queue)


def _left_alone(host: str, seconds: float) -> FetchFailed:
    detail = f"{host} asked to be left alone for another {seconds:.0f} s"
    return FetchFailed(FetchProblem.RATE_LIMITED, detail, retry_after=seconds)
