"""Use cases of rosters: list, set up, change, remove; overrides and surges; calendar links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Role
from kit.auth import Principal
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.pages import PageRequest
from kit.problems import FieldError, Problem
from services.notify.rosters import store
from services.notify.rosters.access import caller_of, require_keeper, roster_for, roster_to_keep
from services.notify.rosters.models import OverrideRow, RosterRow, SurgeRow
from services.notify.rosters.on_duty import Names
from services.notify.rosters.schemas import OverrideIn, RosterIn, RosterPatch, RotationIn, SurgeIn

#: Raises a problem unless the caller has seen this version.
Precondition = Callable[[int], None]
Changed = TypeVar("Changed", OverrideRow, SurgeRow)

#: How much of a name is shown in an error.
_SHOWN: Final = 5


class Rosters:
    """What the office does with rosters."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def page(
        self, page: PageRequest, principal: Principal, *, unit: str | None, role: Role | None
    ) -> tuple[list[RosterRow], Names]:
        """Return one row more than a page of the rosters that the caller sees, and the names of their people."""
        async with self._database.reading() as session:
            caller = await caller_of(session, principal)
            rows = await store.rosters(
                session, unit=unit, role=role, seen=caller.seen, after=page.after, limit=page.limit + 1
            )
            return rows, await self._names(session, rows)

    async def one(self, roster_id: str, principal: Principal) -> tuple[RosterRow, Names]:
        """Return a roster and the names of its people; 404 where there is none that the caller sees."""
        async with self._database.reading() as session:
            row = await roster_for(session, roster_id, await caller_of(session, principal))
            return row, await self._names(session, [row])

    async def add(self, entered: RosterIn, principal: Principal) -> tuple[RosterRow, Names]:
        """Set a roster up; 422 where it names people whom the contact network does not know."""
        now = self._clock.now()
        async with self._database.writing() as session:
            require_keeper(await caller_of(session, principal))
            row = RosterRow(
                id=new_id(),
                name=entered.name,
                zone=entered.zone,
                unit=entered.unit,
                role=entered.role.value if entered.role else None,
                longest_hours=entered.longest_hours,
                round_the_clock=entered.round_the_clock,
                rotations=[],
                created_at=now,
                updated_at=now,
            )
            session.add(row)
            await session.flush()
            await self._set_rotations(session, row, entered.rotations)
            return row, await self._names(session, [row])

    async def change(
        self, roster_id: str, patch: RosterPatch, principal: Principal, precondition: Precondition
    ) -> tuple[RosterRow, Names]:
        """Change the fields that `patch` names, if `precondition` lets the stored version pass; 422 as :meth:`add`."""
        given = patch.model_fields_set
        async with self._database.writing() as session:
            row = await roster_to_keep(session, roster_id, await caller_of(session, principal))
            precondition(row.version)
            row.name = patch.name or row.name
            row.zone = patch.zone or row.zone
            if "unit" in given:
                row.unit = patch.unit
            if "role" in given:
                row.role = patch.role.value if patch.role else None
            if "longest_hours" in given:
                row.longest_hours = patch.longest_hours
            if patch.round_the_clock is not None:
                row.round_the_clock = patch.round_the_clock
            if patch.rotations is not None:
                await self._set_rotations(session, row, patch.rotations)
            row.version += 1
            row.updated_at = self._clock.now()
            await session.flush()
            return row, await self._names(session, [row])

    async def remove(self, roster_id: str, principal: Principal, precondition: Precondition) -> None:
        """Delete a roster with its changes and notes."""
        async with self._database.writing() as session:
            row = await roster_to_keep(session, roster_id, await caller_of(session, principal))
            precondition(row.version)
            await session.delete(row)

    async def add_override(
        self, roster_id: str, entered: OverrideIn, principal: Principal
    ) -> tuple[OverrideRow, Names]:
        """Put somebody in another's place or add them; 422 where the contact network does not know them."""
        now = self._clock.now()
        async with self._database.writing() as session:
            roster = await roster_to_keep(session, roster_id, await caller_of(session, principal))
            named = [(entered.contact_id, "/contact_id")]
            if entered.replaces is not None:
                named.append((entered.replaces, "/replaces"))
            names = await _known(session, named)
            row = OverrideRow(
                id=new_id(),
                roster_id=roster.id,
                starts_at=entered.starts_at,
                ends_at=entered.ends_at,
                contact_id=entered.contact_id,
                replaces=entered.replaces,
                reason=entered.reason,
                entered_by=principal.name,
                entered_at=now,
            )
            session.add(row)
            roster.updated_at = now
            return row, names

    async def add_surge(self, roster_id: str, entered: SurgeIn, principal: Principal) -> tuple[SurgeRow, Names]:
        """Replace the whole roster for some time; 409 where another surge does so already, 422 as for overrides."""
        now = self._clock.now()
        async with self._database.writing() as session:
            roster = await roster_to_keep(session, roster_id, await caller_of(session, principal))
            named = [
                (id_, f"/lines/{line}/{place}")
                for line, people in enumerate(entered.lines)
                for place, id_ in enumerate(people)
            ]
            names = await _known(session, named)
            others = await store.surges_touching(session, roster.id, entered.starts_at, entered.ends_at)
            if others:
                raise Problem(
                    409,
                    "roster.surge-overlaps",
                    zh="该时段已有 24 小时值班安排，请先结束它，或另选时段",
                    en="Another surge replaces the roster in this time; end it first or choose another time",
                    surge_id=others[0].id,
                )
            row = SurgeRow(
                id=new_id(),
                roster_id=roster.id,
                starts_at=entered.starts_at,
                ends_at=entered.ends_at,
                hours=entered.hours,
                lines=entered.lines,
                reason=entered.reason,
                entered_by=principal.name,
                entered_at=now,
            )
            session.add(row)
            roster.updated_at = now
            return row, names

    async def end_change(self, table: type[Changed], roster_id: str, id_: str, principal: Principal) -> None:
        """Take back an override or surge that has not begun, end one that runs; 409 for one that is over.

        So who was on duty stays on record.
        """
        now = self._clock.now()
        async with self._database.writing() as session:
            roster = await roster_to_keep(session, roster_id, await caller_of(session, principal))
            row = await store.one(session, table, roster.id, id_)
            if row is None:
                raise Problem(404, "not-found", zh="没有这项调整", en="There is no such change")
            if row.ends_at <= now:
                raise Problem(
                    409,
                    "roster.change-over",
                    zh="该调整已经结束，留作记录，不能删除",
                    en="This change is over and stays on record",
                )
            if row.starts_at >= now:
                await session.delete(row)
            else:
                row.ends_at = now
            roster.updated_at = now

    async def links_of(self, roster_id: str, principal: Principal) -> tuple[str, datetime]:
        """Return what a calendar link to the roster stands for, and when one made now runs out."""
        async with self._database.reading() as session:
            caller = await caller_of(session, principal)
            row = await roster_for(session, roster_id, caller)
            return subject_of(row), self._clock.now() + LINK_TERM

    async def withdraw_links(self, roster_id: str, principal: Principal) -> None:
        """Make every calendar link to the roster void that was given out so far."""
        async with self._database.writing() as session:
            row = await roster_to_keep(session, roster_id, await caller_of(session, principal))
            row.links += 1

    async def _set_rotations(self, session: AsyncSession, row: RosterRow, entered: Sequence[RotationIn]) -> None:
        named = [
            (id_, f"/rotations/{index}/participants/{place}")
            for index, rotation in enumerate(entered)
            for place, id_ in enumerate(rotation.participants)
        ]
        await _known(session, named)
        row.rotations = _stored(entered, row.rotations)
        await store.set_people(session, row.id, [id_ for id_, _ in named])

    @staticmethod
    async def _names(session: AsyncSession, rows: Sequence[RosterRow]) -> Names:
        named = {id_ for row in rows for stored in row.rotations for id_ in stored["participants"]}
        return {id_: contact.name for id_, contact in (await store.contacts(session, named)).items()}


