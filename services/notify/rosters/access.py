"""Whose rosters are whose: the office keeps all, people see those of their unit and those that they are on."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.permissions import Reach
from kit.auth import Principal
from kit.problems import Problem
from services.notify import store as contacts
from services.notify.rosters import store
from services.notify.rosters.models import RosterRow


@dataclass(frozen=True)
class Caller:
    """Who is calling: their unit, and their contact where they are one."""

    unit: str | None
    contact_id: str | None
    #: sees every roster
    overseer: bool
    #: sets rosters up and acts for others
    keeper: bool

    @property
    def seen(self) -> store.Seen | None:
        """Whose rosters the caller sees; None: all."""
        return None if self.overseer else store.Seen(self.unit, self.contact_id)


async def caller_of(session: AsyncSession, principal: Principal) -> Caller:
    """Return the caller with their contact."""
    contact = await contacts.contact_of(session, principal.login)
    return Caller(
        principal.unit,
        contact.id if contact is not None else None,
        overseer=principal.reach("rosters.read") is Reach.ALL,
        keeper=principal.reach("rosters.write") is Reach.ALL,
    )


async def roster_for(session: AsyncSession, roster_id: str, caller: Caller, *, lock: bool = False) -> RosterRow:
    """Return a roster; 404 where there is none or it is not for the caller to see."""
    row = await store.roster(session, roster_id, lock=lock)
    if row is not None and not caller.overseer:
        own_unit = caller.unit is not None and row.unit == caller.unit
        named = caller.contact_id is not None and await store.names(session, row.id, caller.contact_id)
        row = row if own_unit or named else None
    if row is None:
        raise Problem(404, "not-found", zh="没有这张值班表", en="There is no such roster")
    return row


async def roster_to_keep(session: AsyncSession, roster_id: str, caller: Caller) -> RosterRow:
    """Return a roster, held for the rest of the transaction; 404 as :func:`roster_for`, 403 for whoever keeps none."""
    row = await roster_for(session, roster_id, caller, lock=True)
    require_keeper(caller)
    return row


def require_keeper(caller: Caller) -> None:
    """Answer 403 unless the caller keeps rosters."""
    if not caller.keeper:
        raise Problem(
            403,
            "roster.keepers-only",
            zh="值班表由办公室维护；您可以调换本人的班次、填写交接记录",
            en="The office keeps rosters; you may swap shifts of your own and write hand-over notes",
        )
