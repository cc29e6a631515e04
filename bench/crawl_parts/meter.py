"""What a process and its children take: processor time and resident memory, looked at from outside."""

from __future__ import annotations

import bisect
import threading
import time
from typing import Final

import psutil

_EVERY: Final = 0.05


class Meter:
    """Watches a process from now until :meth:`stop`."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._times: list[float] = []
        self._cpu: list[float] = []
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look for the last time."""
        self._stop.set()
        self._thread.join()

    def cpu(self, began: float, ended: float | None = None) -> float:
        """Return the processor seconds between two instants of the wall clock, the second by default now or the end."""
        return self._at(ended if ended is not None else self._times[-1]) - self._at(began)

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except psutil.Error:
                return
            if self._stop.wait(_EVERY):
                return

    def _look(self) -> None:
        used = rss = 0.0
        for one in [self._process, *self._process.children(recursive=True)]:
            times = one.cpu_times()
            used += times.user + times.system
            rss += one.memory_info().rss
        used += self._process.cpu_times().children_user + self._process.cpu_times().children_system
        self._times.append(time.time())
        self._cpu.append(used)
        self.peak = max(self.peak, int(rss))

    def _at(self, instant: float) -> float:
        place = min(bisect.bisect_left(self._times, instant), len(self._times) - 1)
        return self._cpu[place]
