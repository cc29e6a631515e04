"""What it costs the gateway to say who calls, and a service to believe it: processor time a context.

    python bench/contexts.py

Prints microseconds of processor time of one core (median of seven runs) for a shared key (HS256) and for keys of the
gateway's own (Ed25519): making a context, believing one, and both as they are in use, where a context is handed on
again for some seconds.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from unittest.mock import patch

from contracts.words import Role
from kit.auth import ContextSigner, Principal
from kit.keyring import KeyRing, public_part, rotated

_RUNS, _TIMES = 7, 2000
_WHO = Principal(
    "018f6e2a-7c1d", "王建国", frozenset({Role.OFFICE, Role.GROUP_LEADER}), "景东县移民系统", login="wang.jg"
)


def microseconds(step: Callable[[], object]) -> float:
    """Return the median processor time of one `step`, in µs."""
    found = []
    for _ in range(_RUNS):
        began = time.process_time()
        for _ in range(_TIMES):
            step()
        found.append((time.process_time() - began) / _TIMES * 1e6)
    return statistics.median(found)


def main() -> None:
    """Measure both kinds of keys in the same run."""
    keys = rotated(None, "Ed25519", datetime.now(UTC), ahead=timedelta(0), kept=timedelta(0))
    own, public = (KeyRing.of_text(json.dumps(one), "Ed25519") for one in (keys, public_part(keys)))
    pairs = {
        "HS256, shared key": (ContextSigner("k" * 40), ContextSigner("k" * 40, "cases")),
        "Ed25519, gateway's own": (ContextSigner(own), ContextSigner(public, "cases")),
    }
    print(f"{'':24}{'make':>8}{'believe':>9}{'make, in use':>14}{'believe, in use':>17}   (µs of one core)")
    for name, (gateway, service) in pairs.items():
        token = gateway.sign(_WHO, "cases")
        sign, read = partial(gateway.sign, _WHO, "cases"), partial(service.read, token)
        in_use = microseconds(sign), microseconds(read)
        with patch("kit.auth.CONTEXT_REUSE", 0):
            make = microseconds(sign)
        believe = microseconds(partial(service._checked, token))
        print(f"{name:24}{make:8.1f}{believe:9.1f}{in_use[0]:14.1f}{in_use[1]:17.1f}")


if __name__ == "__main__":
    main()
