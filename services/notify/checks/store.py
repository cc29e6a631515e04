"""All SQL of communication checks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from contracts.words import Role
from kit.database import insert_ignoring
from services.notify.checks.models import CheckedContact, CheckSchedule, CommunicationCheck
from services.notify.models import Contact, ContactRole
from services.notify.store import DESK


async def people(session: AsyncSession, *, unit: str | None, county: str | None) -> list[Contact]:
    """Return the enabled contacts of the network (without the duty desk), of one unit, or of one county.

    To a county belongs whoever holds the role `county` and is of a unit whose name begins with the county's.
    """
    query = (
        sa.select(Contact)
        .where(col(Contact.enabled), sa.or_(col(Contact.seat).is_(None), col(Contact.seat) != DESK))
        .order_by(col(Contact.unit), col(Contact.name), col(Contact.id))
    )
    if unit is not None:
        query = query.where(col(Contact.unit) == unit)
    if county is not None:
        holders = sa.select(col(ContactRole.contact_id)).where(col(ContactRole.role) == Role.COUNTY.value)
        query = query.where(col(Contact.id).in_(holders), col(Contact.unit).startswith(county, autoescape=True))
    return list((await session.scalars(query)).all())


async def add(session: AsyncSession, check: CommunicationCheck, asked: Sequence[CheckedContact]) -> None:
    """Insert a check and whom it asks."""
    session.add(check)
    await session.flush()
    await insert_ignoring(session, CheckedContact, [one.model_dump() for one in asked])


async def check(session: AsyncSession, check_id: str) -> CommunicationCheck | None:
    """Return a check."""
    return await session.get(CommunicationCheck, check_id)


async def checks(
    session: AsyncSession, *, running: bool | None, after: list[Any] | None, limit: int
) -> list[CommunicationCheck]:
    """Return up to `limit` checks, newest first, after the key `after` ([started_at, id])."""
    query = (
        sa.select(CommunicationCheck)
        .order_by(col(CommunicationCheck.started_at).desc(), col(CommunicationCheck.id).desc())
        .limit(limit)
    )
    if running is not None:
        closed = col(CommunicationCheck.closed_at)
        query = query.where(closed.is_(None) if running else closed.is_not(None))
    if after is not None:
        at, id_ = after
        query = query.where(
            sa.or_(
                col(CommunicationCheck.started_at) < at,
                sa.and_(col(CommunicationCheck.started_at) == at, col(CommunicationCheck.id) < str(id_)),
            )
        )
    return list((await session.scalars(query)).all())


async def asked(session: AsyncSession, check_id: str) -> list[CheckedContact]:
    """Return whom a check asked, by unit and name."""
    query = (
        sa.select(CheckedContact)
        .where(col(CheckedContact.check_id) == check_id)
        .order_by(col(CheckedContact.unit), col(CheckedContact.contact_name), col(CheckedContact.contact_id))
    )
    return list((await session.scalars(query)).all())


async def answer(
    session: AsyncSession, notification_id: str, contact_id: str, *, at: datetime, via: str, channel: str | None
) -> None:
    """Write down somebody's answer, where the notification is a check's; a first answer stays."""
    of = sa.select(col(CommunicationCheck.id)).where(col(CommunicationCheck.notification_id) == notification_id)
    await session.execute(
        sa.update(CheckedContact)
        .where(
            col(CheckedContact.check_id).in_(of),
            col(CheckedContact.contact_id) == contact_id,
            col(CheckedContact.answered_at).is_(None),
        )
        .values(answered_at=at, answered_via=via, answered_channel=channel)
    )


async def previous(session: AsyncSession, of: CommunicationCheck) -> CommunicationCheck | None:
    """Return the last closed check of the same people before this one."""
    found: CommunicationCheck | None = await session.scalar(
        sa.select(CommunicationCheck)
        .where(
            col(CommunicationCheck.scope) == of.scope,
            col(CommunicationCheck.unit).is_(None) if of.unit is None else col(CommunicationCheck.unit) == of.unit,
            col(CommunicationCheck.closed_at).is_not(None),
            col(CommunicationCheck.started_at) < of.started_at,
        )
        .order_by(col(CommunicationCheck.started_at).desc(), col(CommunicationCheck.id).desc())
        .limit(1)
    )
    return found


async def anything_due(session: AsyncSession, now: datetime) -> bool:
    """Tell whether a running check or a schedule is due."""
    found: bool | None = await session.scalar(
        sa.select(
            sa.or_(
                sa.exists(sa.select(col(CommunicationCheck.id)).where(_wants_moving(now))),
                sa.exists(sa.select(col(CheckSchedule.id)).where(_falls_due(now))),
            )
        )
    )
    return bool(found)


async def due(session: AsyncSession, now: datetime) -> list[CommunicationCheck]:
    """Return running checks that want reminding or closing, held; those that another process holds are skipped."""
    query = (
        sa.select(CommunicationCheck)
        .where(_wants_moving(now))
        .order_by(col(CommunicationCheck.id))
        .with_for_update(skip_locked=True)
    )
    return list((await session.scalars(query)).all())


async def schedules(session: AsyncSession, *, after: list[Any] | None, limit: int) -> list[CheckSchedule]:
    """Return up to `limit` schedules after the key `after` ([id]), oldest first."""
    query = sa.select(CheckSchedule).order_by(col(CheckSchedule.id)).limit(limit)
    if after is not None:
        query = query.where(col(CheckSchedule.id) > str(after[0]))
    return list((await session.scalars(query)).all())


async def schedule(session: AsyncSession, schedule_id: str, *, lock: bool = False) -> CheckSchedule | None:
    """Return a schedule, held for the rest of the transaction where `lock`."""
    return await session.get(CheckSchedule, schedule_id, with_for_update=True if lock else None, populate_existing=lock)


async def due_schedules(session: AsyncSession, now: datetime) -> list[CheckSchedule]:
    """Return the enabled schedules that are due, held; those that another process holds are skipped."""
    query = (
        sa.select(CheckSchedule)
        .where(_falls_due(now))
        .order_by(col(CheckSchedule.id))
        .with_for_update(skip_locked=True)
    )
    return list((await session.scalars(query)).all())


def _wants_moving(now: datetime) -> sa.ColumnElement[bool]:
    reminding = sa.and_(col(CommunicationCheck.reminded_at).is_(None), col(CommunicationCheck.remind_at) <= now)
    return sa.and_(
        col(CommunicationCheck.closed_at).is_(None), sa.or_(reminding, col(CommunicationCheck.deadline) <= now)
    )


def _falls_due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(col(CheckSchedule.enabled), col(CheckSchedule.next_at) <= now)
