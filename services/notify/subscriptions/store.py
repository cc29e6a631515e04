"""SQL of subscriptions to topics."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.words import Level, NotificationKind
from services.notify.subscriptions.matching import wants
from services.notify.subscriptions.models import Subscription


async def subscription(session: AsyncSession, id_: str, *, lock: bool = False) -> Subscription | None:
    """Return a subscription, held for the rest of the transaction where `lock`."""
    return await session.get(Subscription, id_, with_for_update=True if lock else None, populate_existing=lock)


async def subscriptions(
    session: AsyncSession, *, contact_id: str | None, unit_id: str | None, after: Sequence[Any] | None, limit: int
) -> list[Subscription]:
    """Return up to `limit` subscriptions after the key `after` ([id]), oldest first."""
    query = sa.select(Subscription).order_by(col(Subscription.id)).limit(limit)
    if contact_id is not None:
        query = query.where(col(Subscription.contact_id) == contact_id)
    if unit_id is not None:
        query = query.where(col(Subscription.unit_id) == unit_id)
    if after is not None:
        query = query.where(col(Subscription.id) > str(after[0]))
    return list((await session.scalars(query)).all())


async def wanting(
    session: AsyncSession, kind: NotificationKind, level: Level | None, topics: Collection[str]
) -> list[Subscription]:
    """Return the subscriptions that ask for what is of this kind, level and topics, oldest first."""
    if not topics:
        return []
    rows = await session.scalars(sa.select(Subscription).order_by(col(Subscription.id)))
    return [row for row in rows if wants(row.topics, row.kinds, row.least_level, kind, level, topics)]
