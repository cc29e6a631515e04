"""Who is on duty (值班), for those who tell people: what they ask of the rosters, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Role


@dataclass(frozen=True)
class Duty:
    """Who has the duty: ids of contacts. `officer` is None where nobody has it."""

    officer: str | None
    deputies: tuple[str, ...] = ()


class OnDutyLookup(Protocol):
    """Something that knows the rosters (值班表)."""

    async def at(
        self, session: AsyncSession, instant: datetime, unit: str | None = None, role: Role | None = None
    ) -> Sequence[Duty]:
        """Return who has the duty at `instant`, one answer a roster (of `unit`, serving `role`); none: no roster."""
        ...
