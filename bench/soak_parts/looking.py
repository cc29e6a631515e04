"""What a replica holds as time goes by: memory, file handles, connections."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

import psutil

#: part of a process's life that is warming up
_WARM: Final = 0.35


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: seconds since the epoch, bytes, and how many handles and connections."""

    at: float
    rss: int
    handles: int
    connections: int


class Look:
    """Looks at a process from now until it ends or :meth:`stop`."""

    def __init__(self, name: str, pid: int, epoch: float, every: float) -> None:
        self.name = name
        self.samples: list[Sample] = []
        self._process, self._epoch, self._every = psutil.Process(pid), epoch, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                with self._process.oneshot():
                    sample = Sample(
                        time.time() - self._epoch,
                        self._process.memory_info().rss,
                        self._process.num_fds(),
                        len(self._process.net_connections("tcp")),
                    )
            except psutil.Error:
                return
            self.samples.append(sample)

    @property
    def settled(self) -> list[Sample]:
        """Return the samples after warming up."""
        return self.samples[int(len(self.samples) * _WARM) :]

    @property
    def minutes(self) -> float:
        """Return how long the process was looked at after warming up."""
        return (self.settled[-1].at - self.settled[0].at) / 60 if len(self.settled) > 1 else 0.0

    def slope(self, what: str) -> float:
        """Return by how much `rss` (bytes), `handles` or `connections` grew a minute once warm (least squares)."""
        points = [(one.at / 60, float(getattr(one, what))) for one in self.settled]
        if len(points) < 3:
            return 0.0
        middle = sum(x for x, _ in points) / len(points)
        level = sum(y for _, y in points) / len(points)
        spread = sum((x - middle) ** 2 for x, _ in points)
        return sum((x - middle) * (y - level) for x, y in points) / spread if spread else 0.0

    def peak(self, what: str) -> int:
        """Return the most that there was of it."""
        return max((int(getattr(one, what)) for one in self.samples), default=0)

    def describe(self) -> dict[str, float | int | str]:
        """Return the figures for the report."""
        first, last = (self.settled[0], self.settled[-1]) if self.settled else (None, None)
        return {
            "replica": self.name,
            "minutes_after_warm_up": round(self.minutes, 1),
            "rss_mib_first": round(first.rss / 2**20, 1) if first else 0,
            "rss_mib_last": round(last.rss / 2**20, 1) if last else 0,
            "rss_mib_peak": round(self.peak("rss") / 2**20, 1),
            "rss_mib_a_minute": round(self.slope("rss") / 2**20, 2),
            "handles_peak": self.peak("handles"),
            "handles_a_minute": round(self.slope("handles"), 2),
            "connections_peak": self.peak("connections"),
            "connections_a_minute": round(self.slope("connections"), 2),
        }
