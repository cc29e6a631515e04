"""Looking ahead: problems of the coming week are told to the office before they arrive, each once."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import NotificationRequested, Recipient
from contracts.words import NotificationKind, Role
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from services.notify.rosters import store
from services.notify.rosters.answers import in_words
from services.notify.rosters.models import RosterRow, ToldRow
from services.notify.rosters.on_duty import Names, problems_between
from services.notify.rosters.problems import RosterProblem
from services.notify.telling import Telling

log = structlog.get_logger(__name__)

#: How far ahead problems are looked for.
AHEAD: Final = timedelta(days=7)
#: Problems named in one notification.
_NAMED: Final = 20


class RosterWatch:
    """Looks for problems of every roster, and tells of those that are new."""

    def __init__(self, database: Database, clock: Clock, telling: Telling) -> None:
        self._database, self._clock, self._telling = database, clock, telling

    async def look(self) -> int:
        """Tell the office of every problem that it was not told of; returns of how many.

        A problem that lasts, or moves by having begun, is the same; one that went away and comes back is a new one.
        """
        now = self._clock.now()
        async with self._database.writing() as session:
            # held, so that two replicas never tell of one problem
            rows = await store.rosters(session, lock=True)
            found, names, rosters = await problems_between(session, rows, now, now + AHEAD)
            fresh = await self._reconcile(session, [one for one in found if not _told_elsewhere(one)], now)
            by_roster: dict[str, list[RosterProblem]] = defaultdict(list)
            for problem in fresh:
                by_roster[problem.roster_id].append(problem)
            for row in rows:
                if by_roster[row.id]:
                    await self._telling.accept(session, _notification(row, by_roster[row.id], names, rosters, now))
        for problem in fresh:
            log.warning("roster.problem", roster_id=problem.roster_id, kind=problem.kind.value, start=problem.start)
        return len(fresh)

    async def _reconcile(self, session: AsyncSession, found: list[RosterProblem], now: datetime) -> list[RosterProblem]:
        """Make what is stored as told equal to what was found; returns what is new."""
        before: dict[tuple[str, str, str], list[ToldRow]] = defaultdict(list)
        for row in await store.told(session):
            before[row.roster_id, row.kind, row.about].append(row)
        fresh = []
        for problem in found:
            about = f"{problem.contact_id or ''}/{problem.other_roster_id or ''}"
            told = before[problem.roster_id, problem.kind.value, about]
            same = next((row for row in told if row.starts_at <= problem.end and problem.start <= row.ends_at), None)
            if same is None:
                fresh.append(problem)
                told_at = now
            else:
                told.remove(same)
                told_at = same.told_at
                await session.delete(same)
            session.add(
                ToldRow(
                    id=new_id(),
                    roster_id=problem.roster_id,
                    kind=problem.kind.value,
                    about=about,
                    starts_at=problem.start,
                    ends_at=problem.end,
                    told_at=told_at,
                )
            )
        for rows in before.values():
            for row in rows:
                await session.delete(row)
        return fresh


def _told_elsewhere(problem: RosterProblem) -> bool:
    """Tell whether a double booking is told with the other roster: it is one problem of two."""
    return problem.other_roster_id is not None and problem.other_roster_id < problem.roster_id


def _notification(
    row: RosterRow, problems: list[RosterProblem], names: Names, rosters: Names, now: datetime
) -> NotificationRequested:
    zone = ZoneInfo(row.zone)
    lines = [
        f"· {problem.start.astimezone(zone):%Y-%m-%d %H:%M} 至 {problem.end.astimezone(zone):%Y-%m-%d %H:%M}："
        f"{in_words(problem, names, rosters)}"
        for problem in problems[:_NAMED]
    ]
    if len(problems) > _NAMED:
        lines.append(f"……等共 {len(problems)} 项")
    return NotificationRequested(
        id=new_id(),
        kind=NotificationKind.ROSTER_GAP,
        subject=f"{row.name}：未来 7 天排班有 {len(problems)} 项问题",
        body=f"以下为“{row.name}”未来 7 天内的排班问题（时间按 {row.zone}）：\n" + "\n".join(lines),
        recipients=[Recipient(role=Role.OFFICE)],
        requested_at=now,
    )
