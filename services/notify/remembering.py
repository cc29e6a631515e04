"""What stays the same while one transaction works on many notifications is read once in it.

A session remembers nothing unless it was told to by :func:`remembering`; what is read then must not be changed by the
same transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.notify.models import Contact, Notification, Webhook

T = TypeVar("T")

_REMEMBERED: Final = "huiying.remembered"
_HELD: Final = "huiying.held"


def remembering(session: AsyncSession) -> AsyncSession:
    """Let `session` remember what :func:`once` reads, until it ends."""
    session.info.setdefault(_REMEMBERED, {})
    return session


async def once(session: AsyncSession, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
    """Return what `read` gives, asked once for each `key` where the session remembers, else each time."""
    remembered: dict[Hashable, Any] | None = session.info.get(_REMEMBERED)
    if remembered is None:
        return await read()
    if key not in remembered:
        remembered[key] = await read()
    found: T = remembered[key]
    return found


async def bring(
    session: AsyncSession,
    *,
    notifications: Iterable[str] = (),
    contacts: Iterable[str] = (),
    webhooks: Iterable[str] = (),
) -> None:
    """Read rows at once that will be asked for one by one, by their ids; unknown ids are passed over."""
    held: list[Sequence[Any]] = session.info.setdefault(_HELD, [])  # a session itself holds its rows weakly
    for model, wanted in ((Notification, notifications), (Contact, contacts), (Webhook, webhooks)):
        ids = sorted(set(wanted))
        if ids:
            held.append((await session.scalars(sa.select(model).where(col(model.id).in_(ids)))).all())
