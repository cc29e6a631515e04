"""What is a caller's own: which cases and alerts they see, and which piece of work is theirs.

Most roles of the plan work on every case. Three are *confined* to what they take part in
(:data:`contracts.permissions.CONFINED`). A body takes part by its role and its unit; a participant without a unit
stands for all who hold the role, one with a person for that person alone. docs/roles.md says it in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from typing import Protocol

from contracts.messages import Party
from contracts.permissions import ACTIONS, CONFINED
from contracts.words import Role
from services.cases.plan.schema import Plan


class Caller(Protocol):
    """Whoever acts: a :class:`kit.auth.Principal` or an `Actor` of the service, both of which fit."""

    @property
    def login(self) -> str:
        """Return the name by which the caller logs in; the name that others are shown identifies nobody."""

    @property
    def roles(self) -> Set[Role]:
        """Return the roles held."""

    @property
    def unit(self) -> str | None:
        """Return the unit's name, as in the plan's `organisation.units`; None where the caller is of no unit."""


@dataclass(frozen=True, slots=True)
class Own:
    """By what something is a caller's own: `roles` of `unit` ("" for none), or the person of that login name.

    `places` are the names of the places that the unit answers for: alerts of events there are its own too.
    """

    roles: frozenset[Role]
    unit: str
    person: str
    places: frozenset[str] = frozenset()

    def has(self, role: Role | str, unit: str | None, person: str | None) -> bool:
        """Tell whether a participant, or the holder of a piece of work, is the caller ("" or None: whoever)."""
        return Party(role=Role(role), unit=unit or "", person=person or "").is_of(self.roles, self.unit, self.person)


def is_confined(caller: Caller) -> bool:
    """Tell whether a person holds none but roles that see only what they take part in."""
    return bool(caller.roles) and not caller.roles - CONFINED


def own_of(caller: Caller, action: str) -> Own | None:
    """Return what of `action` is the caller's own, or None where the caller reaches everything.

    Somebody who may not perform it at all owns nothing, so that a forgotten check of the right shows nothing.
    """
    row = ACTIONS[action]
    if row.everywhere & caller.roles:
        return None
    return Own(row.own & caller.roles, caller.unit or "", caller.login)


def own_alerts(caller: Caller, plan: Plan) -> Own | None:
    """Return which alerts are the caller's own (None: all are): besides those of their cases, those of their places."""
    own = own_of(caller, "alerts.read")
    if own is None:
        return None
    return replace(own, places=frozenset[str]().union(*(places_of(plan, role, own.unit) for role in own.roles)))


def places_of(plan: Plan, role: Role, unit: str) -> frozenset[str]:
    """Return the names, aliases too, of the places that a unit answers for; none for a role as a whole.

    They are those that its `concerns` in the plan name. A county without such answers for the place with whose name or
    alias its own begins (景东县移民系统: 景东彝族自治县), the longest where there are several.
    """
    if not unit:
        return frozenset()
    names = [(place.name, *place.aliases) for place in plan.scope.places]
    told = [one.concerns for one in plan.organisation.units if (one.role, one.name) == (role, unit) and one.concerns]
    if told:
        named = {name for concerns in told for name in concerns.places}
        return frozenset[str]().union(*(group for group in names if named.intersection(group)))
    if role is not Role.COUNTY:
        return frozenset()
    fitting = [(len(name), group) for group in names for name in group if unit.startswith(name)]
    return frozenset(max(fitting)[1]) if fitting else frozenset()


def parties_at(plan: Plan, places: Iterable[str]) -> list[Party]:
    """Return the plan's units, of the roles that see only their own, that answer for any of `places`."""
    wanted = frozenset(places)
    units = [unit for unit in plan.organisation.units if unit.role in CONFINED]
    return [Party(role=unit.role, unit=unit.name) for unit in units if places_of(plan, unit.role, unit.name) & wanted]


def counties_of(plan: Plan, places: Iterable[str]) -> tuple[str, ...]:
    """Return the plan's county units that answer for any of `places`, in the plan's order."""
    return tuple(party.unit for party in parties_at(plan, places) if party.role is Role.COUNTY)


def owns(caller: Caller, role: Role | str, unit: str | None = "", person: str | None = "") -> bool:
    """Tell whether a piece of work that is `role`'s, of `unit`, may be done by `caller`.

    `role`, `unit` and `person` are those of the task, information, fact … (a participant's columns; "" or None: all
    who hold the role). Whoever holds a role that is not confined (the office, the leaders, propaganda …) may do it for
    any unit, and is recorded as who did; a confined role does only its own. Whether the caller may perform the action
    at all is `require`'s to say, and whether the case is the caller's the routes' guard's: this is about the one
    object. Refuse where it is False::

        if not access.owns(actor, task.role, task.unit):
            raise Refused("not_yours", "任务由其他单位承担", "The task is another unit's")
    """
    return bool(caller.roles - CONFINED) or Own(frozenset(caller.roles), caller.unit or "", caller.login).has(
        role, unit, person
    )
