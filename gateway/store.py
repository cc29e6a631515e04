"""All SQL of the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.models import API_KEYS, REFRESH, SESSIONS, USERS
from kit.pages import PageRequest

Row = sa.Row[Any]


async def user_named(session: AsyncSession, username: str) -> Row | None:
    """Return the user of that login name."""
    return (await session.execute(sa.select(USERS).where(USERS.c.username == username))).first()


async def user(session: AsyncSession, id_: str) -> Row | None:
    """Return a user by id."""
    return (await session.execute(sa.select(USERS).where(USERS.c.id == id_))).first()


async def page(session: AsyncSession, table: sa.Table, request: PageRequest) -> list[Row]:
    """Return one row more than a page of a table, by id."""
    query = sa.select(table).order_by(table.c.id).limit(request.limit + 1)
    if request.after:
        query = query.where(table.c.id > request.after[0])
    return list((await session.execute(query)).all())


async def add(session: AsyncSession, table: sa.Table, values: Mapping[str, Any]) -> None:
    """Add a row."""
    await session.execute(sa.insert(table).values(**values))


async def change_user(session: AsyncSession, id_: str, version: int, values: Mapping[str, Any]) -> bool:
    """Change a user that still has `version`; tells whether it did."""
    done = await session.execute(
        sa.update(USERS).where(USERS.c.id == id_, USERS.c.version == version).values(**values, version=version + 1)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def other_admins(session: AsyncSession, id_: str) -> int:
    """Count the enabled administrators besides `id_`."""
    rows = await session.execute(sa.select(USERS.c.roles).where(USERS.c.enabled, USERS.c.id != id_))
    return sum("admin" in roles for (roles,) in rows)


async def delete(session: AsyncSession, table: sa.Table, id_: str) -> bool:
    """Delete a row by id; tells whether there was one."""
    done = await session.execute(sa.delete(table).where(table.c.id == id_))
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def refresh_token(session: AsyncSession, hash_: str) -> Row | None:
    """Return a refresh token by its hash, locked against a second use at the same time."""
    return (await session.execute(sa.select(REFRESH).where(REFRESH.c.hash == hash_).with_for_update())).first()


async def use_refresh_token(session: AsyncSession, hash_: str, at: datetime) -> None:
    """Note that a refresh token has been used."""
    await session.execute(sa.update(REFRESH).where(REFRESH.c.hash == hash_).values(used_at=at))


async def end_family(session: AsyncSession, family: str) -> None:
    """End a login with every refresh token that descends from it."""
    await session.execute(sa.delete(REFRESH).where(REFRESH.c.family == family))
    await session.execute(sa.delete(SESSIONS).where(SESSIONS.c.id == family))


async def end_logins(session: AsyncSession, user_id: str) -> None:
    """End every login of a user."""
    await session.execute(sa.delete(REFRESH).where(REFRESH.c.user_id == user_id))
    await session.execute(sa.delete(SESSIONS).where(SESSIONS.c.user_id == user_id))


async def forget_refresh_tokens(session: AsyncSession, before: datetime) -> None:
    """Delete refresh tokens that expired before `before`."""
    await session.execute(sa.delete(REFRESH).where(REFRESH.c.expires_at < before))


async def api_key(session: AsyncSession, hash_: str) -> Row | None:
    """Return an API key by the hash of its secret, the present or the one before."""
    found = sa.or_(API_KEYS.c.hash == hash_, API_KEYS.c.previous_hash == hash_)
    return (await session.execute(sa.select(API_KEYS).where(found))).first()


async def api_key_by_id(session: AsyncSession, id_: str) -> Row | None:
    """Return an API key by its id."""
    return (await session.execute(sa.select(API_KEYS).where(API_KEYS.c.id == id_))).first()


async def api_keys_ending(session: AsyncSession, after: datetime, until: datetime) -> list[Row]:
    """Return the API keys that end between two instants, the first to end first."""
    ends = API_KEYS.c.expires_at
    query = sa.select(API_KEYS).where(ends > after, ends <= until).order_by(ends, API_KEYS.c.id)
    return list((await session.execute(query)).all())


async def change_api_key(session: AsyncSession, id_: str, hash_: str, values: Mapping[str, Any]) -> bool:
    """Change an API key whose secret still has that hash; tells whether it did."""
    done = await session.execute(
        sa.update(API_KEYS).where(API_KEYS.c.id == id_, API_KEYS.c.hash == hash_).values(**values)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def touch_api_key(session: AsyncSession, id_: str, at: datetime, network: str | None) -> None:
    """Note when an API key was last used, and from which network."""
    await session.execute(
        sa.update(API_KEYS).where(API_KEYS.c.id == id_).values(last_used_at=at, last_used_from=network)
    )
