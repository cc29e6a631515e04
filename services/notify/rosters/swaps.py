"""Use cases of swaps: one offers a shift for another's, the other accepts or refuses, all of it on record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from kit.auth import Principal
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.problems import Problem
from services.notify.rosters import store
from services.notify.rosters.access import Caller, caller_of, roster_for
from services.notify.rosters.models import RosterRow, SwapRow
from services.notify.rosters.on_duty import Names, load
from services.notify.rosters.roster import LONGEST_TURN, Shift, SwapState, duty_at
from services.notify.rosters.schemas import SwapIn


class Swaps:
    """What people do with swaps. The office may do it for them, for instance after a call; who did is recorded."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def propose(self, roster_id: str, entered: SwapIn, principal: Principal) -> tuple[SwapRow, Names]:
        """Offer one's shift for another's; 403 where it is not one's own, 409 where there is nothing to swap."""
        now = self._clock.now()
        async with self._database.writing() as session:
            caller = await caller_of(session, principal)
            roster = await roster_for(session, roster_id, caller, lock=True)
            mine = await self._shift(session, roster, entered.at)
            theirs = await self._shift(session, roster, entered.other_at)
            one, other = mine.answer.on_duty, theirs.answer.on_duty
            assert one is not None
            assert other is not None
            if one == other:
                raise Problem(
                    409, "roster.swap-same-person", zh="两个班次属于同一人", en="Both shifts are the same person's"
                )
            if one != caller.contact_id and not caller.keeper:
                raise Problem(
                    403,
                    "roster.not-your-shift",
                    zh="只能调换本人的班次；该时刻由他人值班",
                    en="You may offer shifts of your own; somebody else is on duty then",
                )
            for shift in (mine, theirs):
                if shift.start <= now:
                    raise _begun()
            row = SwapRow(
                id=new_id(),
                roster_id=roster.id,
                contact_id=one,
                starts_at=mine.start,
                ends_at=mine.end,
                other_id=other,
                other_starts_at=theirs.start,
                other_ends_at=theirs.end,
                reason=entered.reason,
                state=SwapState.PROPOSED.value,
                proposed_by=principal.name,
                proposed_at=now,
            )
            session.add(row)
            return row, await self._names(session, row)

    async def decide(self, roster_id: str, swap_id: str, principal: Principal, to: SwapState) -> tuple[SwapRow, Names]:
        """Accept or refuse a swap as the other, or withdraw it as whoever proposed it.

        Answers 403 to anybody else but the office, and 409 where it was decided already, where a shift has begun, or
        where somebody else has one of the shifts by now. To decide again as it was decided changes nothing.
        """
        now = self._clock.now()
        async with self._database.writing() as session:
            caller = await caller_of(session, principal)
            roster = await roster_for(session, roster_id, caller, lock=True)
            row = await store.one(session, SwapRow, roster.id, swap_id)
            if row is None:
                raise Problem(404, "not-found", zh="没有这项调班", en="There is no such swap")
            _check_whose(row, caller, to)
            if row.state == to.value:
                return row, await self._names(session, row)
            if row.state != SwapState.PROPOSED:
                raise Problem(
                    409,
                    "roster.swap-decided",
                    zh=f"该调班已由 {row.decided_by} 处理",
                    en=f"This swap was decided by {row.decided_by}",
                    state=row.state,
                )
            if to is SwapState.ACCEPTED:
                await self._check_still_theirs(session, roster, row, now)
                roster.updated_at = now
            row.state, row.decided_by, row.decided_at = to.value, principal.name, now
            await session.flush()
            return row, await self._names(session, row)

    async def _shift(self, session: AsyncSession, roster: RosterRow, at: datetime) -> Shift:
        loaded = await load(session, [roster], at - LONGEST_TURN, at + LONGEST_TURN)
        shift = duty_at(loaded.rosters[roster.id], at)
        if shift is None:
            raise Problem(
                409,
                "roster.nobody-on-duty",
                zh=f"{at.isoformat()} 无人值班，没有班次可调",
                en=f"Nobody is on duty at {at.isoformat()}: there is no shift to swap",
            )
        return shift

    async def _check_still_theirs(self, session: AsyncSession, roster: RosterRow, row: SwapRow, now: datetime) -> None:
        if min(row.starts_at, row.other_starts_at) <= now:
            raise _begun()
        for start, end, whose in (
            (row.starts_at, row.ends_at, row.contact_id),
            (row.other_starts_at, row.other_ends_at, row.other_id),
        ):
            shift = await self._shift(session, roster, start)
            if (shift.start, shift.end, shift.answer.on_duty) != (start, end, whose):
                raise Problem(
                    409,
                    "roster.swap-stale",
                    zh="值班表已有变动，原班次已不同，请重新提出调班",
                    en="The roster has changed and the shifts are others by now; propose the swap again",
                )

    @staticmethod
    async def _names(session: AsyncSession, row: SwapRow) -> Names:
        found = await store.contacts(session, {row.contact_id, row.other_id})
        return {id_: contact.name for id_, contact in found.items()}


def _check_whose(row: SwapRow, caller: Caller, to: SwapState) -> None:
    """Answer 403 unless it is the caller's to decide so. Whoever proposed cannot accept for the other."""
    mine = caller.contact_id is not None and caller.contact_id == row.contact_id
    theirs = caller.contact_id is not None and caller.contact_id == row.other_id
    may = (mine or caller.keeper) if to is SwapState.WITHDRAWN else (theirs or (caller.keeper and not mine))
    if not may:
        raise Problem(
            403,
            "roster.not-your-swap",
            zh="调班由对方接受或拒绝，由提出人撤回；办公室可代为登记，但提出人不能自己接受",
            en="The other accepts or refuses a swap, who proposed it withdraws it; the office may record either, "
            "but nobody accepts a swap of their own",
        )


def _begun() -> Problem:
    return Problem(
        409,
        "roster.shift-begun",
        zh="班次已经开始，不能再调换；请由办公室登记替班",
        en="A shift that has begun cannot be swapped; the office may enter an override",
    )
