"""The parts that the system consists of, in the order in which they start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Part:
    """A process of the system. `factory` is ``module:function`` and gives its ASGI app."""

    name: str
    factory: str


PARTS: Final[tuple[Part, ...]] = (
    Part("cases", "services.cases.app:build"),
    Part("analysis", "services.analysis.app:build"),
    Part("analysis-worker", "services.analysis.worker:build"),
    Part("ingest", "services.ingest.app:build"),
    Part("notify", "services.notify.app:build"),
    Part("gateway", "gateway.app:build"),
)


def part(name: str) -> Part | None:
    """Return the part of that name."""
    return next((one for one in PARTS if one.name == name), None)
