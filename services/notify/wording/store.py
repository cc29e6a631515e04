"""All SQL of templates."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from kit.database import insert_ignoring
from services.notify.models import Notification
from services.notify.wording.making import Template
from services.notify.wording.models import TemplateUse, TemplateVersion


async def in_force(session: AsyncSession) -> dict[str, Template]:
    """Return the templates in force, by the id of their place."""
    found = await session.scalars(
        sa.select(TemplateVersion).join(
            TemplateUse,
            sa.and_(
                col(TemplateUse.place) == col(TemplateVersion.place),
                col(TemplateUse.number) == col(TemplateVersion.number),
            ),
        )
    )
    return {row.place: Template(row.place, row.number, row.subject, row.body) for row in found}


async def uses(session: AsyncSession) -> dict[str, TemplateUse]:
    """Return what is in force at each place that has ever had a version, by the place's id."""
    rows = await session.scalars(sa.select(TemplateUse).order_by(col(TemplateUse.place)))
    return {row.place: row for row in rows}


async def use(session: AsyncSession, place: str, *, lock: bool = False) -> TemplateUse | None:
    """Return what is in force at a place, held where `lock`."""
    return await session.get(TemplateUse, place, with_for_update=True if lock else None, populate_existing=lock)


async def versions(session: AsyncSession, place: str) -> list[TemplateVersion]:
    """Return the versions at a place, the latest first."""
    query = sa.select(TemplateVersion).where(col(TemplateVersion.place) == place)
    return list((await session.scalars(query.order_by(col(TemplateVersion.number).desc()))).all())


async def version(session: AsyncSession, place: str, number: int) -> TemplateVersion | None:
    """Return one version."""
    return await session.get(TemplateVersion, (place, number))


async def latest(session: AsyncSession) -> dict[str, int]:
    """Return the number of the latest version at each place that has one."""
    number = sa.func.max(col(TemplateVersion.number))
    found = await session.execute(
        sa.select(col(TemplateVersion.place), number.label("number")).group_by(col(TemplateVersion.place))
    )
    return {row.place: row.number for row in found}


async def add(session: AsyncSession, row: TemplateVersion) -> bool:
    """Add a version; False where somebody else's has its number already."""
    return bool(await insert_ignoring(session, TemplateVersion, [row.model_dump()], returning=["number"]))


async def note_failure(session: AsyncSession, template: Template, reason: str, at: datetime) -> bool:
    """Note that no letter could be made by a template in force; tells whether that is new of it."""
    row = await use(session, template.place, lock=True)
    if row is None or row.number != template.number:
        return False
    new = row.failed_at is None
    row.failed_at, row.failure = at, reason[:500]
    return new


async def last_notification(session: AsyncSession, kind: str, level: str | None) -> Notification | None:
    """Return the latest notification of a kind (and level) that is no drill."""
    query = sa.select(Notification).where(col(Notification.kind) == kind, col(Notification.drill).is_(False))
    if level is not None:
        query = query.where(col(Notification.level) == level)
    newest = query.order_by(col(Notification.requested_at).desc(), col(Notification.id).desc()).limit(1)
    found: Notification | None = await session.scalar(newest)
    return found
