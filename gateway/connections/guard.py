"""The bounds of one process: counts of connections, and one look a second at those that owe something.

A look over all connections costs less than a timer for each request, and tells of slowness as well.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from typing import Final, Protocol

import structlog

from gateway.connections.settings import ConnectionSettings

_log = structlog.get_logger("connections")
#: part of the files that a process may open that connections from outside may take; the rest is for the services,
#: the database and Redis
_SHARE: Final = 0.7
#: seconds between two looks
_LOOK: Final = 1.0
#: seconds between two lines of the log on connections turned away
_TOLD: Final = 10.0


class Guarded(Protocol):
    """A connection that can be looked at."""

    def look(self, now: float) -> None:
        """End the connection where it is overdue at `now` (the loop's time)."""


class Guard:
    """Counts connections, turns away those beyond the bounds, and looks at the others every second."""

    def __init__(self, bounds: ConnectionSettings) -> None:
        self.bounds = bounds
        self.most = min(bounds.connections, int(_files() * _SHARE))
        self._of: Counter[str] = Counter()
        self._open: set[Guarded] = set()
        self._looking: asyncio.TimerHandle | None = None
        self._away = 0
        self._told = float("-inf")

    def __len__(self) -> int:
        return len(self._open)

    def let_in(self, connection: Guarded, address: str, loop: asyncio.AbstractEventLoop) -> str | None:
        """Count a connection in; returns None, or what it is one too many of: "all" or "address"."""
        per_address = self.bounds.connections_per_address
        reason = None
        if len(self._open) >= self.most:
            reason = "all"
        elif per_address and self._of[address] >= per_address:
            reason = "address"
        if reason is not None:
            self._turned_away(reason, address, loop.time())
            return reason
        self._open.add(connection)
        self._of[address] += 1
        if self._looking is None:
            self._looking = loop.call_later(_LOOK, self._look, loop)
        return None

    def let_out(self, connection: Guarded, address: str) -> None:
        """Count a connection out; nothing happens to one that was never let in."""
        if connection not in self._open:
            return
        self._open.discard(connection)
        self._of[address] -= 1
        if not self._of[address]:
            del self._of[address]

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in tuple(self._open):
            connection.look(now)
        self._looking = loop.call_later(_LOOK, self._look, loop) if self._open else None

    def _turned_away(self, reason: str, address: str, now: float) -> None:
        self._away += 1
        if now - self._told >= _TOLD:
            _log.warning("connections.turned_away", too_many_of=reason, address=address, since_last_told=self._away)
            self._told, self._away = now, 0


def _files() -> int:
    """Return how many files this process may open, after asking for as many as it is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (ValueError, OSError) as error:  # some systems allow less than they say
            _log.warning("connections.files_not_raised", soft=soft, hard=hard, error=str(error))
    return soft if soft != resource.RLIM_INFINITY else 1_000_000
