"""Logins that go on: listed, ended one by one, and looked at again every ten seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.models import REFRESH, SESSIONS
from gateway.remembered import Remembered
from kit.database import Database

#: Seconds for which a session is taken to stand.
_REMEMBERED: Final = 10.0


@dataclass(frozen=True, slots=True)
class Origin:
    """Whence somebody logs in: their address, and what their program says that it is."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """What a call needs to know of the login that it belongs to."""

    user_id: str
    second_factor: bool


class Sessions:
    """The sessions of all users. One that was ended lets nobody in after :data:`_REMEMBERED` seconds, here at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: Remembered[Session | None] = Remembered(_REMEMBERED)

    async def standing(self, id_: str) -> Session | None:
        """Return a session, None where there is none any more."""

        async def look_up() -> Session | None:
            async with self._database.reading() as session:
                row = (await session.execute(sa.select(SESSIONS).where(SESSIONS.c.id == id_))).first()
            return Session(row.user_id, row.second_factor) if row is not None else None

        return await self._remembered.get(id_, look_up)

    def forget(self) -> None:
        """Look at every session anew."""
        self._remembered.forget()

    async def of(self, user_id: str) -> Sequence[Any]:
        """Return the rows of a user's sessions, the last used first."""
        query = (
            sa.select(SESSIONS).where(SESSIONS.c.user_id == user_id).order_by(SESSIONS.c.used_at.desc(), SESSIONS.c.id)
        )
        async with self._database.reading() as session:
            return (await session.execute(query)).all()

    async def end(self, user_id: str, *, only: str | None = None, but: str | None = None) -> int:
        """End a user's sessions (`only` one, all `but` one) with their refresh tokens; returns how many there were."""
        chosen = [SESSIONS.c.user_id == user_id]
        if only is not None:
            chosen.append(SESSIONS.c.id == only)
        if but is not None:
            chosen.append(SESSIONS.c.id != but)
        async with self._database.writing() as session:
            ids = list((await session.scalars(sa.select(SESSIONS.c.id).where(*chosen))).all())
            for table, column in ((REFRESH, REFRESH.c.family), (SESSIONS, SESSIONS.c.id)):
                await session.execute(sa.delete(table).where(column.in_(ids)))
        self.forget()
        return len(ids)

    @staticmethod
    async def begin(
        session: AsyncSession,
        id_: str,
        user_id: str,
        origin: Origin,
        *,
        method: str,
        second_factor: bool,
        now: datetime,
        until: datetime,
    ) -> None:
        """Write down that a login begins, or that one goes on: then it keeps its beginning and its factor."""
        used = {"used_at": now, "expires_at": until}
        going_on = await session.execute(sa.update(SESSIONS).where(SESSIONS.c.id == id_).values(**used))
        if not going_on.rowcount:  # type: ignore[attr-defined]
            await session.execute(
                sa.insert(SESSIONS).values(
                    id=id_,
                    user_id=user_id,
                    method=method,
                    second_factor=second_factor,
                    address=origin.address[:64],
                    agent=origin.agent[:200],
                    began_at=now,
                    **used,
                )
            )

    @staticmethod
    async def vouch(session: AsyncSession, id_: str) -> None:
        """Note that a second factor was checked in a session."""
        await session.execute(sa.update(SESSIONS).where(SESSIONS.c.id == id_).values(second_factor=True))

    @staticmethod
    async def trim(session: AsyncSession, before: datetime) -> None:
        """Delete sessions whose last refresh token expired before `before`."""
        await session.execute(sa.delete(SESSIONS).where(SESSIONS.c.expires_at < before))
