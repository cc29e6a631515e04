"""Use cases of hand-over notes (交接记录): one shift leaves word to the next, which says that it has read it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit.auth import Principal
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.problems import Problem
from services.notify.rosters import store
from services.notify.rosters.access import caller_of, roster_for
from services.notify.rosters.models import NoteRow, RosterRow
from services.notify.rosters.on_duty import load
from services.notify.rosters.roster import LONGEST_TURN, duty_at, on_duty
from services.notify.rosters.schemas import NoteIn


class Notes:
    """What people do with hand-over notes. A note is never changed nor removed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def write(self, roster_id: str, entered: NoteIn, principal: Principal) -> NoteRow:
        """Leave word to the next as somebody on duty in the shift, or as the office for whoever is.

        Answers 403 to anybody else, 409 where nobody is on duty then or the shift has not begun.
        """
        now = self._clock.now()
        at = entered.at or now
        async with self._database.writing() as session:
            caller = await caller_of(session, principal)
            roster = await roster_for(session, roster_id, caller)
            loaded = await load(session, [roster], at - LONGEST_TURN, at + LONGEST_TURN)
            shift = duty_at(loaded.rosters[roster.id], at)
            if shift is None or shift.start > now:
                raise Problem(
                    409,
                    "roster.no-shift",
                    zh="该时刻无人值班或班次尚未开始，没有可交接的班次",
                    en="Nobody is on duty then, or the shift has not begun: there is nothing to hand over",
                )
            answer = on_duty(loaded.rosters[roster.id], at)
            people = [id_ for id_ in (answer.on_duty, *answer.deputies) if id_ is not None]
            if caller.contact_id not in people and not caller.keeper:
                raise Problem(
                    403,
                    "roster.not-your-shift",
                    zh="只有该班次的值班人员或办公室可以填写交接记录",
                    en="Those on duty in the shift write its hand-over notes, or the office",
                )
            author = caller.contact_id if caller.contact_id in people else people[0]
            assert author is not None
            row = NoteRow(
                id=new_id(),
                roster_id=roster.id,
                contact_id=author,
                contact_name=loaded.names[author],
                starts_at=shift.start,
                ends_at=shift.end,
                text=entered.text,
                written_by=principal.name,
                written_at=now,
            )
            session.add(row)
            return row

    async def read(self, roster_id: str, note_id: str, principal: Principal) -> NoteRow:
        """Say that one has read a note, as somebody on duty after its shift. A second time changes nothing.

        Answers 403 to whoever is not on duty now, nor in the shift that follows the note's, and to its author.
        """
        now = self._clock.now()
        async with self._database.writing() as session:
            caller = await caller_of(session, principal)
            roster = await roster_for(session, roster_id, caller)
            row = await store.one(session, NoteRow, roster.id, note_id)
            if row is None:
                raise Problem(404, "not-found", zh="没有这条交接记录", en="There is no such hand-over note")
            names = await self._next(session, roster, row, now)
            if caller.contact_id is None or caller.contact_id not in names or caller.contact_id == row.contact_id:
                raise Problem(
                    403,
                    "roster.not-the-next",
                    zh="交接记录由接班人员签收",
                    en="A hand-over note is read by those who take over",
                )
            if row.read_at is None:
                row.reader_id, row.reader_name, row.read_at = caller.contact_id, names[caller.contact_id], now
                await session.flush()
            return row

    @staticmethod
    async def _next(session: AsyncSession, roster: RosterRow, row: NoteRow, now: datetime) -> dict[str, str]:
        """Return the names, by contact id, of those on duty when the note's shift ends and of those who are now."""
        loaded = await load(session, [roster], min(row.ends_at, now), max(row.ends_at, now))
        found: dict[str, str] = {}
        for instant in (row.ends_at, now):
            answer = on_duty(loaded.rosters[roster.id], instant)
            people = [id_ for id_ in (answer.on_duty, *answer.deputies) if id_ is not None]
            found.update({id_: loaded.names[id_] for id_ in people})
        return found
