"""The topics as a worker has them: compiled once, compiled anew when they change."""

from __future__ import annotations

import asyncio

import structlog

from kit.runtime import Runtime
from services.analysis.enrich.topics import TopicMatcher
from services.analysis.store import topics

_log = structlog.get_logger(__name__)


class TopicWatch:
    """Holds the current :class:`TopicMatcher`; `refresh` looks for changes by one cheap row."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._revision = -1
        self.matcher = TopicMatcher(())

    async def refresh(self) -> bool:
        """Compile the topics anew where they have changed; tells whether they had."""
        async with self._runtime.database.reading() as session:
            revision = await topics.revision(session)
            if revision == self._revision:
                return False
            rules = await topics.rules(session)
        # thousands of topics take a second, in which messages are still to be acknowledged
        self.matcher = await asyncio.to_thread(TopicMatcher, rules)
        self._revision = revision
        _log.info("topics.loaded", topics=len(rules), revision=revision)
        return True
