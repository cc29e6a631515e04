"""Who is on duty on which roster: the stored rosters as the rules see them, for whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Role
from services.notify.models import Contact
from services.notify.rosters import store
from services.notify.rosters.models import RosterRow
from services.notify.rosters.problems import Planned, RosterProblem, problems_of
from services.notify.rosters.roster import Answer, Override, Roster, Surge, Swap, on_duty, shifts
from services.notify.rosters.schemas import stored_rotation

Names = Mapping[str, str]


@dataclass(frozen=True)
class Duty:
    """Who is on duty on one roster at an instant. `names` gives the names of all whom the answer names."""

    roster_id: str
    roster_name: str
    unit: str | None
    role: Role | None
    answer: Answer
    names: Names


class OnDuty:
    """Answers who is on duty, over all rosters."""

    @staticmethod
    async def at(
        session: AsyncSession,
        instant: datetime,
        unit: str | None = None,
        role: Role | None = None,
        *,
        seen: store.Seen | None = None,
    ) -> list[Duty]:
        """Return the answer of each roster (of a unit, serving a role, that may be seen), oldest roster first.

        Each roster has exactly one answer; "nobody" is one, with the reason.
        """
        rows = await store.rosters(session, unit=unit, role=role, seen=seen)
        loaded = await load(session, rows, instant, instant)
        found = []
        for row in rows:
            answer = on_duty(loaded.rosters[row.id], instant)
            served = Role(row.role) if row.role else None
            found.append(Duty(row.id, row.name, row.unit, served, answer, loaded.names))
        return found


@dataclass(frozen=True)
class Loaded:
    """Rosters as the rules see them, with all who are named on them; `names` of those that were not deleted."""

    rosters: Mapping[str, Roster]
    contacts: Mapping[str, Contact]

    @property
    def names(self) -> Names:
        """The names of the people on the rosters, by contact id."""
        return {id_: contact.name for id_, contact in self.contacts.items()}


async def load(session: AsyncSession, rows: Sequence[RosterRow], start: datetime, end: datetime) -> Loaded:
    """Return rosters as they are between `start` and `end`, both included."""
    changes = await store.changes(session, [row.id for row in rows], start, end)
    bare = {row.id: _roster(row, changes[row.id]) for row in rows}
    named = {id_ for roster in bare.values() for id_ in people_of(roster)}
    contacts = await store.contacts(session, named)
    absent = frozenset(id_ for id_ in named if id_ not in contacts or not contacts[id_].enabled)
    found = {
        roster.id: Roster(
            roster.id,
            roster.zone,
            roster.layers,
            roster.overrides,
            roster.swaps,
            roster.surges,
            absent & people_of(roster),
        )
        for roster in bare.values()
    }
    return Loaded(found, contacts)


def people_of(roster: Roster) -> frozenset[str]:
    """Return every contact that a roster names."""
    return frozenset(
        [
            *(id_ for layer in roster.layers for id_ in layer.participants),
            *(override.contact_id for override in roster.overrides),
            *(id_ for swap in roster.swaps for id_ in (swap.one, swap.other)),
            *(id_ for surge in roster.surges for line in surge.lines for id_ in line),
        ]
    )


async def problems_between(
    session: AsyncSession, rows: Sequence[RosterRow], start: datetime, end: datetime
) -> tuple[list[RosterProblem], Names, Mapping[str, str]]:
    """Return the problems of rosters between two instants, the names of their people, and those of all rosters.

    Double bookings are looked for on every roster that there is.
    """
    everything = await store.rosters(session)
    loaded = await load(session, everything, start, end)
    wanted = {row.id for row in rows}
    people = frozenset().union(*(people_of(loaded.rosters[id_]) for id_ in wanted))
    concerned = [row for row in everything if row.id in wanted or people & people_of(loaded.rosters[row.id])]

    def look() -> list[RosterProblem]:
        planned = {
            row.id: Planned(
                row.id,
                shifts(loaded.rosters[row.id], start, end),
                timedelta(hours=row.longest_hours) if row.longest_hours else None,
                row.round_the_clock,
            )
            for row in concerned
        }
        return [problem for row in rows for problem in problems_of(planned[row.id], list(planned.values()))]

    # other requests are answered meanwhile: a year of many rosters takes seconds
    return await asyncio.to_thread(look), loaded.names, {row.id: row.name for row in everything}


def _roster(row: RosterRow, changes: store.Changes) -> Roster:
    rotations = [stored_rotation(stored) for stored in row.rotations]
    return Roster(
        row.id,
        row.zone,
        tuple(rotation.rule(rotation.id or "") for rotation in rotations),
        tuple(
            Override(one.id, (one.entered_at, one.id), one.starts_at, one.ends_at, one.contact_id, one.replaces)
            for one in changes.overrides
        ),
        tuple(
            Swap(
                one.id,
                (one.decided_at or one.proposed_at, one.id),
                one.contact_id,
                one.other_id,
                (one.starts_at, one.ends_at),
                (one.other_starts_at, one.other_ends_at),
            )
            for one in changes.swaps
        ),
        tuple(
            Surge(
                one.id,
                (one.entered_at, one.id),
                one.starts_at,
                one.ends_at,
                one.hours,
                tuple(tuple(line) for line in one.lines),
            )
            for one in changes.surges
        ),
    )
