"""Hash chains: entries that nobody can change, take away or put in between without its showing."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

#: What the first entry's hash is chained to.
GENESIS: Final = "0" * 64


def canonical(value: Any) -> str:
    """Return JSON in one form only: keys sorted, no spaces, UTF-8 as it is. Raises ValueError for NaN and infinity."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def chained(previous: str, body: str) -> str:
    """Return the seal of a body that follows the entry sealed `previous`: sha256(previous ‖ body) in hex."""
    return hashlib.sha256(f"{previous}{body}".encode("utf-8", "surrogatepass")).hexdigest()
