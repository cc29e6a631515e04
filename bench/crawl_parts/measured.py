"""What a crawl took."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Measured:
    """One crawler's run. Seconds of the clock and of the processor, bytes at the peak."""

    name: str
    pages: int
    seconds: float
    cpu: float
    peak: int
    #: requests by kind, as the site counted them
    asked: dict[str, Any]
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Return articles a second."""
        return self.pages / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Return articles a second of processor time."""
        return self.pages / self.cpu
