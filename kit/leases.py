"""Leases: of several replicas, one does a job at a time, and another takes over when it dies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock, SystemClock
from kit.database import Database, insert_ignoring

#: Seconds that a lease lasts without being renewed; so long a job may rest when its holder dies.
TERM: Final = 10.0
#: lease by which a replica says that it wants a share
_MEMBER: Final = "member:"


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
        self._counted: dict[str, tuple[list[str], float]] = {}
        self._sharing = asyncio.Lock()

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

    async def hold_share(self, name: str, names: Sequence[str]) -> bool:
        """Take or keep the lease `name` of the leases `names`, unless that were more than this replica's fair share.

        Every replica that asks is counted, so that one that joins gets its share from those that have more, and what a
        dead one held goes to those that have less: after a term and a tenth at most. Shares differ by one at most; the
        replicas whose marks come first have the greater ones. Tells whether this replica holds it now.
        """
        own = f"{_MEMBER}{names[0]}:{blake2b(self._holder.encode(), digest_size=12).hexdigest()}"
        # one at a time: what this replica holds must not change between being counted and being added to
        async with self._sharing:
            await self.hold(own)
            members = await self._members(names[0], own)
            share = len(names) // len(members) + (members.index(own) < len(names) % len(members))
            mine = [one for one in names if one in self._held]
            if name in self._held:
                if name in mine[:share]:
                    return await self.hold(name)
                await self._release(name)
                return False
            return len(mine) < share and await self.hold(name)

    async def _members(self, of: str, own: str) -> list[str]:
        """Return the marks of the replicas that share the leases of which `of` is the first, in order.

        They are looked up every second; the marks of those that died long ago are swept out.
        """
        now = self._clock.now()
        known, at = self._counted.get(of, ([], float("-inf")))
        if now.timestamp() - at < TERM / 10:
            return known
        lease = self._table.c
        marked = lease.name.startswith(f"{_MEMBER}{of}:", autoescape=True)
        async with self._database.reading() as session:
            rows = (await session.execute(sa.select(lease.name, lease.expires_at).where(marked))).fetchall()
        if any(row.expires_at < now - timedelta(seconds=10 * TERM) for row in rows):
            async with self._database.writing() as session:
                await session.execute(sa.delete(self._table).where(marked, lease.expires_at < now))
        members = sorted({own, *(row.name for row in rows if row.expires_at >= now)})
        self._counted[of] = (members, now.timestamp())
        return members

    async def _release(self, name: str) -> None:
        self._held.pop(name, None)
        async with self._database.writing() as session:
            await session.execute(
                sa.delete(self._table).where(self._table.c.name == name, self._table.c.holder == self._holder)
            )

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
