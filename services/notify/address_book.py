"""Use cases of the contact network: list, enter, change, remove."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import ChannelName, Role
from kit.auth import Principal
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.pages import PageRequest
from kit.problems import Problem
from services.notify import store
from services.notify.addressing import ways_of
from services.notify.models import Contact
from services.notify.people import store as people
from services.notify.people.audit import note
from services.notify.people.gaps import gaps_of
from services.notify.people.models import ContactLogEntry
from services.notify.people.quiet import QuietWindow
from services.notify.people.schemas import GapsOut, MeIn
from services.notify.people.stored_ways import stored_ways
from services.notify.people.units import proper_name
from services.notify.people.written import Format, contacts_file
from services.notify.rosters.store import rosters_naming
from services.notify.schemas import ContactIn, ContactPatch
from services.notify.ways import Way

#: Raises a problem unless the caller has seen this version.
Precondition = Callable[[int], None]


class AddressBook:
    """The contacts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def page(
        self, page: PageRequest, *, role: Role | None, unit: str | None, enabled: bool | None
    ) -> list[Contact]:
        """Return one row more than a page of contacts."""
        async with self._database.reading() as session:
            return await store.contacts(
                session, role=role, unit=unit, enabled=enabled, after=page.after, limit=page.limit + 1
            )

    async def one(self, contact_id: str) -> Contact:
        """Return a contact; 404 where there is none."""
        async with self._database.reading() as session:
            return _found(await store.contact(session, contact_id))

    async def add(self, entered: ContactIn) -> Contact:
        """Enter a contact; 409 where the login name is taken, 422 for an unknown unit or a way that could not work."""
        now = self._clock.now()
        contact = Contact(
            id=new_id(),
            name=entered.name,
            roles=_values(entered.roles),
            unit=entered.unit,
            username=entered.username,
            ways=stored_ways(entered.ways, []),
            quiet_hours=_windows(entered.quiet_hours),
            language=entered.language,
            enabled=entered.enabled,
            drill_target=entered.drill_target,
            version=1,
            created_at=now,
            updated_at=now,
        )
        try:
            async with self._database.writing() as session:
                if entered.unit is not None:
                    contact.unit = await proper_name(session, entered.unit)
                session.add(contact)
                await session.flush()
                await store.set_roles(session, contact.id, contact.roles)
        except IntegrityError:
            raise _taken(entered.username) from None
        return contact

    async def change(self, contact_id: str, patch: ContactPatch, precondition: Precondition) -> Contact:
        """Change the fields that `patch` names, if `precondition` lets the stored version pass; 409 for the desk.

        422 for a unit that is not in the registry.
        """
        try:
            async with self._database.writing() as session:
                contact = _found(await store.contact(session, contact_id, lock=True))
                precondition(contact.version)
                if contact.seat == store.DESK and patch.enabled is False:
                    raise _desk_stays()
                await self._apply(session, contact, patch)
        except IntegrityError:
            raise _taken(patch.username) from None
        return contact

    async def remove(self, contact_id: str, precondition: Precondition) -> None:
        """Delete a contact; what was sent to them stays on record. 409 for the duty desk and who is on a roster."""
        async with self._database.writing() as session:
            contact = _found(await store.contact(session, contact_id, lock=True))
            precondition(contact.version)
            if contact.seat == store.DESK:
                raise _desk_stays()
            rosters = await rosters_naming(session, contact.id, self._clock.now())
            if rosters:
                raise _on_rosters(rosters)
            await session.delete(contact)

    async def mine(self, principal: Principal) -> Contact:
        """Return the contact whose login name is the caller's; 404 where there is none."""
        async with self._database.reading() as session:
            return _own(await store.contact_of(session, principal.login))

    async def change_mine(self, principal: Principal, wanted: MeIn, precondition: Precondition) -> Contact:
        """Change the caller's own quiet hours and language; 404 where the caller is no contact."""
        own = await self.mine(principal)
        return await self.change(own.id, ContactPatch(**wanted.model_dump(exclude_unset=True)), precondition)

    async def gaps(self) -> GapsOut:
        """Return what the network lacks."""
        async with self._database.reading() as session:
            return gaps_of(await people.everybody(session), await people.units(session))

    async def exported(self, by: Principal, titles: Mapping[ChannelName, str], fmt: Format) -> bytes:
        """Return all contacts as a file, once it is written down who took them."""
        async with self._database.writing() as session:
            contacts = await people.everybody(session)
            await note(session, "exported", by, len(contacts), fmt, self._clock.now())
        return await asyncio.to_thread(contacts_file, contacts, titles, fmt)

    async def log(self, page: PageRequest) -> list[ContactLogEntry]:
        """Return one row more than a page of the log of files of contacts, newest first."""
        async with self._database.reading() as session:
            return await people.log(session, after=page.after, limit=page.limit + 1)

    async def way_on(self, contact_id: str, channel: ChannelName) -> tuple[Contact, Way]:
        """Return a contact and their way on `channel`; 404 for an unknown contact, 409 where they have no such way."""
        contact = await self.one(contact_id)
        way = next((way for way in ways_of(contact) if way.channel is channel), None)
        if way is None:
            raise Problem(
                409,
                "contact.no-such-way",
                zh="该联络员没有登记此渠道",
                en="This contact has no address on that channel",
            )
        return contact, way

    async def _apply(self, session: AsyncSession, contact: Contact, patch: ContactPatch) -> None:
        given = patch.model_fields_set
        if patch.name is not None:
            contact.name = patch.name
        if patch.enabled is not None:
            contact.enabled = patch.enabled
        if patch.drill_target is not None:
            contact.drill_target = patch.drill_target
        if "unit" in given:
            contact.unit = await proper_name(session, patch.unit) if patch.unit is not None else None
        if "username" in given:
            contact.username = patch.username
        if patch.ways is not None:
            contact.ways = stored_ways(patch.ways, ways_of(contact))
        if patch.quiet_hours is not None:
            contact.quiet_hours = _windows(patch.quiet_hours)
        if patch.language is not None:
            contact.language = patch.language
        if patch.roles is not None:
            contact.roles = _values(patch.roles)
            await store.set_roles(session, contact.id, contact.roles)
        contact.version += 1
        contact.updated_at = self._clock.now()
        await session.flush()


