"""Signed links: paths that are keys themselves, which neither logs nor other sites' pages may see."""

from __future__ import annotations

from typing import Final

#: What follows these is a key.
KEYED: Final = ("/public/v1/acknowledgements", "/public/v1/calendars")


def is_keyed(path: str) -> bool:
    """Tell whether a path is a signed link."""
    return path.startswith(KEYED)


def loggable(path: str) -> str:
    """Return a path as logs may show it: without the key of a signed link."""
    head = next((prefix for prefix in KEYED if path.startswith(f"{prefix}/")), None)
    return f"{head}/…" if head else path
