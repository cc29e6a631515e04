"""All of notify's SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.messages import Recipient
from contracts.words import DeliveryState, Level, NotificationKind, Role
from kit.database import insert_ignoring
from services.notify.models import Contact, ContactRole, Delivery, Notification, Webhook
from services.notify.remembering import once

#: Value of `contacts.seat` for the fallback contact.
DESK: Final = "desk"


async def contact(session: AsyncSession, contact_id: str, *, lock: bool = False) -> Contact | None:
    """Return a contact, held for the rest of the transaction where `lock`."""
    return await session.get(Contact, contact_id, with_for_update=True if lock else None, populate_existing=lock)


async def contact_of(session: AsyncSession, username: str) -> Contact | None:
    """Return the contact whose login name is `username`."""
    found: Contact | None = await session.scalar(sa.select(Contact).where(col(Contact.username) == username))
    return found


async def desk(session: AsyncSession) -> Contact | None:
    """Return the fallback contact."""

    async def read() -> Contact | None:
        found: Contact | None = await session.scalar(sa.select(Contact).where(col(Contact.seat) == DESK))
        return found

    return await once(session, "desk", read)


async def any_contact(session: AsyncSession) -> bool:
    """Tell whether there is any contact at all."""
    return await session.scalar(sa.select(col(Contact.id)).limit(1)) is not None


async def add_contact_ignoring(session: AsyncSession, row: dict[str, Any]) -> None:
    """Insert a contact and its roles, unless a unique constraint (seat, username) already holds one like it."""
    if await insert_ignoring(session, Contact, [row], returning=["id"]):
        await set_roles(session, row["id"], row["roles"])


async def set_roles(session: AsyncSession, contact_id: str, roles: Sequence[str]) -> None:
    """Make the role rows of a contact equal to `roles`."""
    await session.execute(sa.delete(ContactRole).where(col(ContactRole.contact_id) == contact_id))
    if roles:
        await session.execute(
            sa.insert(ContactRole), [{"contact_id": contact_id, "role": role} for role in dict.fromkeys(roles)]
        )


async def contacts(
    session: AsyncSession,
    *,
    role: Role | None,
    unit: str | None,
    enabled: bool | None,
    after: list[Any] | None,
    limit: int,
) -> list[Contact]:
    """Return up to `limit` contacts after the key `after` ([id]), oldest first."""
    query = sa.select(Contact).order_by(col(Contact.id)).limit(limit)
    if role is not None:
        holders = sa.select(col(ContactRole.contact_id)).where(col(ContactRole.role) == role.value)
        query = query.where(col(Contact.id).in_(holders))
    if unit is not None:
        query = query.where(col(Contact.unit) == unit)
    if enabled is not None:
        query = query.where(col(Contact.enabled) == enabled)
    if after is not None:
        query = query.where(col(Contact.id) > str(after[0]))
    return list((await session.scalars(query)).all())


async def candidates(session: AsyncSession, recipients: Sequence[Recipient]) -> list[Contact]:
    """Return the enabled contacts that any of `recipients` could mean."""
    ids = {recipient.contact_id for recipient in recipients if recipient.contact_id is not None}
    roles = {recipient.role.value for recipient in recipients if recipient.role is not None}
    units = {recipient.unit for recipient in recipients if recipient.unit is not None}
    holders = sa.select(col(ContactRole.contact_id)).where(col(ContactRole.role).in_(roles))
    query = sa.select(Contact).where(
        col(Contact.enabled),
        sa.or_(col(Contact.id).in_(ids), col(Contact.id).in_(holders), col(Contact.unit).in_(units)),
    )
    if not roles and not units:  # by name: each may have been brought already
        named = [await session.get(Contact, id_) for id_ in sorted(ids)]
        return [found for found in named if found is not None and found.enabled]

    async def read() -> list[Contact]:
        return list((await session.scalars(query)).all())

    return await once(session, ("candidates", frozenset(ids), frozenset(roles), frozenset(units)), read)


async def subscriptions(
    session: AsyncSession, kind: NotificationKind, level: Level | None, *, drill: bool
) -> list[Webhook]:
    """Return the enabled webhook subscriptions that asked for `kind` at `level`; in a drill, those that take part."""

    async def read() -> list[Webhook]:
        query = sa.select(Webhook).where(col(Webhook.enabled)).order_by(col(Webhook.id))
        return list((await session.scalars(query)).all())

    return [
        row
        for row in await once(session, "webhooks", read)
        if (not row.kinds or kind.value in row.kinds)
        and (row.least_level is None or (level is not None and level.rank >= Level(row.least_level).rank))
        and (row.drill_target or not drill)
    ]


async def add_notification(session: AsyncSession, row: dict[str, Any]) -> bool:
    """Insert a notification; tells whether it is new."""
    return bool(await insert_ignoring(session, Notification, [row], returning=["id"]))


async def add_deliveries(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> int:
    """Insert deliveries, passing over those that the person already has on that channel; returns how many are new."""
    return len(await insert_ignoring(session, Delivery, rows, returning=["id"]))


async def due_channels(session: AsyncSession, now: datetime) -> set[str]:
    """Return the channels that have anything due at `now`."""
    query = (
        sa.select(col(Delivery.channel))
        .where(col(Delivery.state) == DeliveryState.PENDING.value, col(Delivery.next_attempt_at) <= now)
        .distinct()
    )
    return set((await session.scalars(query)).all())


async def claim(
    session: AsyncSession,
    channel: str,
    *,
    now: datetime,
    until: datetime,
    room: int,
    slots: int,
    busy: Mapping[str, int],
    claimed_by: str,
) -> list[Delivery]:
    """Mark due deliveries of `channel` as being sent until `until`, and return them; each counts one attempt more.

    At most `room` in all and, with those under way (`busy`), `slots` to one address. Rows that another process is
    claiming are skipped. Of what is held for one person only the first: it may tell of the others too.
    """
    full = [address for address, count in busy.items() if count >= slots]
    query = (
        sa.select(Delivery)
        .where(
            col(Delivery.state) == DeliveryState.PENDING.value,
            col(Delivery.channel) == channel,
            col(Delivery.next_attempt_at) <= now,
            col(Delivery.address).not_in(full),
        )
        .order_by(col(Delivery.next_attempt_at), col(Delivery.id))
        .limit(room * 4)
        .with_for_update(skip_locked=True)
    )
    under_way = Counter(busy)
    claimed: list[Delivery] = []
    carriers: set[str] = set()
    for row in await session.scalars(query):
        first_of_held = row.held and not row.attempts
        if first_of_held and row.contact_id in carriers:
            continue
        if len(claimed) < room and under_way[row.address] < slots:
            if first_of_held:
                carriers.add(row.contact_id)
            under_way[row.address] += 1
            row.attempts += 1
            row.sending_since = now
            row.claimed_by = claimed_by
            row.next_attempt_at = until
            claimed.append(row)
    return claimed


async def urgent(session: AsyncSession, channel: str, now: datetime) -> list[Delivery]:
    """Return what is due on `channel` at level I or II and not under way, held for the rest of the transaction."""
    query = (
        sa.select(Delivery)
        .join(Notification, col(Notification.id) == col(Delivery.notification_id))
        .where(
            col(Delivery.state) == DeliveryState.PENDING.value,
            col(Delivery.channel) == channel,
            col(Delivery.next_attempt_at) <= now,
            col(Delivery.subscription).is_(False),
            col(Notification.level).in_([Level.I.value, Level.II.value]),
        )
        .with_for_update(skip_locked=True, of=Delivery)
    )
    return list((await session.scalars(query)).all())


async def notifications_of(session: AsyncSession, deliveries: Sequence[Delivery]) -> list[Notification]:
    """Return the notifications of `deliveries`, oldest first."""
    ids = [row.notification_id for row in deliveries]
    query = sa.select(Notification).where(col(Notification.id).in_(ids))
    return list((await session.scalars(query.order_by(col(Notification.requested_at), col(Notification.id)))).all())


async def release_claims(session: AsyncSession, claimed_by: str, now: datetime) -> int:
    """Make due at once what `claimed_by` was sending when it died; returns how many."""
    released = await session.execute(
        sa.update(Delivery)
        .where(
            col(Delivery.claimed_by) == claimed_by,
            col(Delivery.sending_since).is_not(None),
            col(Delivery.state) == DeliveryState.PENDING.value,
        )
        .values(next_attempt_at=now)
    )
    return int(released.rowcount)  # type: ignore[attr-defined]


async def under_way(session: AsyncSession, ids: Sequence[str]) -> dict[str, Delivery]:
    """Return those of the deliveries `ids` of which an attempt is under way, held, by id."""
    rows = await session.scalars(
        sa.select(Delivery)
        .where(col(Delivery.id).in_(ids), col(Delivery.sending_since).is_not(None))
        .order_by(col(Delivery.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


async def deliveries_to(
    session: AsyncSession, notification_id: str, contact_id: str, *, turn: int | None = None
) -> list[Delivery]:
    """Return one person's deliveries of one notification (of a turn), oldest first, held for the transaction."""
    query = (
        sa.select(Delivery)
        .where(col(Delivery.notification_id) == notification_id, col(Delivery.contact_id) == contact_id)
        .order_by(col(Delivery.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if turn is not None:
        query = query.where(col(Delivery.turn) == turn)
    return list((await session.scalars(query)).all())


async def deliveries_of(session: AsyncSession, notification_ids: Sequence[str]) -> dict[str, list[Delivery]]:
    """Return the deliveries of each notification, oldest first."""
    found: dict[str, list[Delivery]] = {id_: [] for id_ in notification_ids}
    query = sa.select(Delivery).where(col(Delivery.notification_id).in_(notification_ids)).order_by(col(Delivery.id))
    for row in await session.scalars(query):
        found[row.notification_id].append(row)
    return found


async def notifications(
    session: AsyncSession,
    *,
    state: DeliveryState | None,
    kind: NotificationKind | None,
    case_id: str | None,
    contact_id: str | None,
    after: list[Any] | None,
    limit: int,
) -> list[Notification]:
    """Return up to `limit` notifications, newest first, after the key `after` ([requested_at, id]).

    `state` and `contact_id` select those with a delivery that has both.
    """
    query = sa.select(Notification).order_by(col(Notification.requested_at).desc(), col(Notification.id).desc())
    if kind is not None:
        query = query.where(col(Notification.kind) == kind.value)
    if case_id is not None:
        query = query.where(col(Notification.case_id) == case_id)
    if state is not None or contact_id is not None:
        has = sa.select(col(Delivery.id)).where(col(Delivery.notification_id) == col(Notification.id))
        if state is not None:
            has = has.where(col(Delivery.state) == state.value)
        if contact_id is not None:
            has = has.where(col(Delivery.contact_id) == contact_id)
        query = query.where(sa.exists(has))
    if after is not None:
        at, id_ = after
        query = query.where(
            sa.or_(
                col(Notification.requested_at) < at,
                sa.and_(col(Notification.requested_at) == at, col(Notification.id) < str(id_)),
            )
        )
    return list((await session.scalars(query.limit(limit))).all())
