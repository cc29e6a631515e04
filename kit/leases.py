"""Leases: of several replicas, one does a job at a time, and another takes over when it dies."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock, SystemClock
from kit.database import Database, insert_ignoring

#: Seconds that a lease lasts without being renewed; so long a job may rest when its holder dies.
TERM: Final = 10.0


class LeaseLost(TimeoutError):
    """Another replica holds the lease now. It counts as transient: the work is theirs, not failed."""


class Leases:
    """Leases in the table `lease`. A holder renews at half term; a replica that comes back under its name holds on.

    Terms run on the machine's clock, never on an injected one: they guard processes, not deadlines of the domain.
    """

    def __init__(self, database: Database, metadata: sa.MetaData, holder: str, clock: Clock | None = None) -> None:
        self._database, self._holder = database, holder
        self._clock = clock or SystemClock()
        self._table = metadata.tables["lease"]
        self._held: dict[str, float] = {}

    async def hold(self, name: str) -> bool:
        """Take or keep the lease `name`; tells whether this replica holds it now."""
        now = self._clock.now()
        if self._held.get(name, 0.0) - now.timestamp() > TERM / 2:
            return True
        expires = now + timedelta(seconds=TERM)
        lease = self._table.c
        async with self._database.writing() as session:
            updated = await session.execute(
                sa.update(self._table)
                .where(lease.name == name, sa.or_(lease.holder == self._holder, lease.expires_at < now))
                .values(holder=self._holder, expires_at=expires)
            )
            held = bool(updated.rowcount)  # type: ignore[attr-defined]
            if not held:
                row = {"name": name, "holder": self._holder, "expires_at": expires}
                held = bool(await insert_ignoring(session, self._table, [row], returning=["name"]))
        if held:
            self._held[name] = expires.timestamp()
        else:
            self._held.pop(name, None)
        return held

    async def confirm(self, session: AsyncSession, name: str) -> None:
        """Make the transaction of `session` fail with :class:`LeaseLost` unless this replica still holds `name`."""
        holder = await session.scalar(
            sa.select(self._table.c.holder).where(self._table.c.name == name).with_for_update()
        )
        if holder != self._holder:
            self._held.pop(name, None)
            raise LeaseLost(f"the lease {name!r} is held by {holder!r}")

    async def release_all(self) -> None:
        """Give up every lease, so that another replica takes over at once."""
        if not self._held:
            return
        async with self._database.writing() as session:
            await session.execute(
                sa.delete(self._table).where(
                    self._table.c.holder == self._holder, self._table.c.name.in_(list(self._held))
                )
            )
        self._held.clear()
