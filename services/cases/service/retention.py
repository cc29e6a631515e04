"""Events that came to nothing do not stay: their titles and summaries are words of posts."""

from __future__ import annotations

from datetime import timedelta

import structlog

from services.cases import store
from services.cases.service.desk import Desk

_log = structlog.get_logger(__name__)


class Retention:
    """Erases events last heard of more than `days` ago that neither an alert nor a case refers to."""

    def __init__(self, desk: Desk, days: int) -> None:
        self._desk, self._term = desk, timedelta(days=days)

    async def run(self) -> int:
        """Erase what is due; returns how many events were."""
        async with self._desk.database.writing() as session:
            gone = await store.forget_events(session, self._desk.clock.now() - self._term)
        if gone:
            _log.info("events.erased", count=gone)
        return gone
