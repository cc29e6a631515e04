"""Who takes part in a case by the plan: its chain of command at the level, narrowed to the units that it concerns.

A role takes part as a whole, except those that are confined to what concerns them
(:data:`contracts.permissions.CONFINED`) and of which the plan names units: of the counties, those that the event names
(clause 七(一)); of the departments, those that the plan says are concerned with the incident type, the topics or the
places (clauses 四, 五(三)2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contracts.permissions import CONFINED
from contracts.words import IncidentType, Level, Role
from services.cases.access import counties_of, places_of
from services.cases.plan.schema import Place, Plan, Unit


class Part(StrEnum):
    """What somebody does in a case."""

    LEAD = "lead"
    EXECUTOR = "executor"
    INFORMED = "informed"


#: Parts as officers call them.
PART_NAMES: Final = {Part.LEAD: "领导", Part.EXECUTOR: "执行", Part.INFORMED: "知会"}


@dataclass(frozen=True, slots=True)
class About:
    """What a case is about, as far as it decides who is concerned."""

    incident_type: IncidentType
    topics: Sequence[str] = ()
    places: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Seat:
    """A body's part in a case; `unit` is empty where all who hold the role take part."""

    role: Role
    unit: str
    part: Part


def seats(plan: Plan, level: Level, about: About) -> list[Seat]:
    """Return the chain of command at `level`, each role once, with the first of its parts: lead, executor, informed.

    Where departments are to lead and none is known to be concerned, the office leads until it has named them.
    """
    chain = plan.levels[level].chain
    found: dict[tuple[Role, str], Seat] = {}
    for part, roles in ((Part.LEAD, chain.lead), (Part.EXECUTOR, chain.executors), (Part.INFORMED, chain.informed)):
        for role in roles:
            for unit in concerned(plan, role, about):
                found.setdefault((role, unit), Seat(role, unit, part))
    if not any(seat.part is Part.LEAD for seat in found.values()):
        found[Role.OFFICE, ""] = Seat(Role.OFFICE, "", Part.LEAD)
    return list(found.values())


def departments_are_wanted(plan: Plan, level: Level, present: Iterable[Role | str]) -> bool:
    """Tell whether the chain of command at `level` has a part for departments, and none is among the roles present."""
    chain = plan.levels[level].chain
    return Role.DEPARTMENT in (*chain.lead, *chain.executors, *chain.informed) and Role.DEPARTMENT not in present


def concerned(plan: Plan, role: Role, about: About) -> list[str]:
    """Return the names of the role's units that a case concerns; `[""]` where the role takes part as a whole.

    Where the case names no place of the plan, or none that a county is in charge of, all counties are concerned. Where
    no department is concerned by its own account, those are that the plan marks as `by_default`; where it marks none,
    nobody: the office is asked to name them.
    """
    units = [unit for unit in plan.organisation.units if unit.role is role]
    if role not in CONFINED or (not units and role is not Role.DEPARTMENT):
        return [""]
    named = places_in(plan, about.places)
    if role is Role.COUNTY:
        return list(counties_of(plan, named)) or [unit.name for unit in units]
    fitting = [unit.name for unit in units if _is_concerned(plan, unit, about, named)]
    if fitting or role is not Role.DEPARTMENT:
        return fitting or [""]
    return [unit.name for unit in units if unit.by_default]


def _is_concerned(plan: Plan, unit: Unit, about: About, named: set[str]) -> bool:
    said = unit.concerns
    return said is not None and bool(
        about.incident_type in said.incident_types
        or set(about.topics) & set(said.topics)
        or places_of(plan, unit.role, unit.name) & named
    )


def places_in(plan: Plan, texts: Iterable[str]) -> set[str]:
    """Return the names of the plan's places that `texts` name, by name or alias."""
    said = list(texts)
    return {place.name for place in plan.scope.places if any(_names(place, text) for text in said)}


def _names(place: Place, text: str) -> bool:
    return any(name in text for name in (place.name, *place.aliases))


def body_name(plan: Plan, role: Role | str, unit: str = "", person: str = "") -> str:
    """Return a body, or a person of it, as officers call it: the unit's name, else what the plan calls the role."""
    body = unit or next((holder.name for holder in plan.organisation.roles if holder.role == role), str(role))
    return f"{body}{person}" if person else body