def _windows(windows: list[QuietWindow]) -> list[dict[str, Any]]:
    return [window.model_dump(mode="json") for window in windows]


def _values(roles: list[Role]) -> list[str]:
    return [role.value for role in dict.fromkeys(roles)]


def _found(contact: Contact | None) -> Contact:
    if contact is None:
        raise Problem(404, "not-found", zh="没有这位联络员", en="There is no such contact")
    return contact


def _own(contact: Contact | None) -> Contact:
    if contact is None:
        raise Problem(
            404,
            "contact.none-of-yours",
            zh="您尚未登记为联络员，请与办公室联系",
            en="You are not entered as a contact; ask the office",
        )
    return contact


def _taken(username: str | None) -> Problem:
    return Problem(
        409,
        "contact.username",
        zh=f"登录名 {username} 已属于另一位联络员",
        en=f"{username} is another contact's login name",
    )


def _desk_stays() -> Problem:
    return Problem(
        409,
        "contact.desk",
        zh="值班席是无人可通知时的最后收件人，不能停用或删除，只能修改",
        en="The duty desk gets what nobody else can get; it can be changed, not disabled or deleted",
    )


def _on_rosters(names: list[str]) -> Problem:
    return Problem(
        409,
        "contact.on-roster",
        zh=f"该联络员在值班表上：{'、'.join(names)}。请先从排班中移除；临时不能值班可停用",
        en=f"This contact is on rosters: {', '.join(names)}. Take them off first, or disable them",
        rosters=names,
    )
