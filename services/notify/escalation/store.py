"""All SQL of escalation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.words import DeliveryState, EscalationState
from kit.database import insert_ignoring
from services.notify.escalation.models import (
    Escalation,
    EscalationCall,
    EscalationPolicy,
    EscalationScope,
    Settlement,
)
from services.notify.models import Delivery, Notification
from services.notify.remembering import once


async def policies(session: AsyncSession, *, after: list[Any] | None, limit: int) -> list[EscalationPolicy]:
    """Return up to `limit` policies after the key `after` ([id]), oldest first."""
    query = sa.select(EscalationPolicy).order_by(col(EscalationPolicy.id)).limit(limit)
    if after is not None:
        query = query.where(col(EscalationPolicy.id) > str(after[0]))
    return list((await session.scalars(query)).all())


async def policy(session: AsyncSession, policy_id: str, *, lock: bool = False) -> EscalationPolicy | None:
    """Return a policy, held for the rest of the transaction where `lock`."""
    return await session.get(
        EscalationPolicy, policy_id, with_for_update=True if lock else None, populate_existing=lock
    )


async def policy_for(session: AsyncSession, kind: str, level: str) -> EscalationPolicy | None:
    """Return the enabled policy that escalates notifications of `kind` at `level`."""

    async def read() -> EscalationPolicy | None:
        found: EscalationPolicy | None = await session.scalar(
            sa.select(EscalationPolicy)
            .join(EscalationScope, col(EscalationScope.policy_id) == col(EscalationPolicy.id))
            .where(col(EscalationScope.kind) == kind, col(EscalationScope.level) == level)
        )
        return found

    return await once(session, ("policy", kind, level), read)


async def set_scopes(session: AsyncSession, policy_id: str, scopes: Collection[tuple[str, str]]) -> list[str]:
    """Make `scopes` (kind, level) those of a policy; returns names of policies that hold some, none: it is done."""
    await session.execute(sa.delete(EscalationScope).where(col(EscalationScope.policy_id) == policy_id))
    rows = [{"kind": kind, "level": level, "policy_id": policy_id} for kind, level in scopes]
    made = await insert_ignoring(session, EscalationScope, rows, returning=["kind", "level"])
    if len(made) == len(rows):
        return []
    key = sa.tuple_(col(EscalationScope.kind), col(EscalationScope.level))
    names = await session.scalars(
        sa.select(col(EscalationPolicy.name))
        .join(EscalationScope, col(EscalationScope.policy_id) == col(EscalationPolicy.id))
        .where(key.in_(list(scopes)), col(EscalationPolicy.id) != policy_id)
        .distinct()
        .order_by(col(EscalationPolicy.name))
    )
    return list(names.all()) or ["…"]


async def start(session: AsyncSession, row: dict[str, Any]) -> bool:
    """Insert an escalation unless its notification has one; tells whether it is new."""
    return bool(await insert_ignoring(session, Escalation, [row], returning=["id"]))


async def due(session: AsyncSession, now: datetime, limit: int) -> list[str]:
    """Return the ids of running escalations that are due at `now`, or were set before the clock was set back."""
    rows = await session.scalars(
        sa.select(col(Escalation.id))
        .where(
            col(Escalation.state) == EscalationState.RUNNING.value,
            sa.or_(col(Escalation.due_at) <= now, col(Escalation.set_at) > now),
        )
        .order_by(col(Escalation.due_at), col(Escalation.id))
        .limit(limit)
    )
    return list(rows.all())


async def running(session: AsyncSession, escalation_ids: Sequence[str], *, skip: bool = False) -> list[Escalation]:
    """Return those of the escalations that are running, held, longest due first; `skip`: none that others hold."""
    rows = await session.scalars(
        sa.select(Escalation)
        .where(col(Escalation.id).in_(escalation_ids), col(Escalation.state) == EscalationState.RUNNING.value)
        .order_by(col(Escalation.due_at), col(Escalation.id))
        .with_for_update(skip_locked=skip)
        .execution_options(populate_existing=True)
    )
    return list(rows.all())


async def running_of(
    session: AsyncSession,
    *,
    notification_id: str | None = None,
    case_id: str | None = None,
    alert_id: str | None = None,
) -> list[Escalation]:
    """Return the running escalations of a notification, of a case or of an alert, held."""
    query = (
        sa.select(Escalation)
        .join(Notification, col(Notification.id) == col(Escalation.notification_id))
        .where(col(Escalation.state) == EscalationState.RUNNING.value)
        .order_by(col(Escalation.id))
        .with_for_update(of=Escalation)
        .execution_options(populate_existing=True)
    )
    for column, value in (
        (col(Notification.id), notification_id),
        (col(Notification.case_id), case_id),
        (col(Notification.alert_id), alert_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return list((await session.scalars(query)).all())


async def calls(session: AsyncSession, escalation_ids: Sequence[str]) -> dict[str, list[EscalationCall]]:
    """Return the calls of each escalation, in order, each person a row."""
    found: dict[str, list[EscalationCall]] = {id_: [] for id_ in escalation_ids}
    query = (
        sa.select(EscalationCall)
        .where(col(EscalationCall.escalation_id).in_(escalation_ids))
        .order_by(col(EscalationCall.turn), col(EscalationCall.contact_name), col(EscalationCall.contact_id))
    )
    for row in await session.scalars(query):
        found[row.escalation_id].append(row)
    return found


async def told_at_once(session: AsyncSession, notification_ids: Sequence[str]) -> dict[str, set[str]]:
    """Return, of each notification, the contacts that it itself went to."""
    found: dict[str, set[str]] = {id_: set() for id_ in notification_ids}
    rows = await session.execute(
        sa.select(col(Delivery.notification_id), col(Delivery.contact_id)).where(
            col(Delivery.notification_id).in_(notification_ids),
            col(Delivery.turn) == 0,
            col(Delivery.subscription).is_(False),
        )
    )
    for notification_id, contact_id in rows:
        found[notification_id].add(contact_id)
    return found


async def acknowledged_by(session: AsyncSession, notification_ids: Sequence[str]) -> dict[str, list[Delivery]]:
    """Return, of each notification, the first acknowledged delivery of everyone who acknowledged, earliest first."""
    found: dict[str, dict[str, Delivery]] = defaultdict(dict)
    rows = await session.scalars(
        sa.select(Delivery)
        .where(col(Delivery.notification_id).in_(notification_ids), col(Delivery.acknowledged_at).is_not(None))
        .order_by(col(Delivery.acknowledged_at), col(Delivery.id))
    )
    for row in rows:
        found[row.notification_id].setdefault(row.contact_id, row)
    return {id_: list(found[id_].values()) for id_ in notification_ids}


async def acknowledge_pending(session: AsyncSession, delivery: Delivery) -> None:
    """Mark what is still to go to somebody who has just acknowledged by `delivery` as acknowledged like it."""
    await session.execute(
        sa.update(Delivery)
        .where(
            col(Delivery.notification_id) == delivery.notification_id,
            col(Delivery.contact_id) == delivery.contact_id,
            col(Delivery.state) == DeliveryState.PENDING.value,
        )
        .values(
            state=DeliveryState.ACKNOWLEDGED.value,
            next_attempt_at=None,
            acknowledged_at=delivery.acknowledged_at,
            acknowledged_via=delivery.acknowledged_via,
            acknowledged_by=delivery.acknowledged_by,
        )
    )


async def settle(session: AsyncSession, settlement: Settlement) -> None:
    """Write down that something needs no telling any more; the latest word counts."""
    row = settlement.model_dump()
    await insert_ignoring(session, Settlement, [row])
    await session.execute(
        sa.update(Settlement)
        .where(col(Settlement.subject) == settlement.subject, col(Settlement.at) < settlement.at)
        .values(at=settlement.at, by=settlement.by, reason=settlement.reason)
    )


async def settlement(session: AsyncSession, notification: Notification) -> Settlement | None:
    """Return what has settled the alert or case of a notification since it was requested."""
    subjects = [
        *([f"alert:{notification.alert_id}"] if notification.alert_id else []),
        *([f"case:{notification.case_id}"] if notification.case_id else []),
    ]
    if not subjects:
        return None
    found: Settlement | None = await session.scalar(
        sa.select(Settlement)
        .where(col(Settlement.subject).in_(subjects), col(Settlement.at) >= notification.requested_at)
        .order_by(col(Settlement.at))
        .limit(1)
    )
    return found


async def of_notification(session: AsyncSession, notification_id: str) -> Escalation | None:
    """Return the escalation of a notification."""
    found: Escalation | None = await session.scalar(
        sa.select(Escalation).where(col(Escalation.notification_id) == notification_id)
    )
    return found


async def escalations(
    session: AsyncSession,
    *,
    state: EscalationState | None,
    case_id: str | None,
    contact_id: str | None,
    after: list[Any] | None,
    limit: int,
) -> list[tuple[Escalation, Notification]]:
    """Return up to `limit` escalations with their notifications, newest first, after `after` ([started_at, id]).

    `contact_id`: only of notifications that went to that contact.
    """
    query = (
        sa.select(Escalation, Notification)
        .join(Notification, col(Notification.id) == col(Escalation.notification_id))
        .order_by(col(Escalation.started_at).desc(), col(Escalation.id).desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(col(Escalation.state) == state.value)
    if case_id is not None:
        query = query.where(col(Notification.case_id) == case_id)
    if contact_id is not None:
        query = query.where(
            sa.exists().where(
                col(Delivery.notification_id) == col(Escalation.notification_id),
                col(Delivery.contact_id) == contact_id,
            )
        )
    if after is not None:
        at, id_ = after
        query = query.where(
            sa.or_(
                col(Escalation.started_at) < at,
                sa.and_(col(Escalation.started_at) == at, col(Escalation.id) < str(id_)),
            )
        )
    return [(row, notification) for row, notification in (await session.execute(query)).all()]
