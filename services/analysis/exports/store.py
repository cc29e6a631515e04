"""All SQL of exports' own tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.database import insert_ignoring
from services.analysis import models
from services.analysis.exports.room import Room
from services.analysis.exports.writing import Piece
from services.analysis.models import Base, table

Row = sa.Row[Any]
UNFINISHED: Final = ("queued", "running")
_EXPORTS: Final = table(models.Export)
_CHUNKS: Final = table(models.ExportChunk)
_LEASES: Final = Base.metadata.tables["lease"]
#: chunks deleted in one transaction, so that others are not kept from writing
_STEP: Final = 50


async def add(session: AsyncSession, values: Mapping[str, Any], slots: int) -> bool:
    """Add an export in a free slot of its user; False where all `slots` are taken."""
    owner = values["created_by_id"]
    query = sa.select(_EXPORTS.c.slot).where(_EXPORTS.c.created_by_id == owner, _EXPORTS.c.slot.is_not(None))
    taken = set(await session.scalars(query))
    for slot in range(slots):
        # another request may have taken it since
        if slot not in taken and await insert_ignoring(session, _EXPORTS, [{**values, "slot": slot}], returning=["id"]):
            return True
    return False


async def one(session: AsyncSession, id_: str) -> Row | None:
    """Return an export."""
    return (await session.execute(sa.select(_EXPORTS).where(_EXPORTS.c.id == id_))).first()


async def page(
    session: AsyncSession, limit: int, after: str | None, *, what: Collection[str], owner: str | None
) -> list[Row]:
    """Return up to `limit` + 1 exports, newest first: all of them, or those of `owner` that it has not deleted."""
    query = sa.select(_EXPORTS).where(_EXPORTS.c.what.in_(list(what))).order_by(_EXPORTS.c.id.desc()).limit(limit + 1)
    if owner is not None:
        query = query.where(_EXPORTS.c.created_by_id == owner, _EXPORTS.c.deleted_at.is_(None))
    if after is not None:
        query = query.where(_EXPORTS.c.id < after)
    return list((await session.execute(query)).all())


async def unfinished(session: AsyncSession) -> list[str]:
    """Return what is still to be done, oldest first."""
    query = sa.select(_EXPORTS.c.id).where(_EXPORTS.c.state.in_(UNFINISHED)).order_by(_EXPORTS.c.id)
    return list(await session.scalars(query))


async def change(session: AsyncSession, id_: str, states: Sequence[str], values: Mapping[str, Any]) -> bool:
    """Change an export that is in one of `states`; tells whether it was."""
    where = (_EXPORTS.c.id == id_, _EXPORTS.c.state.in_(states))
    done = await session.execute(sa.update(_EXPORTS).where(*where).values(**values))
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def delete(session: AsyncSession, id_: str, by: str, now: datetime) -> None:
    """Mark an export as deleted, the first time for good."""
    where = (_EXPORTS.c.id == id_, _EXPORTS.c.deleted_at.is_(None))
    await session.execute(sa.update(_EXPORTS).where(*where).values(deleted_at=now, deleted_by=by))


async def advance(session: AsyncSession, id_: str, after: int, values: Mapping[str, Any]) -> bool:
    """Move a running export on that has `after` rows; tells whether it did."""
    where = (_EXPORTS.c.id == id_, _EXPORTS.c.state == "running", _EXPORTS.c.rows == after)
    done = await session.execute(sa.update(_EXPORTS).where(*where).values(**values))
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def room(session: AsyncSession, owner: str, now: datetime) -> Room:
    """Return how many bytes the files have that are kept or in the making."""
    own = sa.case((_EXPORTS.c.created_by_id == owner, _EXPORTS.c.size), else_=0)
    sums = sa.select(sa.func.sum(own).label("user"), sa.func.sum(_EXPORTS.c.size).label("total"))
    row = (await session.execute(sums.where(*_kept(now)))).one()
    return Room(int(row.user or 0), int(row.total or 0))


async def largest(session: AsyncSession, owner: str | None, now: datetime, limit: int) -> list[Row]:
    """Return the largest files that are kept or in the making, of `owner` or of everybody."""
    query = sa.select(_EXPORTS).where(*_kept(now), _EXPORTS.c.size > 0)
    if owner is not None:
        query = query.where(_EXPORTS.c.created_by_id == owner)
    return list((await session.execute(query.order_by(_EXPORTS.c.size.desc(), _EXPORTS.c.id).limit(limit))).all())


def _kept(now: datetime) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of exports whose file is neither on its way out nor gone."""
    return [
        _EXPORTS.c.dropped_at.is_(None),
        _EXPORTS.c.deleted_at.is_(None),
        _EXPORTS.c.state.not_in(("failed", "cancelled")),
        sa.or_(_EXPORTS.c.expires_at.is_(None), _EXPORTS.c.expires_at > now),
    ]


async def add_chunks(session: AsyncSession, id_: str, pieces: Sequence[Piece]) -> None:
    """Keep pieces of a file."""
    if pieces:
        rows = [{"export_id": id_, "number": number, "data": data} for number, data in pieces]
        await session.execute(sa.insert(_CHUNKS), rows)


async def chunk(session: AsyncSession, id_: str, number: int) -> bytes | None:
    """Return a piece of a file, as it is kept."""
    query = sa.select(_CHUNKS.c.data).where(_CHUNKS.c.export_id == id_, _CHUNKS.c.number == number)
    return await session.scalar(query)


async def to_drop(session: AsyncSession, now: datetime) -> list[str]:
    """Return the exports whose chunks are to be deleted: stopped, deleted or expired."""
    over = sa.or_(
        _EXPORTS.c.state.in_(("failed", "cancelled")), _EXPORTS.c.deleted_at.is_not(None), _EXPORTS.c.expires_at <= now
    )
    query = sa.select(_EXPORTS.c.id).where(_EXPORTS.c.dropped_at.is_(None), _EXPORTS.c.state.not_in(UNFINISHED), over)
    return list(await session.scalars(query.order_by(_EXPORTS.c.id)))


async def drop_chunks(session: AsyncSession, id_: str, now: datetime) -> bool:
    """Delete some chunks of an export, and note it when they are gone; tells whether they are."""
    numbers = sa.select(_CHUNKS.c.number).where(_CHUNKS.c.export_id == id_).order_by(_CHUNKS.c.number).limit(_STEP)
    found = list(await session.scalars(numbers))
    if found:
        await session.execute(sa.delete(_CHUNKS).where(_CHUNKS.c.export_id == id_, _CHUNKS.c.number.in_(found)))
    if len(found) == _STEP:
        return False
    await session.execute(sa.update(_EXPORTS).where(_EXPORTS.c.id == id_).values(dropped_at=now, position=None))
    return True


async def drop_lease(session: AsyncSession, name: str) -> None:
    """Delete the lease of an export that is at its end."""
    await session.execute(sa.delete(_LEASES).where(_LEASES.c.name == name))
