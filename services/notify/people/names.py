"""Names of units as they are compared: without case, width and white space."""

from __future__ import annotations

import unicodedata


def folded(name: str) -> str:
    """Return a unit's name or alias as it is compared with others; at most 100 characters, as names have."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())[:100]
