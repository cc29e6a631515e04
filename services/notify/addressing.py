"""Who is told of a notification, by which way, when and why: what a request does, and what a dry run shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import NotificationRequested, Recipient
from contracts.words import ChannelName, Level, NotificationKind, Role
from services.notify import store
from services.notify.duty import OnDutyLookup
from services.notify.models import Contact, Webhook
from services.notify.people import store as people
from services.notify.people.models import Unit
from services.notify.people.quiet import QuietWindow, held_until
from services.notify.recipients import (
    Addressee,
    Duty,
    Person,
    Resolution,
    chosen_ways,
    for_drill,
    holders_of,
    resolve,
    unreachable,
    with_desk,
)
from services.notify.subscriptions import store as subscriptions
from services.notify.subscriptions.models import Subscription
from services.notify.texts import beijing
from services.notify.ways import LOG_WAY, Way

#: What a letter says that went out for a subscription alone.
BY_SUBSCRIPTION: Final = "按专题订阅通知"


class Target(StrEnum):
    """What a letter goes to."""

    PERSON = "person"
    #: the group of a unit
    UNIT = "unit"
    #: a webhook subscription
    PROGRAM = "program"


@dataclass(frozen=True)
class Planned:
    """One letter to be: to whom, by which way, and when the first attempt is due. `held`: by quiet hours."""

    addressee: Addressee
    way: Way
    target: Target
    due: datetime
    held: bool = False


@dataclass(frozen=True)
class Addressed:
    """All letters of a notification, and what was missing (one line each)."""

    letters: list[Planned]
    gaps: list[str]

    @property
    def nobody(self) -> bool:
        """Tell whether it is for subscribers alone, and there are none."""
        return not self.letters and not self.gaps


class Addressing:
    """Works out whom a request is for, as contacts, units, rosters and subscriptions stand at present."""

    def __init__(self, on_duty: OnDutyLookup) -> None:
        self._on_duty = on_duty

    async def address(
        self, session: AsyncSession, request: NotificationRequested, desk: Contact, now: datetime
    ) -> Addressed:
        """Return the letters that `request` comes to at the instant `now`; each person is in it once."""
        recipients = await _with_proper_units(session, request.recipients)
        elsewhere = await _with_proper_units(session, request.told_elsewhere)
        everybody = [person_of(found) for found in await store.candidates(session, [*recipients, *elsewhere])]
        duty = await self._duty(session, [*recipients, *elsewhere], now)
        fallback = person_of(desk)
        resolution = Resolution()
        if recipients or not request.topics:
            resolution = resolve(recipients, everybody, fallback, request.channels, duty)
        groups = await people.with_groups(session)
        told = groups_told(recipients, groups)
        wanting = await subscriptions.wanting(session, request.kind, request.level, request.topics)
        if wanting:
            away = resolve(elsewhere, everybody, fallback, duty=duty).addressees if elsewhere else []
            away_groups = groups_told(elsewhere, groups)
            resolution, told = await self._subscribed(
                session, wanting, resolution, told, {one.person.id for one in away}, away_groups, groups, fallback
            )
        if request.drill:
            resolution, told = Resolution(for_drill(resolution.addressees, fallback), resolution.gaps), []
        letters = [
            _planned(request.kind, request.level, addressee, way, desk.id, now)
            for addressee in resolution.addressees
            for way in addressee.ways
        ]
        letters += [Planned(addressee, addressee.ways[0], Target.UNIT, now) for addressee in told]
        if recipients or not request.topics:
            hooks = await store.subscriptions(session, request.kind, request.level, drill=request.drill)
            letters += [Planned(_program(hook), subscription_way(hook, now), Target.PROGRAM, now) for hook in hooks]
        return Addressed(letters, resolution.gaps)

    async def _duty(self, session: AsyncSession, recipients: Iterable[Recipient], now: datetime) -> Duty:
        asked = {(one.unit, one.role) for one in recipients if one.on_duty}
        found = {(unit, role): await self._on_duty.at(session, now, unit=unit, role=role) for unit, role in asked}
        return {where: [one.officer for one in duties if one.officer is not None] for where, duties in found.items()}

    async def _subscribed(
        self,
        session: AsyncSession,
        wanting: Sequence[Subscription],
        resolution: Resolution,
        told: list[Addressee],
        away: set[str],
        away_groups: Sequence[Addressee],
        groups: Sequence[Unit],
        desk: Person,
    ) -> tuple[Resolution, list[Addressee]]:
        """Return those told with the subscribers who are not among them, nor among those told elsewhere."""
        seen = {one.person.id for one in resolution.addressees} | away
        seen_groups = {one.person.id for one in (*told, *away_groups)}
        by_id = {unit.id: unit for unit in groups}
        found, gaps = list(resolution.addressees), list(resolution.gaps)
        for row in wanting:
            if row.unit_id in by_id:
                if row.unit_id not in seen_groups:
                    seen_groups.add(row.unit_id)
                    told = [*told, _group(by_id[row.unit_id], None, subscription=row.id)]
                continue
            persons, missing = await _subscribers(session, row)
            gaps += missing
            for person in persons:
                if person.id in seen:
                    continue
                seen.add(person.id)
                ways = chosen_ways(person, row.channels)
                if ways:
                    found.append(Addressee(person, None, ways, (BY_SUBSCRIPTION,), subscription=row.id))
                else:
                    gaps.append(unreachable(person.name))
        gaps = list(dict.fromkeys(gaps))
        whole = Resolution(found, gaps)
        return (with_desk(whole, desk) if gaps != resolution.gaps else whole), told


def groups_told(recipients: Sequence[Recipient], groups: Sequence[Unit]) -> list[Addressee]:
    """Return the groups of the units that are named, or whose role is named without a unit; each once.

    A role names a unit where the registry says that the unit acts in it.
    """
    found: dict[str, Addressee] = {}
    for recipient in recipients:
        if recipient.contact_id is not None or (recipient.role is None and recipient.unit is None):
            continue
        for unit in groups:
            by_unit = recipient.unit == unit.name
            by_role = recipient.unit is None and recipient.role == unit.role
            if (by_unit or by_role) and Way.model_validate(unit.way).enabled:
                found.setdefault(unit.id, _group(unit, recipient))
    return list(found.values())


def person_of(contact: Contact) -> Person:
    """Return a stored contact as the rules see them."""
    return Person(
        contact.id,
        contact.name,
        frozenset(Role(role) for role in contact.roles),
        contact.unit,
        usable_ways(contact),
        tuple(QuietWindow.model_validate(window) for window in contact.quiet_hours),
        contact.drill_target,
    )


def ways_of(contact: Contact) -> list[Way]:
    """Return every way of a contact, closed ones too."""
    return [Way.model_validate(way) for way in contact.ways]


def usable_ways(contact: Contact) -> tuple[Way, ...]:
    """Return the contact's ways that are in use; the desk can always be reached through the log.

    A way that nobody has verified is used all the same: better in vain than never.
    """
    ways = tuple(way for way in ways_of(contact) if way.enabled)
    if contact.seat == store.DESK and all(way.channel is not ChannelName.LOG for way in ways):
        return (*ways, LOG_WAY)
    return ways


def subscription_way(webhook: Webhook, now: datetime) -> Way:
    """Return the way that leads to a webhook subscription; for a day after a rotation the older secret signs too."""
    rotating = webhook.old_secret_until is not None and now < webhook.old_secret_until
    older = webhook.old_secret if rotating else None
    return Way(channel=ChannelName.WEBHOOK, address=webhook.url, secret=webhook.secret, older_secret=older)


def _planned(
    kind: NotificationKind, level: Level | None, addressee: Addressee, way: Way, desk_id: str, now: datetime
) -> Planned:
    """Return a letter to a person: held back by quiet hours, but never for the duty desk nor for who is on duty."""
    person = addressee.person
    until = None
    if person.id != desk_id and not addressee.on_duty:
        until = held_until(person.quiet, kind, level, now)
    if until is None:
        return Planned(addressee, way, Target.PERSON, now)
    note = f"于 {beijing(now)} 提出，因静默时段顺延至 {beijing(until)}"
    return Planned(replace(addressee, notes=(*addressee.notes, note)), way, Target.PERSON, until, held=True)


def _group(unit: Unit, recipient: Recipient | None, subscription: str | None = None) -> Addressee:
    notes = (BY_SUBSCRIPTION,) if subscription else ()
    role = recipient.role if recipient else None
    person = Person(unit.id, unit.name, unit=unit.name)
    ways = (Way.model_validate(unit.way),)
    return Addressee(person, role, ways, notes, recipient=recipient, subscription=subscription)


def _program(hook: Webhook) -> Addressee:
    return Addressee(Person(hook.id, hook.name), None, ())


async def _with_proper_units(session: AsyncSession, recipients: Sequence[Recipient]) -> list[Recipient]:
    """Return recipients with the proper names of their units, which they may name by an alias."""
    units = await people.named(session, {one.unit for one in recipients if one.unit})
    return [one.model_copy(update={"unit": units[one.unit].name}) if one.unit in units else one for one in recipients]


async def _subscribers(session: AsyncSession, row: Subscription) -> tuple[list[Person], list[str]]:
    """Return the people of a subscription (of a unit without a group, all of them) and what is missing."""
    if row.contact_id is not None:
        contact = await store.contact(session, row.contact_id)
        return ([person_of(contact)] if contact is not None and contact.enabled else []), []
    unit = await people.unit(session, row.unit_id or "")
    if unit is None:
        return [], []
    meant = Recipient(unit=unit.name)
    persons = holders_of(meant, [person_of(found) for found in await store.candidates(session, [meant])])
    return persons, ([] if persons else [f"订阅单位无人任职：{unit.name}"])
