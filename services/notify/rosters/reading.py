"""What is read of rosters: shifts, who is on duty, problems, calendars, and the lists of what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Role
from kit.auth import Principal
from kit.clock import Clock
from kit.database import Database
from kit.pages import PageRequest
from kit.problems import Problem
from services.notify.rosters import store
from services.notify.rosters.access import caller_of, roster_for
from services.notify.rosters.answers import people_in
from services.notify.rosters.calendar import AHEAD, BACK, calendar_of
from services.notify.rosters.keeping import subject_of
from services.notify.rosters.models import NoteRow, OverrideRow, RosterRow, SurgeRow, SwapRow
from services.notify.rosters.on_duty import Duty, Names, OnDuty, load, problems_between
from services.notify.rosters.problems import RosterProblem
from services.notify.rosters.roster import Shift, shifts

#: The longest time over which shifts are told at once.
LONGEST_RANGE: Final = timedelta(days=400)

Listed = TypeVar("Listed", OverrideRow, SurgeRow, SwapRow, NoteRow)


class RosterReader:
    """What can be asked of rosters."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def on_duty(
        self, at: datetime | None, principal: Principal, *, unit: str | None, role: Role | None
    ) -> tuple[datetime, list[Duty]]:
        """Return who is on duty at an instant (None: now) on each roster that the caller sees."""
        instant = at or self._clock.now()
        async with self._database.reading() as session:
            caller = await caller_of(session, principal)
            return instant, await OnDuty.at(session, instant, unit, role, seen=caller.seen)

    async def shifts(
        self, roster_id: str, start: datetime, end: datetime, principal: Principal
    ) -> tuple[list[Shift], Names]:
        """Return a roster's shifts; 422 for a time that is empty or too long."""
        if not timedelta(0) < end - start <= LONGEST_RANGE:
            raise _bad_range("to")
        async with self._database.reading() as session:
            row = await roster_for(session, roster_id, await caller_of(session, principal))
            return await self._shifts(session, row, start.astimezone(UTC), end.astimezone(UTC))

    async def problems(
        self, roster_id: str, until: datetime | None, principal: Principal
    ) -> tuple[datetime, list[RosterProblem], Names, Names]:
        """Return a roster's problems from now up to `until` (None: 30 days), with the names of people and rosters."""
        now = self._clock.now()
        end = (until or now + timedelta(days=30)).astimezone(UTC)
        if not timedelta(0) < end - now <= LONGEST_RANGE:
            raise _bad_range("until")
        async with self._database.reading() as session:
            row = await roster_for(session, roster_id, await caller_of(session, principal))
            return end, *await problems_between(session, [row], now, end)

    async def calendar(self, roster_id: str, principal: Principal) -> bytes:
        """Return a roster as iCalendar."""
        async with self._database.reading() as session:
            row = await roster_for(session, roster_id, await caller_of(session, principal))
            return await self._calendar(session, row)

    async def calendar_behind(self, subject: str) -> bytes:
        """Return the calendar that a link stands for; 410 where the roster is gone or its links were withdrawn."""
        async with self._database.reading() as session:
            row = await store.roster(session, subject.rpartition(".")[0])
            if row is None or subject_of(row) != subject:
                raise gone()
            return await self._calendar(session, row)

    async def listed(
        self, table: type[Listed], roster_id: str, page: PageRequest, principal: Principal
    ) -> tuple[list[Listed], Names]:
        """Return one row more than a page of a roster's changes or notes, the latest to start first."""
        async with self._database.reading() as session:
            row = await roster_for(session, roster_id, await caller_of(session, principal))
            rows = await store.listed(session, table, row.id, after=page.after_times(0), limit=page.limit + 1)
            named = people_in(rows)
            return rows, {id_: contact.name for id_, contact in (await store.contacts(session, named)).items()}

    async def _shifts(
        self, session: AsyncSession, row: RosterRow, start: datetime, end: datetime
    ) -> tuple[list[Shift], Names]:
        loaded = await load(session, [row], start, end)
        return shifts(loaded.rosters[row.id], start, end), loaded.names

    async def _calendar(self, session: AsyncSession, row: RosterRow) -> bytes:
        now = self._clock.now()
        found, names = await self._shifts(session, row, now - BACK, now + AHEAD)
        return calendar_of(row.id, row.name, row.zone, found, names, row.updated_at)


def gone() -> Problem:
    """Return the problem of a calendar link that is void."""
    return Problem(
        410,
        "roster.link-gone",
        zh="日历链接已失效，请向办公室索取新的链接",
        en="This calendar link is void; ask the office for a new one",
    )


def _bad_range(name: str) -> Problem:
    days = LONGEST_RANGE.days
    return Problem(
        422,
        "roster.range",
        zh=f"{name} 必须晚于起始时间，且相距不超过 {days} 天",
        en=f"{name} must be later than the start, by {days} days at most",
    )


def sort_key(row: OverrideRow | SurgeRow | SwapRow | NoteRow) -> Sequence[object]:
    """Return the values by which lists of changes and notes are paged."""
    return row.starts_at, row.id
