"""Which requests count against which limit, and how the operator writes the limits."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from limits import RateLimitItem, parse

from gateway.routes import needs_login


class Call(StrEnum):
    """What a request is counted as; each has a limit of its own."""

    #: logging in and renewing: for each address, beside what guessing a password costs
    LOGIN = "login"
    #: the portal and other open pages: for each address
    PUBLIC = "public"
    #: whoever comes without valid credentials: for each address
    STRANGER = "stranger"
    #: for each user or key
    READ = "read"
    WRITE = "write"
    #: what costs much: scoring texts, exports, imports, replays of a plan; for each user or key
    HEAVY = "heavy"


#: Requests that an officer's page or a program may make. A page that looks at ten things every second reads 600 a
#: minute; a program that pushes batches of 1,000 posts may push 600,000 a minute.
DEFAULT: Final = (
    "login=120/minute, public=1200/minute, stranger=300/minute, read=3000/minute, write=600/minute, heavy=120/minute"
)
#: Said by an operator who wants no limits.
OFF: Final = "off"

#: (method or "*", beginning of the path) of what costs much
_HEAVY: Final = (
    ("POST", "/api/v1/sentiment"),
    ("POST", "/api/v1/exports"),
    ("POST", "/api/v1/imports"),
    ("POST", "/api/v1/topics/test"),
    ("POST", "/api/v1/plans/backtest"),
    ("POST", "/api/v1/plans/check"),
    ("POST", "/api/v1/sources/preview"),
    ("*", "/api/v1/contacts/export"),
)
_HEAVY_PATHS: Final = frozenset(path for _, path in _HEAVY)
#: Asked by machines of the house at any rate; they cost nothing to speak of.
_UNCOUNTED: Final = frozenset({"/livez", "/readyz", "/metrics"})
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def read_limits(said: str) -> Mapping[Call, RateLimitItem]:
    """Return the limits that an operator wrote, the default ones for what they left out; none where they said "off".

    Raises ValueError with the part that cannot be read.
    """
    if said.strip().lower() == OFF:
        return {}
    found: dict[Call, RateLimitItem] = {}
    for part in f"{DEFAULT},{said}".split(","):
        if not part.strip():
            continue
        name, _, limit = (one.strip() for one in part.partition("="))
        try:
            found[Call(name)] = parse(limit)
        except ValueError:
            known = ", ".join(Call)
            raise ValueError(
                f"HUIYING_RATE_LIMITS: {part.strip()!r} is not such as read=3000/minute (of {known}), and not off"
            ) from None
    return found


def call_of(method: str, path: str, *, known: bool) -> Call | None:
    """Return what a request counts as; None: it is not counted. `known`: it came with credentials that are good."""
    if path in _UNCOUNTED:
        return None
    if path.startswith("/api/v1/auth/"):
        return Call.LOGIN
    if not needs_login(path):
        return Call.PUBLIC
    if not known:
        return Call.STRANGER
    if path in _HEAVY_PATHS and any(path == heavy and of in ("*", method) for of, heavy in _HEAVY):
        return Call.HEAVY
    return Call.READ if method in _READING else Call.WRITE
