"""All SQL of single sign-on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.models import ONCE, REFRESH, SIGN_ON_LOGINS, SIGN_ONS, USERS

Row = sa.Row[Any]


async def user_of(session: AsyncSession, issuer: str, subject: str) -> Row | None:
    """Return the user that a person of the provider is here, locked until the transaction ends."""
    query = (
        sa.select(USERS)
        .join(SIGN_ONS, SIGN_ONS.c.user_id == USERS.c.id)
        .where(SIGN_ONS.c.issuer == issuer, SIGN_ONS.c.subject == subject)
        .with_for_update()
    )
    return (await session.execute(query)).first()


async def links_of(session: AsyncSession, user_id: str) -> list[Row]:
    """Return whom a user is at providers."""
    query = sa.select(SIGN_ONS).where(SIGN_ONS.c.user_id == user_id).order_by(SIGN_ONS.c.issuer, SIGN_ONS.c.subject)
    return list((await session.execute(query)).all())


async def unlink(session: AsyncSession, user_id: str, issuer: str) -> bool:
    """Take a user's link to a provider away; tells whether there was one."""
    done = await session.execute(sa.delete(SIGN_ONS).where(SIGN_ONS.c.user_id == user_id, SIGN_ONS.c.issuer == issuer))
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def note_login(session: AsyncSession, issuer: str, subject: str, at: datetime) -> None:
    """Note when a person last logged in."""
    await session.execute(
        sa.update(SIGN_ONS).where(SIGN_ONS.c.issuer == issuer, SIGN_ONS.c.subject == subject).values(last_login_at=at)
    )


async def logins_of(session: AsyncSession, issuer: str, *, subject: str | None, sid: str | None) -> list[Row]:
    """Return the logins of a provider's session, or all of a person."""
    query = sa.select(SIGN_ON_LOGINS).where(SIGN_ON_LOGINS.c.issuer == issuer)
    if subject:
        query = query.where(SIGN_ON_LOGINS.c.subject == subject)
    if sid:
        query = query.where(SIGN_ON_LOGINS.c.sid == sid)
    return list((await session.execute(query)).all())


async def login_of_token(session: AsyncSession, hash_: str) -> Any:
    """Return the login that a refresh token belongs to; its sign-on columns are null where it was by password."""
    query = (
        sa.select(REFRESH.c.family, SIGN_ON_LOGINS.c.issuer, SIGN_ON_LOGINS.c.id_token)
        .join(SIGN_ON_LOGINS, SIGN_ON_LOGINS.c.family == REFRESH.c.family, isouter=True)
        .where(REFRESH.c.hash == hash_)
    )
    return (await session.execute(query)).first()


async def end_login(session: AsyncSession, family: str) -> None:
    """End a login: its refresh tokens, and what is known of it at the provider."""
    await session.execute(sa.delete(REFRESH).where(REFRESH.c.family == family))
    await session.execute(sa.delete(SIGN_ON_LOGINS).where(SIGN_ON_LOGINS.c.family == family))


async def add(session: AsyncSession, table: sa.Table, values: Mapping[str, Any]) -> None:
    """Add a row."""
    await session.execute(sa.insert(table).values(**values))


async def use(session: AsyncSession, hash_: str, purpose: str, now: datetime) -> Row | None:
    """Use what is good once; returns its row the first time, and None ever after, when it has expired or is unknown."""
    done = await session.execute(
        sa.update(ONCE)
        .where(ONCE.c.hash == hash_, ONCE.c.purpose == purpose, ONCE.c.used.is_(False), ONCE.c.expires_at > now)
        .values(used=True)
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        return None
    return (await session.execute(sa.select(ONCE).where(ONCE.c.hash == hash_))).first()


async def forget(session: AsyncSession, before: datetime) -> None:
    """Delete what expired before `before`, and logins that are not renewed any more."""
    await session.execute(sa.delete(ONCE).where(ONCE.c.expires_at < before))
    going_on = sa.select(REFRESH.c.family)
    over = sa.and_(SIGN_ON_LOGINS.c.expires_at < before, SIGN_ON_LOGINS.c.family.not_in(going_on))
    await session.execute(sa.delete(SIGN_ON_LOGINS).where(over))
