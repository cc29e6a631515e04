"""Who took contacts out of the system or into it as a file: written down with what was done."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kit.auth import Principal
from kit.ids import new_id
from services.notify.people.models import ContactLogEntry

log = structlog.get_logger(__name__)


async def note(
    session: AsyncSession,
    action: Literal["exported", "imported"],
    by: Principal,
    contacts: int,
    detail: str,
    at: datetime,
) -> None:
    """Add an entry to the log of contacts, in the caller's transaction."""
    session.add(
        ContactLogEntry(id=new_id(), at=at, by=by.name, by_id=by.id, action=action, contacts=contacts, detail=detail)
    )
    await session.flush()
    log.info(f"contacts.{action}", by=by.name, contacts=contacts, detail=detail)
