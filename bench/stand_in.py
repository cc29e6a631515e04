"""An analysis worker whose scorer waits instead of computing, so that there can be more of them than cores.

`bench/scaling.py` starts it as `python -m bench.stand_in`. Worker, bus and enrichment are the real ones.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import numpy as np
import uvicorn

from kit.runtime import Runtime
from services.analysis.models import Base
from services.analysis.sentiment.cleaning import bounded
from services.analysis.sentiment.scorer import Probabilities
from services.analysis.settings import AnalysisSettings
from services.analysis.worker import assemble

#: seconds that a text takes; many times what the rest of a worker computes for a post, so that the cores are not the
#: limit when eight of these share two
WAIT: Final = 0.005


class WaitingScorer:
    """Takes its time over every text and calls it neutral."""

    name = "waiting"
    version = "1"

    def prepare(self, text: str) -> str:
        """Return `text`, bounded."""
        return bounded(text.strip())

    def probabilities(self, prepared: Sequence[str]) -> Probabilities:
        """Wait for as long as the texts take."""
        time.sleep(WAIT * len(prepared))
        return np.tile(np.array([0.1, 0.8, 0.1]), (len(prepared), 1))

    def alike(self, prepared: str, others: Sequence[str]) -> Probabilities:
        """Score all alike."""
        return self.probabilities([prepared, *others])


def main() -> None:
    """Run the worker until SIGTERM, with the settings of a real one."""
    settings = AnalysisSettings()
    app = assemble(Runtime(settings, "analysis", Base, owns_database=False), settings, WaitingScorer())
    uvicorn.run(app, host=settings.host, port=settings.port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
