"""Writing the audit log so that it lasts, many entries a transaction; checking it, and letting go of what is old."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog

from gateway.audit import entry as entries
from gateway.audit.entry import Checked, Entry
from gateway.models import AUDIT, AUDIT_HEAD
from kit.auth import Principal
from kit.database import Database
from kit.runtime import Runtime
from kit.transient import brief

_log = structlog.get_logger(__name__)
#: entries that one transaction writes at most
_GROUP: Final = 500
#: seconds that a request waits for its entry
_PATIENCE: Final = 5.0
#: entries of changes that are kept for a database that is away
_KEPT: Final = 10_000
#: entries that one call checks at most, and that are read at a time
MOST_CHECKED: Final = 100_000
_STEP: Final = 2_000
_SYSTEM: Final = Principal(id="system", name="system", kind="system")


class AuditAway(Exception):
    """The entry could not be written."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the log begins and ends: numbers and hashes."""

    first: int
    anchor: str
    last: int
    hash: str


@dataclass(slots=True)
class _Waiting:
    entry: Entry
    keep: bool
    written: asyncio.Future[None]


class AuditLog:
    """The audit log of every replica of the gateway: one chain in the database, written by whoever has entries.

    Entries that come while a transaction is under way share the next one, so that the cost of a lasting write is
    divided among as many requests as there are at the time.
    """

    def __init__(self, runtime: Runtime, days: int) -> None:
        self._runtime, self._days = runtime, days
        self._queue: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._ending = False
        self._broken = False
        self._task: asyncio.Task[None] | None = None

    @property
    def _database(self) -> Database:
        return self._runtime.database

    async def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run(), name="audit")

    async def stop(self) -> None:
        """Write what waits, as far as the database lets us, and end."""
        self._ending = True
        self._wake.set()
        if self._task is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._task, _PATIENCE)
        if self._queue:
            _log.error("audit.lost", entries=len(self._queue))

    async def record(self, entry: Entry, *, keep: bool = False) -> None:
        """Return when `entry` is in the database for good; raises :class:`AuditAway` where it cannot be in time.

        With `keep` it is tried again until it is written, for what has happened already and cannot be taken back.
        """
        if len(self._queue) >= _KEPT:
            raise AuditAway("too many entries wait")
        waiting = _Waiting(entry, keep, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._wake.set()
        done, _ = await asyncio.wait({waiting.written}, timeout=_PATIENCE)
        if not done:
            raise AuditAway("the database does not answer")
        waiting.written.result()

    async def writable(self) -> bool:
        """Tell whether a change may be let through: whether its entry can be expected to be written."""
        if not self._broken:
            return True
        try:
            async with asyncio.timeout(_PATIENCE), self._database.writing() as session:
                await session.execute(sa.select(AUDIT_HEAD.c.last).with_for_update())
        except Exception as error:  # whatever keeps the log from being written
            _log.warning("audit.still_away", error=brief(error))
            return False
        self._broken = False
        self._wake.set()
        return True

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._ending:
                    return
                await self._wake.wait()
            self._wake.clear()
            group = [self._queue.popleft() for _ in range(min(_GROUP, len(self._queue)))]
            if not group:
                continue
            try:
                await self._write([waiting.entry for waiting in group])
            except Exception as error:  # whoever waits is told; nothing may end this loop
                _log.error("audit.not_written", entries=len(group), error=brief(error))
                self._broken = True
                self._fail(group)
                if self._ending:
                    return
                await asyncio.sleep(1 if self._queue else 0)
            else:
                self._broken = False
                for waiting in group:
                    if not waiting.written.done():
                        waiting.written.set_result(None)

    def _fail(self, group: Sequence[_Waiting]) -> None:
        for waiting in reversed(group):
            if not waiting.written.done():
                waiting.written.set_exception(AuditAway("the entry could not be written"))
                waiting.written.exception()  # it may be that nobody waits any more
            if waiting.keep:
                self._queue.appendleft(waiting)

    async def _write(self, group: Sequence[Entry]) -> None:
        async with self._database.writing() as session:
            head = (await session.execute(sa.select(AUDIT_HEAD).with_for_update())).one()
            sequence, previous = head.last, head.hash
            rows: list[dict[str, Any]] = []
            for one in group:
                sequence += 1
                rows.append(one.values(sequence, previous))
                previous = rows[-1]["hash"]
            await session.execute(sa.insert(AUDIT), rows)
            await session.execute(sa.update(AUDIT_HEAD).values(last=sequence, hash=previous))

    async def extent(self) -> Extent:
        """Return where the log begins and ends."""
        async with self._database.reading() as session:
            head = (await session.execute(sa.select(AUDIT_HEAD))).one()
        return Extent(head.first, head.anchor, head.last, head.hash)

    async def hash_of(self, sequence: int) -> str | None:
        """Return the hash of an entry; None where it is not there (any more)."""
        async with self._database.reading() as session:
            return await session.scalar(sa.select(AUDIT.c.hash).where(AUDIT.c.sequence == sequence))

    async def verify(self, since: int | None = None, most: int = MOST_CHECKED) -> tuple[Extent, int, Checked]:
        """Check up to `most` entries from number `since` on (None: the first kept).

        Returns the log's extent, the number of the first entry checked, and what was found.
        """
        extent = await self.extent()
        start = max(extent.first, since or 0)
        end = min(extent.last, start + most - 1)
        anchor = extent.anchor
        if start > extent.first:
            anchor = await self.hash_of(start - 1) or ""
        found = Checked(0, anchor)
        at = start
        while at <= end:
            async with self._database.reading() as session:
                query = sa.select(AUDIT).where(AUDIT.c.sequence >= at, AUDIT.c.sequence <= end)
                rows = list(await session.execute(query.order_by(AUDIT.c.sequence).limit(_STEP)))
            part = entries.check(rows, at, found.hash)
            found = Checked(found.entries + part.entries, part.hash, part.broken_at, part.reason)
            if not rows:
                found = Checked(found.entries, found.hash, at, "missing")
            if found.broken_at is not None:
                if (await self.extent()).first > extent.first:  # what was read first has gone with its time meanwhile
                    return await self.verify(since, most)
                return extent, start, found
            at += part.entries
            await asyncio.sleep(0)
        if end == extent.last and found.entries and found.hash != extent.hash:
            found = Checked(found.entries, found.hash, end, "altered and sealed anew")
        return extent, start, found

    async def trim(self) -> int:
        """Let go of entries older than the retention period; returns how many went. What stays can still be checked."""
        before = self._runtime.clock.now() - timedelta(days=self._days)
        gone = 0
        async with self._database.writing() as session:
            head = (await session.execute(sa.select(AUDIT_HEAD).with_for_update())).one()
            # by number, so that what goes is always the beginning: times of several replicas may cross
            keep = await session.scalar(sa.select(sa.func.min(AUDIT.c.sequence)).where(AUDIT.c.at >= before))
            first = head.last + 1 if keep is None else int(keep)
            if first > head.first:
                last = (await session.execute(sa.select(AUDIT.c.hash).where(AUDIT.c.sequence == first - 1))).scalar()
                await session.execute(sa.delete(AUDIT).where(AUDIT.c.sequence < first))
                await session.execute(sa.update(AUDIT_HEAD).values(first=first, anchor=last or head.hash))
                gone = first - head.first
        if gone:
            now = self._runtime.clock.now()
            objects = {"from": str(first - gone), "to": str(first - 1)}
            trimmed = Entry(now, "trim", _SYSTEM, "", "", "", "", 0, actions=("audit.trim",), objects=objects)
            await self.record(trimmed, keep=True)
        extent = await self.extent()
        # a copy outside the database: whoever cuts the end of the log off would have to change this too
        _log.info("audit.head", sequence=extent.last, hash=extent.hash, trimmed=gone)
        return gone
