"""The ingest service on a clock that runs faster than the machine's, so that a short soak holds hours of it.

    HUIYING_SOAK_SPEED=10 HUIYING_SOAK_EPOCH=1795500000 python -m bench.soak_parts.replica

All else is the service as it is deployed. What it does every so many seconds it does as much more often. Delays between
requests, time-outs and holds stay seconds of the machine.
"""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime

import uvicorn

from kit.runtime import Runtime, Step
from services.ingest.app import assemble
from services.ingest.models import Base
from services.ingest.settings import IngestSettings


class HastyClock:
    """Runs `speed` times as fast as the machine's clock, and agreed with it at `epoch` (seconds since 1970)."""

    def __init__(self, epoch: float, speed: float) -> None:
        self._epoch, self._speed = epoch, speed

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        real = datetime.now(UTC).timestamp()
        return datetime.fromtimestamp(self._epoch + (real - self._epoch) * self._speed, UTC)


class HastyRuntime(Runtime):
    """A runtime whose loops come round as much more often as its clock is faster."""

    speed = 1.0

    def every(self, seconds: float, name: str, step: Step, *, leased: bool = True) -> asyncio.Event:
        """Run `step` every `seconds` of its clock, but not more often than twice a second."""
        return super().every(max(0.5, seconds / self.speed), name, step, leased=leased)


def main() -> None:
    """Run the service until SIGTERM."""
    speed = float(os.environ["HUIYING_SOAK_SPEED"])
    HastyRuntime.speed = speed
    settings = IngestSettings()
    clock = HastyClock(float(os.environ["HUIYING_SOAK_EPOCH"]), speed)
    app = assemble(HastyRuntime(settings, "ingest", Base, clock=clock), settings)
    uvicorn.run(app, host=settings.host, port=settings.port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
