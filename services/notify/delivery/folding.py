"""Storms: many notifications of one kind to one person become one letter that tells of them all.

The first few go out as they come. What follows within the window is held for a moment and goes out together: the
earliest is the letter (the carrier), the rest are folded into it and share its fate. Every notification stays a row of
its own, so that what was told can be looked up, and acknowledging the letter acknowledges all that it tells of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.words import DeliveryState, Level, NotificationKind
from services.notify.models import Delivery, Notification

#: Levels at which whatever must be acknowledged goes out at once, however much there is.
_NEVER_HELD: Final = frozenset({Level.I, Level.II})


@dataclass(frozen=True)
class FoldingRules:
    """After `after` of a kind to one person on one channel within `window`, the next are held for `wait`."""

    after: int = 5
    window: timedelta = timedelta(minutes=5)
    wait: timedelta = timedelta(minutes=1)


def may_be_held(kind: NotificationKind, level: Level | None, *, requires_acknowledgement: bool) -> bool:
    """Tell whether a notification may wait to go out with others of its kind.

    Never what must be acknowledged at level I or II, and never a breached clock.
    """
    if kind is NotificationKind.CLOCK_BREACHED:
        return False
    return not (requires_acknowledgement and level in _NEVER_HELD)


async def busy_ways(
    session: AsyncSession, kind: NotificationKind, contact_ids: Sequence[str], since: datetime, rules: FoldingRules
) -> dict[tuple[str, str], datetime | None]:
    """Return the (contact, channel) that have had their share of `kind` since then.

    With each, when what is already held for it goes out; None where nothing is.
    """
    waiting = sa.and_(
        col(Delivery.held),
        col(Delivery.folded_into).is_(None),
        col(Delivery.attempts) == 0,
        col(Delivery.state) == DeliveryState.PENDING.value,
    )
    query = (
        sa.select(
            col(Delivery.contact_id),
            col(Delivery.channel),
            sa.func.count(),
            sa.func.min(sa.case((waiting, col(Delivery.next_attempt_at)))),
        )
        .join(Notification, col(Notification.id) == col(Delivery.notification_id))
        .where(
            col(Delivery.contact_id).in_(contact_ids),
            col(Delivery.created_at) > since,
            col(Notification.kind) == kind.value,
        )
        .group_by(col(Delivery.contact_id), col(Delivery.channel))
        .having(sa.func.count() >= rules.after)
    )
    return {(contact, channel): due for contact, channel, _, due in await session.execute(query)}


async def gather(session: AsyncSession, carrier: Delivery, kind: str) -> None:
    """Fold into `carrier` whatever else of its kind is held for the person on its channel.

    Rows that another process has in hand are left to it: they are carriers themselves, or become part of its letter.
    """
    query = (
        sa.select(Delivery)
        .join(Notification, col(Notification.id) == col(Delivery.notification_id))
        .where(
            col(Delivery.contact_id) == carrier.contact_id,
            col(Delivery.channel) == carrier.channel,
            col(Delivery.id) != carrier.id,
            col(Delivery.held),
            col(Delivery.folded_into).is_(None),
            col(Delivery.attempts) == 0,
            col(Delivery.state) == DeliveryState.PENDING.value,
            col(Notification.kind) == kind,
        )
        .with_for_update(skip_locked=True, of=Delivery)
    )
    for row in (await session.scalars(query)).all():
        row.folded_into, row.next_attempt_at = carrier.id, None


async def folded(session: AsyncSession, carrier_id: str, *, lock: bool = False) -> list[Delivery]:
    """Return what was folded into a letter, oldest first."""
    query = sa.select(Delivery).where(col(Delivery.folded_into) == carrier_id).order_by(col(Delivery.id))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return list((await session.scalars(query)).all())
