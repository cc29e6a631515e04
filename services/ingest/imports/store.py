"""All SQL of imports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.pages import PageRequest
from services.ingest.imports.tables import IMPORTS, REJECTIONS
from services.ingest.models import Base

Row = sa.Row[Any]
UNFINISHED: Final = ("queued", "running")
_LEASES = Base.metadata.tables["lease"]


async def add(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Add an import."""
    await session.execute(sa.insert(IMPORTS).values(**values))


async def one(session: AsyncSession, id_: str) -> Row | None:
    """Return an import."""
    return (await session.execute(sa.select(IMPORTS).where(IMPORTS.c.id == id_))).first()


async def page(session: AsyncSession, request: PageRequest) -> list[Row]:
    """Return one row more than a page of imports, newest first."""
    query = sa.select(IMPORTS).order_by(IMPORTS.c.id.desc()).limit(request.limit + 1)
    if request.after:
        query = query.where(IMPORTS.c.id < request.after[0])
    return list((await session.execute(query)).all())


async def unfinished(session: AsyncSession) -> list[Row]:
    """Return what is still to be done, oldest first."""
    query = sa.select(IMPORTS).where(IMPORTS.c.state.in_(UNFINISHED)).order_by(IMPORTS.c.id)
    return list((await session.execute(query)).all())


async def finished_among(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Return those of the imports that are at their end or unknown."""
    query = sa.select(IMPORTS.c.id).where(IMPORTS.c.id.in_(ids), IMPORTS.c.state.in_(UNFINISHED))
    return set(ids) - set(await session.scalars(query))


async def change(session: AsyncSession, id_: str, states: Sequence[str], values: Mapping[str, Any]) -> bool:
    """Change an import that is in one of `states`; tells whether it was."""
    done = await session.execute(
        sa.update(IMPORTS).where(IMPORTS.c.id == id_, IMPORTS.c.state.in_(states)).values(**values)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def touch(session: AsyncSession, ids: Collection[str], now: datetime) -> None:
    """Say of unfinished imports that their files are there."""
    where = (IMPORTS.c.id.in_(ids), IMPORTS.c.state.in_(UNFINISHED))
    await session.execute(sa.update(IMPORTS).where(*where).values(updated_at=now))


async def advance(session: AsyncSession, id_: str, after: int, values: Mapping[str, Any]) -> bool:
    """Move a running import on that stands after record number `after`; tells whether it did."""
    where = (IMPORTS.c.id == id_, IMPORTS.c.state == "running", IMPORTS.c.records == after)
    done = await session.execute(sa.update(IMPORTS).where(*where).values(**values))
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def add_rejections(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep rows that were not taken."""
    if rows:
        await session.execute(sa.insert(REJECTIONS), list(rows))


async def rejections(session: AsyncSession, id_: str, after: int, limit: int) -> list[Row]:
    """Return rows that were not taken, after a record number, in the file's order."""
    query = (
        sa.select(REJECTIONS)
        .where(REJECTIONS.c.import_id == id_, REJECTIONS.c.number > after)
        .order_by(REJECTIONS.c.number)
        .limit(limit)
    )
    return list((await session.execute(query)).all())


async def forget_rejections(session: AsyncSession, before: datetime) -> int:
    """Delete rows that were not taken before an instant; returns how many."""
    done = await session.execute(sa.delete(REJECTIONS).where(REJECTIONS.c.at < before))
    return int(done.rowcount)  # type: ignore[attr-defined]


async def drop_lease(session: AsyncSession, name: str) -> None:
    """Delete the lease of an import that is at its end."""
    await session.execute(sa.delete(_LEASES).where(_LEASES.c.name == name))
