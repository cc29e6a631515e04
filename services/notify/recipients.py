"""Who is told: from the roles, units and people that a notification names to persons and their ways.

Each person is told once, however many of the named roles they hold. A role that nobody holds is never silence: the duty
desk is told instead, with a note of who is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from contracts.messages import Recipient
from contracts.words import Role
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
    drill_target: bool = False


@dataclass(frozen=True)
class Addressee:
    """A person to be told, by which ways, and as holder of which of the named roles."""

    person: Person
    role: Role | None
    ways: tuple[Way, ...]
    notes: tuple[str, ...] = ()


@dataclass
class Resolution:
    """Whom a notification goes to, and what was missing (one line each; empty when all is well)."""

    addressees: list[Addressee] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


def resolve(
    recipients: Sequence[Recipient], people: Iterable[Person], desk: Person, channels: Sequence[str] = ()
) -> Resolution:
    """Return who is told by which ways.

    `people` are all candidates, `desk` the fallback, `channels` those that the plan names for this notification (empty:
    everyone's own first way). The result names each person once and is never empty.
    """
    known = {person.id: person for person in people}
    found: dict[str, Addressee] = {}
    gaps: list[str] = []
    for recipient in recipients:
        holders = [person for person in known.values() if _matches(recipient, person)]
        if not holders:
            gaps.append(_gap(recipient))
        for person in sorted(holders, key=lambda holder: (holder.name, holder.id)):
            if person.id in found:
                continue
            ways = chosen_ways(person, channels)
            if ways:
                found[person.id] = Addressee(person, recipient.role, ways)
            elif person.id != desk.id:
                gaps.append(unreachable(person.name))
    if not recipients:
        gaps.append("通知未指明收件人")
    gaps = list(dict.fromkeys(gaps))
    if gaps or not found:
        told = found.get(desk.id) or Addressee(desk, None, chosen_ways(desk, channels) or (LOG_WAY,))
        found[desk.id] = replace(told, notes=tuple(gaps))
    return Resolution(list(found.values()), gaps)


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
    if recipient.role is None:
        return f"无人任职：{recipient.unit}" if recipient.unit else "通知未指明收件人"
    where = f"（{recipient.unit}）" if recipient.unit else ""
    return f"无人担任：{ROLE_NAMES[recipient.role]}{where}"
