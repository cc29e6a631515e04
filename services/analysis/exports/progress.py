"""How far an export is, and where the next run of it goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: Where reading goes on, as JSON: the key of the last row; None: at the beginning.
Key = list[str] | None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run stands: the key that rows come after, what was passed of all that is stored, the writer's state."""

    key: Key
    passed: int
    everything: int
    writer: Mapping[str, Any]
    #: whether every row is written
    ended: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the position as it is kept."""
        return asdict(self)


class Speed:
    """Rows a second, rows and seconds left, of one run of an export that may have `limit` rows."""

    def __init__(self, rows: int, percent: float, limit: int) -> None:
        self._rows, self._percent, self._limit = rows, percent, limit
        self._began = time.monotonic()

    def at(self, rows: int, position: Position) -> dict[str, Any]:
        """Return `percent`, `total`, `rate` and `eta_seconds`; what nothing tells of yet is None."""
        share = min(1.0, position.passed / position.everything) if position.everything else 1.0
        total = min(self._limit, round(rows / share)) if share > 0 else None
        # what is stored may grow meanwhile, but never does a bar go back
        percent = max(self._percent, 100 * max(share, rows / self._limit))
        seconds = max(1e-3, time.monotonic() - self._began)
        done = percent - self._percent
        return {
            "percent": round(min(percent, 99.9), 1),
            "total": total,
            "rate": round((rows - self._rows) / seconds, 1),
            "eta_seconds": round(seconds * (100 - percent) / done) if done > 0 else None,
        }
