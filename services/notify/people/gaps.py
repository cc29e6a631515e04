"""What the contact network lacks: ways not verified or closed, and people, units and roles not reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contracts.words import ChannelName, Role
from services.notify.addressing import ways_of
from services.notify.models import Contact
from services.notify.people.models import Unit
from services.notify.people.schemas import GapOut, GapsOut
from services.notify.recipients import ROLE_NAMES
from services.notify.ways import Way

#: Roles of the plan that somebody has to hold, so that notices reach a person; experts are invited case by case.
_WANTED: Final = tuple(role for role in Role if role not in (Role.EXPERT, Role.AUDITOR, Role.ADMIN))


def gaps_of(contacts: Sequence[Contact], units: Sequence[Unit]) -> GapsOut:
    """Return the gaps of a network; contacts that are disabled count as absent."""
    people = [contact for contact in contacts if contact.enabled]
    items: list[GapOut] = []
    reaching: list[Way] = []
    for contact in people:
        ways = ways_of(contact)
        reaching += [way for way in ways if _reaches(way)]
        items += _of_contact(contact, ways)
    staffed = {contact.unit for contact in people}
    items += [
        GapOut(kind="unit_empty", name=unit.name, unit=unit.name, detail=f"{unit.name}没有在用的联络员")
        for unit in units
        if unit.name not in staffed
    ]
    held = {role for contact in people for role in contact.roles}
    items += [
        GapOut(kind="role_empty", name=ROLE_NAMES[role], detail=f"无人担任{ROLE_NAMES[role]}")
        for role in _WANTED
        if role.value not in held
    ]
    return GapsOut(ways=len(reaching), verified=sum(way.verified_at is not None for way in reaching), items=items)


def _of_contact(contact: Contact, ways: Sequence[Way]) -> list[GapOut]:
    items = []
    for number, way in enumerate(ways, start=1):
        if way.channel is ChannelName.LOG:
            continue
        if not way.enabled:
            detail = f"{contact.name}的第 {number} 种联络方式已关闭：{way.disabled_reason or '原因不详'}"
        elif way.verified_at is None:
            detail = f"{contact.name}的第 {number} 种联络方式尚未验证"
        else:
            continue
        items.append(
            GapOut(
                kind="unverified" if way.enabled else "closed",
                contact_id=contact.id,
                name=contact.name,
                unit=contact.unit,
                way=number,
                channel=way.channel,
                detail=detail,
            )
        )
    if not any(_reaches(way) for way in ways):
        detail = f"{contact.name}没有可用的联络方式（运行日志除外）"
        gap = GapOut(kind="no_way", contact_id=contact.id, name=contact.name, unit=contact.unit, detail=detail)
        items.append(gap)
    return items


def _reaches(way: Way) -> bool:
    return way.enabled and way.channel is not ChannelName.LOG
