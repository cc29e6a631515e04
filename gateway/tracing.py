"""Trace context (W3C Trace Context, level 1): who asked for what, over all services."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

_HEADER: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16
#: characters of a `traceparent` of version 00
_LENGTH: Final = 55


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace that a request belongs to, and the gateway's own span in it."""

    id: str
    span: str
    flags: str

    @property
    def header(self) -> str:
        """Return the `traceparent` that goes on to a service."""
        return f"00-{self.id}-{self.span}-{self.flags}"


def trace_of(given: str | None) -> Trace:
    """Return the trace of a `traceparent` that a caller gave; a new one where they gave none, or none that is one."""
    found = _HEADER.fullmatch(given or "")
    span = secrets.token_hex(8)
    if found is None or found[1] == "ff" or found[2] == _NO_TRACE or found[3] == _NO_SPAN:
        return Trace(secrets.token_hex(16), span, "01")
    if found[1] == "00" and len(found[0]) > _LENGTH:  # a later version may say more, this one may not
        return Trace(secrets.token_hex(16), span, "01")
    return Trace(found[2], span, found[4])
