"""SQL of the contact network's units, codes and log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.database import insert_ignoring
from services.notify.models import Contact
from services.notify.people.models import ContactLogEntry, Unit, UnitName, WayCode
from services.notify.people.names import folded
from services.notify.remembering import once


async def unit(session: AsyncSession, unit_id: str, *, lock: bool = False) -> Unit | None:
    """Return a unit, held for the rest of the transaction where `lock`."""
    return await session.get(Unit, unit_id, with_for_update=True if lock else None, populate_existing=lock)


async def units(
    session: AsyncSession, *, kind: str | None = None, after: Sequence[Any] | None = None, limit: int | None = None
) -> list[Unit]:
    """Return up to `limit` units after the key `after` ([name]), by name."""
    query = sa.select(Unit).order_by(col(Unit.name)).limit(limit)
    if kind is not None:
        query = query.where(col(Unit.kind) == kind)
    if after is not None:
        query = query.where(col(Unit.name) > str(after[0]))
    return list((await session.scalars(query)).all())


async def named(session: AsyncSession, names: Iterable[str]) -> dict[str, Unit]:
    """Return the units that have `names` as name or alias, by the name as given; unknown ones are left out."""
    wanted = {name: folded(name) for name in names}
    if not wanted:
        return {}
    query = sa.select(UnitName, Unit).join(Unit, col(Unit.id) == col(UnitName.unit_id))
    rows = (await session.execute(query.where(col(UnitName.name).in_(set(wanted.values()))))).all()
    found = {name.name: unit for name, unit in rows}
    return {name: found[fold] for name, fold in wanted.items() if fold in found}


async def all_names(session: AsyncSession) -> dict[str, str]:
    """Return the proper name of each unit by every folded name that it goes by."""
    rows = await session.execute(
        sa.select(col(UnitName.name), col(Unit.name)).join(Unit, col(Unit.id) == col(UnitName.unit_id))
    )
    return {row[0]: row[1] for row in rows.all()}


async def with_groups(session: AsyncSession) -> list[Unit]:
    """Return the units that have a group, by name."""

    async def read() -> list[Unit]:
        query = sa.select(Unit).where(col(Unit.way).is_not(None)).order_by(col(Unit.name))
        return list((await session.scalars(query)).all())

    return await once(session, "groups", read)


async def set_names(session: AsyncSession, unit_id: str, names: Iterable[str]) -> set[str]:
    """Make these the names of a unit; returns those, folded, that another has: then nothing is changed."""
    wanted = {folded(name) for name in names}
    query = sa.select(col(UnitName.name)).where(col(UnitName.name).in_(wanted), col(UnitName.unit_id) != unit_id)
    taken = set((await session.scalars(query)).all())
    if taken:
        return taken
    await session.execute(sa.delete(UnitName).where(col(UnitName.unit_id) == unit_id))
    rows = [{"name": name, "unit_id": unit_id} for name in sorted(wanted)]
    added = await insert_ignoring(session, UnitName, rows, returning=["name"])
    return wanted - {row.name for row in added}


async def contacts_of(session: AsyncSession, unit_name: str) -> int:
    """Return how many contacts are of a unit."""
    query = sa.select(sa.func.count()).select_from(Contact).where(col(Contact.unit) == unit_name)
    return int(await session.scalar(query) or 0)


async def rename(session: AsyncSession, old: str, new: str) -> None:
    """Let the contacts of a unit follow its new name."""
    await session.execute(sa.update(Contact).where(col(Contact.unit) == old).values(unit=new))


async def code(session: AsyncSession, contact_id: str, channel: str, address: str) -> WayCode | None:
    """Return the code that was last sent to a way, held for the rest of the transaction."""
    return await session.get(WayCode, (contact_id, channel, address), with_for_update=True, populate_existing=True)


async def everybody(session: AsyncSession) -> list[Contact]:
    """Return every contact, oldest first."""
    return list((await session.scalars(sa.select(Contact).order_by(col(Contact.id)))).all())


async def log(session: AsyncSession, *, after: Sequence[Any] | None, limit: int) -> list[ContactLogEntry]:
    """Return up to `limit` entries after the key `after` ([id]), newest first."""
    query = sa.select(ContactLogEntry).order_by(col(ContactLogEntry.id).desc()).limit(limit)
    if after is not None:
        query = query.where(col(ContactLogEntry.id) < str(after[0]))
    return list((await session.scalars(query)).all())
