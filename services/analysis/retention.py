"""Raw text does not stay: what is older than the retention period is erased, aggregates are kept (DOMAIN, 隐私)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kit.runtime import Runtime
from services.analysis import models
from services.analysis.calendar import day_of
from services.analysis.events.description import title_of_words
from services.analysis.events.state import by_count
from services.analysis.figures import Figures
from services.analysis.models import table
from services.analysis.settings import AnalysisSettings
from services.analysis.store import buckets, erasing, event_states

_log = structlog.get_logger(__name__)
_STEP: Final = 2_000
_EARLY_DAYS: Final = 14
_EARLY: Final = table(models.EarlyRecount)


@dataclass(frozen=True, slots=True)
class Erased:
    """How much one pass erased."""

    posts: int = 0
    #: times that an event got other words, those of its posts being erased
    events: int = 0
    vectors: int = 0
    recounts: int = 0
    #: hours of counts, whose days stay
    hours: int = 0


class Retention:
    """Erases text, addresses and author hashes of posts collected more than `retention_days` ago.

    Their events are described anew by the texts that are left, and no figure of theirs changes. With the posts go the
    vectors of texts that no later post has repeated. Counts by hour go after `hours_kept_days`, and no total changes:
    every post is counted by day too.
    """

    def __init__(self, runtime: Runtime, settings: AnalysisSettings) -> None:
        self._runtime = runtime
        self._kept = timedelta(days=settings.retention_days)
        self._hours_kept = timedelta(days=settings.hours_kept_days)
        self._figures = Figures(runtime, settings)

    async def run(self) -> Erased:
        """Erase everything that is due, in steps, each in a transaction of its own."""
        now = self._runtime.clock.now()
        before = now - self._kept
        renamed = 0

        async def posts_with_events(session: AsyncSession) -> int:
            nonlocal renamed
            posts, events = await self._erase_posts(session, before, now)
            renamed += events
            return posts

        posts = await self._in_steps(posts_with_events)
        merged = await self._in_steps(lambda session: self._rename_merged(session, now))
        vectors = await self._in_steps(lambda session: erasing.erase_vectors(session, before, _STEP))
        oldest = day_of(now - self._hours_kept)
        hours = await self._in_steps(lambda session: buckets.drop_hours(session, oldest, _STEP))
        async with self._runtime.database.writing() as session:
            gone = await session.execute(
                sa.delete(_EARLY)
                .where(_EARLY.c.seen_at < now - timedelta(days=_EARLY_DAYS))
                .returning(_EARLY.c.post_id)
            )
            recounts = len(gone.fetchall())
        erased = Erased(posts, renamed + merged, vectors, recounts, hours)
        if erased != Erased():
            _log.info("retention.erased", **asdict(erased))
        return erased

    async def _in_steps(self, step: Callable[[AsyncSession], Awaitable[int]]) -> int:
        total = 0
        while not self._runtime.stopping.is_set():
            async with self._runtime.database.writing() as session:
                done = await step(session)
            total += done
            # a step may do less than it could: what is locked is passed over
            if not done:
                break
        return total

    async def _erase_posts(self, session: AsyncSession, before: datetime, now: datetime) -> tuple[int, int]:
        """Erase posts and what their events quote of them; returns how many posts, and events with other words."""
        states, words = await erasing.erase_posts(session, before, now, _STEP)
        old = {id_: (state.title, state.summary) for id_, state in states.items()}
        await self._figures.describe_what_is_left(session, states, words)
        told = await self._figures.save(session, states, {}, now)
        news = [one for one in told if (one.title, one.summary) != old[one.id]]
        await self._figures.tell(session, news, {}, now)
        return sum(map(len, words.values())), len(news)

    async def _rename_merged(self, session: AsyncSession, now: datetime) -> int:
        """Let events that have gone up in others quote nothing that is erased; returns how many did."""
        states = await erasing.quoting_merged(session, _STEP)
        titles = {id_: title_of_words(by_count(one.keywords), by_count(one.places)) for id_, one in states.items()}
        await erasing.rename(session, titles, now)
        await self._figures.tell(session, await event_states.updates(session, titles), {}, now)
        return len(titles)
