"""Who is told: from the roles, units and people that a notification names to persons and their ways.

Each person is told once, however many of the named roles they hold. A role that nobody holds is never silence: the duty
desk is told instead, with a note of who is missing. Where only those on duty are meant and nobody is, all are told, and
the desk hears of the gap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from contracts.messages import Recipient
from contracts.words import Role
from services.notify.people.quiet import QuietWindow
from services.notify.ways import LOG_WAY, Way

#: What officers call the roles (clause 三 of the plan).
ROLE_NAMES: Final[dict[Role, str]] = {
    Role.CITY_LEADER: "市领导",
    Role.GROUP_LEADER: "组长",
    Role.GROUP_MEMBER: "组员",
    Role.OFFICE: "办公室",
    Role.PROPAGANDA: "宣传部",
    Role.DEPARTMENT: "部门",
    Role.COUNTY: "县（区）联络员",
    Role.EXPERT: "专家",
    Role.AUDITOR: "审计",
    Role.ADMIN: "系统管理员",
}


@dataclass(frozen=True)
class Person:
    """An enabled contact, as far as telling them goes. `ways` holds only those that are in use."""

    id: str
    name: str
    roles: frozenset[Role] = frozenset()
    unit: str | None = None
    ways: tuple[Way, ...] = ()
    quiet: tuple[QuietWindow, ...] = ()
    drill_target: bool = False


@dataclass(frozen=True)
class Addressee:
    """A person to be told, by which ways, and as holder of which of the named roles.

    `recipient` is the one among those named whom they were found as (None: the duty desk, for a gap). `on_duty`: they
    are told because the roster has them on duty now. `subscription` is the id of the one that they are told by.
    """

    person: Person
    role: Role | None
    ways: tuple[Way, ...]
    notes: tuple[str, ...] = ()
    recipient: Recipient | None = None
    on_duty: bool = False
    subscription: str | None = None


@dataclass
class Resolution:
    """Whom a notification goes to, and what was missing (one line each; empty when all is well)."""

    addressees: list[Addressee] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


#: Ids of those on duty, by the unit and the role that a recipient names.
Duty = Mapping[tuple[str | None, Role | None], Collection[str]]


def resolve(
    recipients: Sequence[Recipient],
    people: Iterable[Person],
    desk: Person,
    channels: Sequence[str] = (),
    duty: Duty | None = None,
) -> Resolution:
    """Return who is told by which ways.

    `people` are all candidates, `desk` the fallback, `channels` those that the plan names for this notification (empty:
    everyone's own first way), `duty` who is on duty. The result names each person once and is never empty.
    """
    known = {person.id: person for person in people}
    found: dict[str, Addressee] = {}
    gaps: list[str] = []
    for recipient in recipients:
        holders = holders_of(recipient, known.values())
        if not holders:
            gaps.append(_gap(recipient))
        on_duty = _on_duty(recipient, holders, duty or {})
        if recipient.on_duty and holders and not on_duty:
            gaps.append(_off_duty(recipient))
        for person in on_duty or holders:
            if person.id in found:
                told = found[person.id]
                found[person.id] = replace(told, on_duty=told.on_duty or bool(on_duty))
                continue
            ways = chosen_ways(person, channels)
            if ways:
                found[person.id] = Addressee(person, recipient.role, ways, recipient=recipient, on_duty=bool(on_duty))
            elif person.id != desk.id:
                gaps.append(unreachable(person.name))
    if not recipients:
        gaps.append("通知未指明收件人")
    resolution = Resolution(list(found.values()), list(dict.fromkeys(gaps)))
    return with_desk(resolution, desk, channels) if gaps or not found else resolution


def with_desk(resolution: Resolution, desk: Person, channels: Sequence[str] = ()) -> Resolution:
    """Return the resolution with the duty desk among those told, and all gaps in its notes."""
    found = {addressee.person.id: addressee for addressee in resolution.addressees}
    told = found.get(desk.id) or Addressee(desk, None, chosen_ways(desk, channels) or (LOG_WAY,))
    found[desk.id] = replace(told, notes=tuple(resolution.gaps))
    return Resolution(list(found.values()), resolution.gaps)


def holders_of(recipient: Recipient, people: Iterable[Person]) -> list[Person]:
    """Return whoever of `people` a recipient means, on duty or not, by name."""
    holders = (person for person in people if _matches(recipient, person))
    return sorted(holders, key=lambda holder: (holder.name, holder.id))


def _on_duty(recipient: Recipient, holders: Sequence[Person], duty: Duty) -> list[Person]:
    """Return those of `holders` who are on duty, where only they are meant."""
    if not recipient.on_duty:
        return []
    ids = set(duty.get((recipient.unit, recipient.role), ()))
    return [person for person in holders if person.id in ids]


def for_drill(addressees: Sequence[Addressee], desk: Person) -> list[Addressee]:
    """Return those of `addressees` who take part in drills; where none does, the desk, in the log alone."""
    targets = [addressee for addressee in addressees if addressee.person.drill_target]
    return targets or [Addressee(desk, None, (LOG_WAY,), ("演练：收件人中没有演练对象，仅记入日志",))]


def chosen_ways(person: Person, channels: Sequence[str]) -> tuple[Way, ...]:
    """Return the person's first way on each of the plan's `channels`, else their own first way, else nothing."""
    named = [way for channel in dict.fromkeys(channels) if (way := _first(person.ways, channel)) is not None]
    return tuple(named) or person.ways[:1]


def next_way(ways: Sequence[Way], tried: Iterable[str]) -> Way | None:
    """Return the first way in use on a channel that has not been tried, or None."""
    used = set(tried)
    return next((way for way in ways if way.enabled and way.channel not in used), None)


def unreachable(name: str) -> str:
    """Return the note that tells the desk of a person who cannot be reached."""
    return f"无法通知到：{name}"


def _first(ways: Sequence[Way], channel: str) -> Way | None:
    return next((way for way in ways if way.channel == channel), None)


def _matches(recipient: Recipient, person: Person) -> bool:
    if recipient.contact_id is not None:
        return person.id == recipient.contact_id
    if recipient.role is None and recipient.unit is None:
        return False
    return (recipient.role is None or recipient.role in person.roles) and (
        recipient.unit is None or recipient.unit == person.unit
    )


def _gap(recipient: Recipient) -> str:
    if recipient.contact_id is not None:
        return f"联络员不存在或已停用：{recipient.contact_id}"
    if recipient.role is None and not recipient.unit:
        return "通知未指明收件人"
    return f"{'无人任职' if recipient.role is None else '无人担任'}：{_named(recipient)}"


def _off_duty(recipient: Recipient) -> str:
    whom = _named(recipient) or "该联络员"
    return f"值班表中此刻无人值班：{whom}，已通知全部相关人员"


def _named(recipient: Recipient) -> str:
    """Return the role and unit of a recipient as officers call them."""
    if recipient.role is None:
        return recipient.unit or ""
    return ROLE_NAMES[recipient.role] + (f"（{recipient.unit}）" if recipient.unit else "")
