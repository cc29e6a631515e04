"""Keeping the course of events: a point for each change of what criteria look at, no more than one a minute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import EventUpdated
from services.cases.models import CoursePoint, StandingRow
from services.cases.plan import HumanFacts
from services.cases.plan.course import encode
from services.cases.plan.grading import facts_of
from services.cases.service.desk import Desk
from services.cases.store import courses as stored

_log = structlog.get_logger(__name__)
_MINUTE_MS: Final = 60_000


def milliseconds(at: datetime) -> int:
    """Return an instant as milliseconds since 1970 in UTC."""
    return round(at.timestamp() * 1000)


@dataclass(slots=True)
class Courses:
    """The points and standings that a transaction has to write, written at its end by :meth:`save`."""

    standings: dict[str, StandingRow]
    _points: dict[tuple[str, int], CoursePoint] = field(default_factory=dict)
    _replaced: set[tuple[str, int]] = field(default_factory=set)
    _changed: set[str] = field(default_factory=set)

    @classmethod
    async def of(cls, session: AsyncSession, event_ids: Iterable[str]) -> Courses:
        """Read what is remembered of some events, which the caller has locked."""
        return cls(await stored.standings(session, event_ids))

    def standing(self, event_id: str, now: datetime) -> StandingRow:
        """Return what is remembered of an event, to be changed; a new one where there is nothing."""
        row = self.standings.setdefault(event_id, StandingRow(event_id=event_id, updated_at=now))
        row.updated_at = now
        self._changed.add(event_id)
        return row

    def add(
        self, event: EventUpdated, human: HumanFacts, at: datetime, now: datetime, *, said_by: str | None = None
    ) -> None:
        """Add what is now known of an event to its course, where it differs from the newest point.

        A newer point of the same minute takes the place of the one before, unless something was raised or said on it.
        An event that is of no topic, which no plan looks at, has no course.
        """
        if event.id not in self.standings and not event.topics:
            return
        figures, topics = encode(facts_of(event, human)), ",".join(sorted(event.topics))
        content = f"{figures} {topics} {event.merged_into or ''}"
        row = self.standing(event.id, now)
        if content == row.last_point:
            row.last_kept = row.last_kept or said_by is not None
            return
        at_ms, last = milliseconds(at), row.last_ms
        if last is not None:
            if not row.last_kept and at_ms // _MINUTE_MS <= last // _MINUTE_MS:
                self._points.pop((event.id, last), None)
                self._replaced.add((event.id, last))
                at_ms = max(at_ms, last)
            else:
                at_ms = max(at_ms, last + 1)
        self._points[event.id, at_ms] = CoursePoint(
            event_id=event.id,
            at_ms=at_ms,
            figures=figures,
            topics=topics,
            merged_into=event.merged_into,
            said_by=said_by,
        )
        row.last_ms, row.last_point, row.last_kept = at_ms, content, said_by is not None

    def keep(self, event_id: str) -> None:
        """Let the newest point of an event stay: something was raised on it."""
        if event_id in self.standings:
            self.standings[event_id].last_kept = True

    async def save(self, session: AsyncSession) -> None:
        """Write everything, in the caller's transaction."""
        await stored.add_points(session, list(self._points.values()), sorted(self._replaced))
        await stored.save_standings(session, [self.standings[id_] for id_ in self._changed])


class CourseRetention:
    """Forgets courses older than `days`."""

    def __init__(self, desk: Desk, days: int) -> None:
        self._desk, self._term = desk, timedelta(days=days)

    async def run(self) -> int:
        """Delete what is due; returns how many points were."""
        before = self._desk.clock.now() - self._term
        async with self._desk.database.writing() as session:
            gone = await stored.forget(session, milliseconds(before), before)
        if gone:
            _log.info("courses.pruned", points=gone)
        return gone
