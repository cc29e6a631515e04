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
from services.analysis.models import table
from services.analysis.settings import AnalysisSettings
from services.analysis.store.prototypes import drop_prototypes

_log = structlog.get_logger(__name__)
_STEP: Final = 2_000
_EARLY_DAYS: Final = 14
_POSTS: Final = table(models.Post)
_EVENTS: Final = table(models.Event)
_VOICES: Final = table(models.EventVoice)
_EARLY: Final = table(models.EarlyRecount)


@dataclass(frozen=True, slots=True)
class Erased:
    """How much one pass erased."""

    posts: int = 0
    events: int = 0
    signatures: int = 0
    recounts: int = 0


class Retention:
    """Erases text, addresses and author hashes of posts collected more than `retention_days` ago.

    Signatures go earlier: once no post has resembled them for the length of the event window.
    """

    def __init__(self, runtime: Runtime, settings: AnalysisSettings) -> None:
        self._runtime = runtime
        self._kept = timedelta(days=settings.retention_days)
        self._window = timedelta(days=settings.event_window_days)

    async def run(self) -> Erased:
        """Erase everything that is due, in steps, each in a transaction of its own."""
        now = self._runtime.clock.now()
        posts = await self._in_steps(lambda session: _erase_posts(session, now - self._kept, now))
        events = await self._in_steps(lambda session: _erase_events(session, now - self._kept))
        signatures = await self._in_steps(lambda session: drop_prototypes(session, now - self._window, _STEP))
        async with self._runtime.database.writing() as session:
            gone = await session.execute(
                sa.delete(_EARLY)
                .where(_EARLY.c.seen_at < now - timedelta(days=_EARLY_DAYS))
                .returning(_EARLY.c.post_id)
            )
            recounts = len(gone.fetchall())
        erased = Erased(posts, events, signatures, recounts)
        if erased != Erased():
            _log.info("retention.erased", **asdict(erased))
        return erased

    async def _in_steps(self, step: Callable[[AsyncSession], Awaitable[int]]) -> int:
        total = 0
        while not self._runtime.stopping.is_set():
            async with self._runtime.database.writing() as session:
                done = await step(session)
            total += done
            if done < _STEP:
                break
        return total


async def _erase_posts(session: AsyncSession, before: datetime, now: datetime) -> int:
    due = sa.select(_POSTS.c.id).where(_POSTS.c.erased_at.is_(None), _POSTS.c.collected_at < before).limit(_STEP)
    ids = [row.id for row in await session.execute(due)]
    if ids:
        await session.execute(
            sa.update(_POSTS)
            .where(_POSTS.c.id.in_(ids))
            .values(title="", text="", url=None, author_hash=None, keywords=[], erased_at=now)
        )
    return len(ids)


async def _erase_events(session: AsyncSession, before: datetime) -> int:
    """Erase the summaries, which quote posts, and the voices, already counted, of events long over."""
    due = sa.select(_EVENTS.c.id).where(_EVENTS.c.summary != "", _EVENTS.c.last_seen < before).limit(_STEP)
    ids = [row.id for row in await session.execute(due)]
    if ids:
        await session.execute(
            sa.update(_EVENTS).where(_EVENTS.c.id.in_(ids)).values(summary="", version=_EVENTS.c.version + 1)
        )
        await session.execute(sa.delete(_VOICES).where(_VOICES.c.event_id.in_(ids)))
    return len(ids)
