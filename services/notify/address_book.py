"""Use cases of the contact network: list, enter, change, remove."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import ChannelName, Role
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.pages import PageRequest
from kit.problems import Problem
from services.notify import store
from services.notify.models import Contact
from services.notify.rosters.store import rosters_naming
from services.notify.schemas import ContactIn, ContactPatch, WayIn
from services.notify.telling import ways_of
from services.notify.ways import Way, check_way

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
        """Enter a contact; 409 where the login name is taken, 422 where a way could not work."""
        now = self._clock.now()
        contact = Contact(
            id=new_id(),
            name=entered.name,
            roles=_values(entered.roles),
            unit=entered.unit,
            username=entered.username,
            ways=_stored(entered.ways, []),
            enabled=entered.enabled,
            drill_target=entered.drill_target,
            version=1,
            created_at=now,
            updated_at=now,
        )
        try:
            async with self._database.writing() as session:
                session.add(contact)
                await session.flush()
                await store.set_roles(session, contact.id, contact.roles)
        except IntegrityError:
            raise _taken(entered.username) from None
        return contact

    async def change(self, contact_id: str, patch: ContactPatch, precondition: Precondition) -> Contact:
        """Change the fields that `patch` names, if `precondition` lets the stored version pass; 409 for the desk."""
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
            contact.unit = patch.unit
        if "username" in given:
            contact.username = patch.username
        if patch.ways is not None:
            contact.ways = _stored(patch.ways, ways_of(contact))
        if patch.roles is not None:
            contact.roles = _values(patch.roles)
            await store.set_roles(session, contact.id, contact.roles)
        contact.version += 1
        contact.updated_at = self._clock.now()
        await session.flush()


def _stored(entered: list[WayIn], before: list[Way]) -> list[dict[str, object]]:
    """Return ways as stored. A secret left out is kept from the way at the same address, since it is never shown."""
    kept = {(way.channel, way.address): way.secret for way in before}
    ways = []
    for index, given in enumerate(entered):
        secret = given.secret.get_secret_value() if given.secret else kept.get((given.channel, given.address))
        way = Way(channel=given.channel, address=given.address, secret=secret)
        _check(way, f"/ways/{index}")
        ways.append(way.model_dump(mode="json"))
    return ways


def _check(way: Way, pointer: str = "/") -> None:
    try:
        check_way(way)
    except ValueError as error:
        raise Problem(
            422, "contact.way", zh=str(error), en="The address or secret of this way cannot work", pointer=pointer
        ) from None


def _values(roles: list[Role]) -> list[str]:
    return [role.value for role in dict.fromkeys(roles)]


def _found(contact: Contact | None) -> Contact:
    if contact is None:
        raise Problem(404, "not-found", zh="没有这位联络员", en="There is no such contact")
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
