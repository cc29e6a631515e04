"""How often a process looks for garbage in circles."""

from __future__ import annotations

import gc
from typing import Final

#: More containers than this must have been made, and not yet let go of, before the collector runs. At Python's own 700
#: it runs hundreds of times while a batch of messages is held, and finds nothing: a fifth of the tracker's time.
_EVERY: Final = 50_000


def collect_rarely() -> None:
    """Let the collector run rarely, and never look again at what the process has loaded so far.

    To be called once a process, when its modules are loaded. Memory is let go of as ever; only circles wait longer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_EVERY, 10, 10)
