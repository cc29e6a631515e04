"""All SQL of rosters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.words import Role
from services.notify.models import Contact
from services.notify.rosters.models import (
    NoteRow,
    OverrideRow,
    RosterPerson,
    RosterRow,
    SurgeRow,
    SwapRow,
    ToldRow,
)
from services.notify.rosters.roster import SwapState

Dated = TypeVar("Dated", OverrideRow, SurgeRow)
Of = TypeVar("Of", OverrideRow, SurgeRow, SwapRow, NoteRow)


@dataclass(frozen=True)
class Seen:
    """Whose rosters are seen: those of a unit, and those that name a contact."""

    unit: str | None
    contact_id: str | None


@dataclass
class Changes:
    """What was changed by hand on one roster."""

    overrides: list[OverrideRow] = field(default_factory=list)
    surges: list[SurgeRow] = field(default_factory=list)
    swaps: list[SwapRow] = field(default_factory=list)


async def roster(session: AsyncSession, roster_id: str, *, lock: bool = False) -> RosterRow | None:
    """Return a roster, held for the rest of the transaction where `lock`."""
    return await session.get(RosterRow, roster_id, with_for_update=True if lock else None, populate_existing=lock)


async def rosters(
    session: AsyncSession,
    *,
    unit: str | None = None,
    role: Role | None = None,
    seen: Seen | None = None,
    after: list[Any] | None = None,
    limit: int | None = None,
    lock: bool = False,
) -> list[RosterRow]:
    """Return up to `limit` rosters after the key `after` ([id]), oldest first; `seen`: only those.

    They are held for the rest of the transaction where `lock`.
    """
    query = sa.select(RosterRow).order_by(col(RosterRow.id)).limit(limit)
    if lock:
        query = query.with_for_update()
    if unit is not None:
        query = query.where(col(RosterRow.unit) == unit)
    if role is not None:
        query = query.where(col(RosterRow.role) == role.value)
    if seen is not None:
        # nobody's unit is not the bureau's, whose rosters have none
        mine = sa.select(col(RosterPerson.roster_id)).where(col(RosterPerson.contact_id) == (seen.contact_id or ""))
        query = query.where(sa.or_(col(RosterRow.unit) == (seen.unit or ""), col(RosterRow.id).in_(mine)))
    if after is not None:
        query = query.where(col(RosterRow.id) > str(after[0]))
    return list((await session.scalars(query)).all())


async def names(session: AsyncSession, roster_id: str, contact_id: str) -> bool:
    """Tell whether a rotation of the roster names the contact."""
    return await session.get(RosterPerson, (roster_id, contact_id)) is not None


async def set_people(session: AsyncSession, roster_id: str, contact_ids: Iterable[str]) -> None:
    """Make the person rows of a roster equal to `contact_ids`."""
    await session.execute(sa.delete(RosterPerson).where(col(RosterPerson.roster_id) == roster_id))
    rows = [{"roster_id": roster_id, "contact_id": contact_id} for contact_id in dict.fromkeys(contact_ids)]
    if rows:
        await session.execute(sa.insert(RosterPerson), rows)


async def rosters_naming(session: AsyncSession, contact_id: str, now: datetime) -> list[str]:
    """Return the names of the rosters that count on a contact: in a rotation, or in what was changed from `now` on."""
    found = set(
        await session.scalars(sa.select(col(RosterPerson.roster_id)).where(col(RosterPerson.contact_id) == contact_id))
    )
    overrides = sa.select(col(OverrideRow.roster_id)).where(
        col(OverrideRow.contact_id) == contact_id, col(OverrideRow.ends_at) > now
    )
    found.update(await session.scalars(overrides))
    for surge in await session.scalars(sa.select(SurgeRow).where(col(SurgeRow.ends_at) > now)):
        if any(contact_id in line for line in surge.lines):
            found.add(surge.roster_id)
    rows = sa.select(col(RosterRow.name)).where(col(RosterRow.id).in_(found)).order_by(col(RosterRow.id))
    return list(await session.scalars(rows))


async def changes(
    session: AsyncSession, roster_ids: Sequence[str], start: datetime, end: datetime
) -> dict[str, Changes]:
    """Return what was changed of each roster that touches the time from `start` to `end`; of swaps the accepted."""
    found = {roster_id: Changes() for roster_id in roster_ids}
    for override in await _touching(session, OverrideRow, roster_ids, start, end):
        found[override.roster_id].overrides.append(override)
    for surge in await _touching(session, SurgeRow, roster_ids, start, end):
        found[surge.roster_id].surges.append(surge)
    swaps = sa.select(SwapRow).where(
        col(SwapRow.roster_id).in_(roster_ids),
        col(SwapRow.state) == SwapState.ACCEPTED.value,
        sa.or_(
            sa.and_(col(SwapRow.starts_at) <= end, col(SwapRow.ends_at) > start),
            sa.and_(col(SwapRow.other_starts_at) <= end, col(SwapRow.other_ends_at) > start),
        ),
    )
    for swap in await session.scalars(swaps):
        found[swap.roster_id].swaps.append(swap)
    return found


async def _touching(
    session: AsyncSession, table: type[Dated], roster_ids: Sequence[str], start: datetime, end: datetime
) -> list[Dated]:
    query = sa.select(table).where(
        col(table.roster_id).in_(roster_ids), col(table.starts_at) <= end, col(table.ends_at) > start
    )
    return list((await session.scalars(query)).all())


async def contacts(session: AsyncSession, contact_ids: Collection[str]) -> dict[str, Contact]:
    """Return those of the contacts that there are, by id."""
    rows = await session.scalars(sa.select(Contact).where(col(Contact.id).in_(contact_ids)))
    return {row.id: row for row in rows}


async def listed(
    session: AsyncSession, table: type[Of], roster_id: str, *, after: list[Any] | None, limit: int
) -> list[Of]:
    """Return up to `limit` rows of a roster after the key `after` ([starts_at, id]), the latest to start first."""
    query = sa.select(table).where(col(table.roster_id) == roster_id)
    query = query.order_by(col(table.starts_at).desc(), col(table.id).desc()).limit(limit)
    if after is not None:
        at, id_ = after
        earlier = sa.and_(col(table.starts_at) == at, col(table.id) < str(id_))
        query = query.where(sa.or_(col(table.starts_at) < at, earlier))
    return list((await session.scalars(query)).all())


async def one(session: AsyncSession, table: type[Of], roster_id: str, id_: str) -> Of | None:
    """Return a row of a roster, held for the rest of the transaction."""
    found: Of | None = await session.scalar(
        sa.select(table).where(col(table.id) == id_, col(table.roster_id) == roster_id).with_for_update()
    )
    return found


async def surges_touching(session: AsyncSession, roster_id: str, start: datetime, end: datetime) -> list[SurgeRow]:
    """Return the surges of a roster that share some time with `start` to `end`."""
    return [row for row in await _touching(session, SurgeRow, [roster_id], start, end) if row.starts_at < end]


async def told(session: AsyncSession) -> list[ToldRow]:
    """Return the problems that were told and were still there when last looked for."""
    return list((await session.scalars(sa.select(ToldRow).order_by(col(ToldRow.starts_at)))).all())
