"""No lost message: what a service tells is committed together with the rows that it tells of, then relayed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
import structlog
from pydantic import BaseModel
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Message, Publication
from kit.bus import RedisBus, envelope
from kit.clock import Clock
from kit.database import Database, UtcDateTime
from kit.leases import Leases
from kit.metrics import OUTBOX_WAITING
from kit.transient import brief, passes

_log = structlog.get_logger(__name__)
_BATCH: Final = 500
_LEASE: Final = "outbox"


def bookkeeping_tables(metadata: sa.MetaData) -> None:
    """Add the tables `outbox`, `inbox` and `lease` to a service's metadata."""
    sa.Table(
        "outbox",
        metadata,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    sa.Table(
        "inbox",
        metadata,
        sa.Column("message_id", sa.String(64), primary_key=True),
        sa.Column("seen_at", UtcDateTime(), nullable=False, index=True),
    )
    sa.Table(
        "lease",
        metadata,
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(128), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
    )


class Outbox:
    """A service's outbox: `put` inside a transaction; `relay` publishes what was committed, in order."""

    def __init__(
        self, database: Database, metadata: sa.MetaData, bus: RedisBus, leases: Leases, clock: Clock, service: str
    ) -> None:
        self._database, self._bus, self._leases, self._clock = database, bus, leases, clock
        self._service = service
        self._table = metadata.tables["outbox"]
        self._waiting = asyncio.Event()

    async def put(self, session: AsyncSession, stream: str, type_: str, subject: str, payload: BaseModel) -> Message:
        """Add one message to the transaction of `session`; returns the message that will be published."""
        message = envelope(type_, subject, payload, source=self._service, at=self._clock.now())
        await self.put_all(session, [Publication(stream=stream, message=message)])
        return message

    async def put_each(
        self, session: AsyncSession, stream: str, type_: str, payloads: Sequence[tuple[str, BaseModel]]
    ) -> None:
        """Add a message for each (subject, payload) to the transaction of `session`, in order and at once."""
        now = self._clock.now()
        messages = [envelope(type_, subject, one, source=self._service, at=now) for subject, one in payloads]
        await self.put_all(session, [Publication(stream=stream, message=message) for message in messages])

    async def put_all(self, session: AsyncSession, publications: Sequence[Publication]) -> None:
        """Add messages to the transaction of `session`, in order."""
        if not publications:
            return
        now = self._clock.now()
        rows = [
            {"stream": p.stream, "message": p.message.model_dump_json(exclude_none=True), "created_at": now}
            for p in publications
        ]
        # refers to no other row, so that what is yet to be written of the transaction need not go first
        with session.no_autoflush:
            await session.execute(sa.insert(self._table), rows)
        event.listen(session.sync_session, "after_commit", self._committed, once=True)

    async def waiting(self) -> int:
        """Return how many committed messages are not yet on the bus."""
        async with self._database.reading() as session:
            return int((await session.execute(sa.select(sa.func.count()).select_from(self._table))).scalar_one())

    async def relay(self, stopping: asyncio.Event) -> None:
        """Publish committed messages until `stopping`; one replica at a time does so.

        A crash between publishing and deleting publishes again; consumers know a message by its id.
        """
        pause = 0.1
        while not stopping.is_set():
            try:
                if await self._leases.hold(_LEASE) and await self._relay_batch():
                    continue
                pause = 0.1
            except Exception as error:
                if not passes(error):
                    raise
                _log.warning("outbox.waits", error=brief(error), retry_in=pause)
                await _either(stopping, None, pause)
                pause = min(5.0, pause * 2)
                continue
            await _either(stopping, self._waiting, 0.5)
            self._waiting.clear()

    async def _relay_batch(self) -> int:
        async with self._database.reading() as session:
            rows = (await session.execute(sa.select(self._table).order_by(self._table.c.id).limit(_BATCH))).fetchall()
        OUTBOX_WAITING.labels(self._service).set(len(rows))
        if not rows:
            return 0
        await self._bus.publish(
            [Publication(stream=row.stream, message=Message.model_validate_json(row.message)) for row in rows]
        )
        async with self._database.writing() as session:
            await session.execute(sa.delete(self._table).where(self._table.c.id.in_([row.id for row in rows])))
        return len(rows)

    def _committed(self, _session: object) -> None:
        self._waiting.set()


async def _either(stopping: asyncio.Event, waking: asyncio.Event | None, seconds: float) -> None:
    """Return when either event is set or the time is over."""
    waits = {asyncio.ensure_future(item.wait()) for item in (stopping, waking) if item is not None}
    _, left = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in left:
        wait.cancel()
