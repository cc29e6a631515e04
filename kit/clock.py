"""The one clock: whatever reads the time takes a :class:`Clock`, so that deadlines are tested without sleeping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Something that tells the time."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        return datetime.now(UTC)


class ShiftedClock:
    """The machine's clock, moved by as many seconds as a file says: for rehearsals and tests, never in earnest.

    All parts of a system that read the same file move together, and may be killed and started again meanwhile. A file
    that is not there moves nothing; one that holds no number raises ValueError when the time is asked for.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, timedelta] | None = None

    def now(self) -> datetime:
        """Return the machine's instant plus the shift, aware, in UTC."""
        return datetime.now(UTC) + self.shift()

    def shift(self) -> timedelta:
        """Return by how much the clock is moved; the file is read again where it has changed."""
        try:
            changed = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return timedelta(0)
        if self._read is None or self._read[0] != changed:
            self._read = (changed, timedelta(seconds=float(self._path.read_text(encoding="ascii"))))
        return self._read[1]


class ManualClock:
    """A clock that moves only when told to."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware time")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant that the clock was last moved to."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move the clock by `by` (negative moves it back) and return the new instant."""
        self._now += by
        return self._now
