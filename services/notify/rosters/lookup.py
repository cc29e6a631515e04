"""The rosters as those see them who tell people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Role
from services.notify.duty import Duty
from services.notify.remembering import once
from services.notify.rosters.on_duty import OnDuty


class RosterDuty:
    """Answers :class:`services.notify.duty.OnDutyLookup` from the stored rosters."""

    async def at(
        self, session: AsyncSession, instant: datetime, unit: str | None = None, role: Role | None = None
    ) -> Sequence[Duty]:
        """Return who has the duty at `instant`, one answer a roster (of `unit`, serving `role`)."""

        async def read() -> list[Duty]:
            found = await OnDuty.at(session, instant, unit, role)
            return [Duty(one.answer.on_duty, one.answer.deputies) for one in found]

        return await once(session, ("on duty", instant, unit, role), read)
