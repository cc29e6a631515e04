"""All SQL of hooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.database import insert_ignoring
from kit.pages import PageRequest
from services.ingest.hooks.tables import DELIVERIES, HOOKS

Row = sa.Row[Any]
_SHOWN: Final = 20


async def add(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Add a hook."""
    await session.execute(sa.insert(HOOKS).values(**values))


async def one(session: AsyncSession, id_: str) -> Row | None:
    """Return a hook."""
    return (await session.execute(sa.select(HOOKS).where(HOOKS.c.id == id_))).first()


async def page(session: AsyncSession, request: PageRequest) -> list[Row]:
    """Return one row more than a page of hooks, oldest first."""
    query = sa.select(HOOKS).order_by(HOOKS.c.id).limit(request.limit + 1)
    if request.after:
        query = query.where(HOOKS.c.id > request.after[0])
    return list((await session.execute(query)).all())


async def change(session: AsyncSession, id_: str, version: int, values: Mapping[str, Any]) -> bool:
    """Change a hook that still has `version`; tells whether it did."""
    where = (HOOKS.c.id == id_, HOOKS.c.version == version)
    done = await session.execute(sa.update(HOOKS).where(*where).values(**values, version=version + 1))
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def delete(session: AsyncSession, id_: str) -> None:
    """Delete a hook and what was noted of its deliveries; the posts stay."""
    await session.execute(sa.delete(DELIVERIES).where(DELIVERIES.c.hook_id == id_))
    await session.execute(sa.delete(HOOKS).where(HOOKS.c.id == id_))


async def note_refusal(session: AsyncSession, id_: str, slug: str, at: datetime) -> None:
    """Note that a delivery's signature was refused."""
    await session.execute(sa.update(HOOKS).where(HOOKS.c.id == id_).values(refused_at=at, refusal=slug))


async def delivered(session: AsyncSession, id_: str, key: str) -> bool:
    """Tell whether a delivery with this key was taken before."""
    query = sa.select(DELIVERIES.c.id).where(DELIVERIES.c.hook_id == id_, DELIVERIES.c.key == key)
    return (await session.execute(query)).first() is not None


async def add_delivery(session: AsyncSession, values: Mapping[str, Any]) -> bool:
    """Note a delivery; False where one with its key is noted already."""
    return bool(await insert_ignoring(session, DELIVERIES, [values], returning=["id"]))


async def deliveries(session: AsyncSession, id_: str) -> list[Row]:
    """Return the last deliveries of a hook, newest first."""
    query = sa.select(DELIVERIES).where(DELIVERIES.c.hook_id == id_).order_by(DELIVERIES.c.id.desc()).limit(_SHOWN)
    return list((await session.execute(query)).all())


async def forget_deliveries(session: AsyncSession, before: datetime) -> int:
    """Delete what was noted of deliveries before an instant; returns how many."""
    done = await session.execute(sa.delete(DELIVERIES).where(DELIVERIES.c.at < before))
    return int(done.rowcount)  # type: ignore[attr-defined]
