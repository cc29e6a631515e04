"""What a running service holds, and the loops that it keeps going."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from kit import migrations
from kit.bus import Consumer, Handler, RedisBus
from kit.bus.redis_bus import connect
from kit.clock import Clock, ShiftedClock, SystemClock
from kit.database import Database
from kit.inbox import Inbox
from kit.leases import Leases
from kit.metrics import PASS_FAILED, PASS_SECONDS
from kit.outbox import Outbox
from kit.settings import ServiceSettings
from kit.transient import brief, passes

_log = structlog.get_logger(__name__)
_INBOX_DAYS: Final = 7

Step = Callable[[], Awaitable[object]]
#: Returns a word on what it found; raises where the thing checked does not answer.
Check = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class _Pass:
    seconds: float
    name: str
    step: Step
    leased: bool
    wake: asyncio.Event
    looked: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _Subscription:
    stream: str
    group: str
    handler: Handler
    batch: int
    lease: str | None
    shared: Sequence[str]


class Runtime:
    """A service's database, bus, outbox, leases and clock, with the loops that were registered on it.

    `owns_database` is off for a process that only reads another part's database: it neither migrates nor relays.
    Everything registered before :meth:`start` runs from then until :meth:`stop`.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        service: str,
        base: type[SQLModel],
        *,
        clock: Clock | None = None,
        owns_database: bool = True,
    ) -> None:
        self.settings, self.service, self.base = settings, service, base
        shifted = ShiftedClock(settings.clock_file) if settings.clock_file else None
        self.clock: Clock = clock or shifted or SystemClock()
        self.database = Database(settings.database_url_for(service), service)
        self.redis = connect(settings.redis_url)
        self.bus = RedisBus(self.redis, history=settings.bus_history)
        self.leases = Leases(self.database, base.metadata, settings.replica_name())
        self.inbox = Inbox(base.metadata)
        self.outbox = Outbox(self.database, base.metadata, self.bus, self.leases, self.clock, service)
        self.checks: dict[str, Check] = {}
        self.stopping = asyncio.Event()
        #: set as soon as the process is told to end, while requests are still being answered
        self.leaving = asyncio.Event()
        self.started = False
        self._owns_database = owns_database
        self._passes: list[_Pass] = []
        self._subscriptions: list[_Subscription] = []
        self._on_start: list[Step] = []
        self._on_stop: list[Step] = []
        self._consumers: list[Consumer] = []
        self._tasks: list[asyncio.Task[None]] = []
        if shifted is not None and clock is None:
            _log.warning("clock.shifted", file=str(settings.clock_file))
            self.check("clock", self._check_clock(shifted))

    def subscribe(
        self,
        stream: str,
        group: str,
        handler: Handler,
        *,
        batch: int = 100,
        lease: str | None = None,
        shared: Sequence[str] = (),
    ) -> None:
        """Hand messages of `stream` to `handler`. With `lease`, only the replica that holds it consumes.

        `shared`: leases, this one among them, that the replicas share evenly.
        """
        self._subscriptions.append(_Subscription(stream, group, handler, batch, lease, shared))

    def every(self, seconds: float, name: str, step: Step, *, leased: bool = True) -> asyncio.Event:
        """Run `step` every `seconds`, on one replica at a time where `leased`. Set the returned event to run it now."""
        wake = asyncio.Event()
        self._passes.append(_Pass(seconds, name, step, leased, wake))
        return wake

    def on_start(self, step: Step) -> None:
        """Run `step` once, after the migrations and before anything is consumed."""
        self._on_start.append(step)

    def on_stop(self, step: Step) -> None:
        """Run `step` once, after the loops have ended and before the connections close."""
        self._on_stop.append(step)

    def check(self, name: str, check: Check) -> None:
        """Add a readiness check beside those of the database and the bus."""
        self.checks[name] = check

    async def start(self) -> None:
        """Migrate, run what was registered for the start, and start the loops."""
        if self._owns_database:
            await self._patiently(
                lambda: migrations.upgrade(
                    self.settings.database_url_for(self.service), self.service, self.base.metadata
                )
            )
        for step in self._on_start:
            await self._patiently(step)
        if self._owns_database:
            self.every(3600, "inbox", self._forget_handled)
            self._spawn(self.outbox.relay(self.stopping), "outbox")
        self.every(60, "trim", self.bus.trim, leased=False)
        for item in self._subscriptions:
            consumer = Consumer(
                self.redis,
                item.stream,
                item.group,
                item.handler,
                name=self.settings.replica_name(),
                batch=item.batch,
                claim_idle=self.settings.bus_claim_idle,
                max_deliveries=self.settings.bus_max_deliveries,
                block=self.settings.bus_block,
                gate=self._gate(item.lease, item.shared),
            )
            self._consumers.append(consumer)
            self._spawn(consumer.run(), f"{item.stream}/{item.group}")
        for one in self._passes:
            self._spawn(self._run_pass(one), one.name)
        self.started = True

    async def settled(self) -> None:
        """Wait until every pass has looked once since the start, for whoever moves the clock by hand."""
        for one in self._passes:
            await one.looked.wait()

    async def stop(self) -> None:
        """Let every loop finish what it has in hand, give up the leases and close the connections."""
        self.started = False
        self.leaving.set()
        self.stopping.set()
        for consumer in self._consumers:
            consumer.stop()
        for one in self._passes:
            one.wake.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=5)
            for task in late:
                _log.warning("runtime.cut_short", loop=task.get_name())
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        for step in self._on_stop:
            await step()
        try:
            await self.leases.release_all()
        except Exception as error:
            if not passes(error):
                raise
            _log.warning("leases.not_released", error=brief(error))
        await self.redis.aclose()
        await self.redis.connection_pool.disconnect()
        await self.database.dispose()

    async def ready(self) -> dict[str, tuple[bool, str]]:
        """Run every readiness check; returns by name whether it passed and what it said."""
        checks: dict[str, Check] = {"database": self._check_database, "redis": self._check_redis, **self.checks}
        found: dict[str, tuple[bool, str]] = {}
        for name, check in checks.items():
            try:
                found[name] = (True, await asyncio.wait_for(check(), 2))
            except Exception as error:  # a check may fail in any way; it is reported, not raised
                found[name] = (False, f"{type(error).__name__}: {error}".strip(": ")[:200])
        if not self.started:
            found["started"] = (False, "still starting")
        return found

    def _gate(self, lease: str | None, shared: Sequence[str]) -> Callable[[], Awaitable[bool]] | None:
        if lease is None:
            return None
        return (lambda: self.leases.hold_share(lease, shared)) if shared else (lambda: self.leases.hold(lease))

    def _spawn(self, work: Awaitable[None], name: str) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception:
                _log.exception("runtime.loop_ended", loop=name)
                self.checks[name] = self._dead(name)

        self._tasks.append(asyncio.create_task(guarded(), name=name))

    def _dead(self, name: str) -> Check:
        async def check() -> str:
            raise RuntimeError(f"the loop {name} has ended")

        return check

    async def _run_pass(self, one: _Pass) -> None:
        while not self.stopping.is_set():
            try:
                if not one.leased or await self.leases.hold(f"pass:{one.name}"):
                    began = time.perf_counter()
                    await one.step()
                    PASS_SECONDS.labels(one.name).observe(time.perf_counter() - began)
            except Exception as error:
                if passes(error):
                    _log.warning("pass.waits", name=one.name, error=brief(error))
                else:
                    PASS_FAILED.labels(one.name).inc()
                    _log.exception("pass.failed", name=one.name)
            one.looked.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(one.wake.wait(), one.seconds)
            one.wake.clear()

    async def _patiently(self, step: Step) -> None:
        """Run a step of the start, waiting for a database or broker that is not there yet (at most a minute)."""
        deadline = time.monotonic() + 60
        while True:
            try:
                await step()
                return
            except Exception as error:
                # tables that another process is about to make count as away, at the start alone
                if time.monotonic() > deadline or not (passes(error) or isinstance(error, DBAPIError)):
                    raise
                _log.warning("start.waits", error=brief(error))
                await asyncio.sleep(0.5)

    async def _forget_handled(self) -> None:
        async with self.database.writing() as session:
            await self.inbox.forget(session, self.clock.now() - timedelta(days=_INBOX_DAYS))

    @staticmethod
    def _check_clock(clock: ShiftedClock) -> Check:
        async def check() -> str:
            return f"moved by {clock.shift()} for a rehearsal"

        return check

    async def _check_database(self) -> str:
        await self.database.ping()
        return self.database.dialect

    async def _check_redis(self) -> str:
        await self.redis.ping()
        return "ok"