#: How long a calendar link works; apps subscribe once and then ask for years.
LINK_TERM: Final = timedelta(days=400)


def subject_of(row: RosterRow) -> str:
    """Return what a calendar link stands for: the roster, and how often its links had been withdrawn."""
    return f"{row.id}.{row.links}"


async def _known(session: AsyncSession, named: Sequence[tuple[str, str]]) -> Names:
    """Return the names of contacts, each given with its JSON pointer; 422 that points at those who are not known."""
    found = await store.contacts(session, {id_ for id_, _ in named})
    unknown = [
        FieldError(pointer=pointer, detail=f"There is no contact {id_}", zh=f"没有联络员 {id_}")
        for id_, pointer in named
        if id_ not in found
    ]
    if unknown:
        listed = "、".join(error.pointer for error in unknown[:_SHOWN])
        raise Problem(
            422,
            "roster.unknown-contact",
            zh=f"联络网中没有所填人员：{listed}",
            en=f"The contact network does not know whom you name: {listed}",
            errors=unknown,
        )
    return {id_: contact.name for id_, contact in found.items()}


def _stored(entered: Sequence[RotationIn], before: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rotations as stored: those whose id was there before keep it, the others get one."""
    kept = {stored["id"] for stored in before}
    rows = []
    for index, rotation in enumerate(entered):
        if rotation.id is not None and rotation.id not in kept:
            raise Problem(
                422,
                "roster.unknown-rotation",
                zh=f"第 {index + 1} 层的 id 不属于本值班表，或重复出现；新增请不填 id",
                en=f"The id of layer {index + 1} is none of this roster's, or stands twice; leave it out for a new one",
                errors=[FieldError(pointer=f"/rotations/{index}/id", detail="no layer of this roster")],
            )
        kept.discard(rotation.id or "")
        rows.append(rotation.model_copy(update={"id": rotation.id or new_id()}).model_dump(mode="json"))
    return rows
