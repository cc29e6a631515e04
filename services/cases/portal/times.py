"""Instants as the portal writes them: for people in Shanghai's time, for programs as their formats ask."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

from services.cases.numbering import ZONE


def day(at: datetime) -> str:
    """Return 2026-03-01."""
    return f"{at.astimezone(ZONE):%Y-%m-%d}"


def minute(at: datetime) -> str:
    """Return 2026-03-01 09:30."""
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}"


def rfc3339(at: datetime) -> str:
    """Return an instant as Atom and JSON Feed want it, in Shanghai's time."""
    return at.astimezone(ZONE).isoformat(timespec="seconds")


def rfc822(at: datetime) -> str:
    """Return an instant as RSS wants it, with a year of four digits."""
    return format_datetime(at.astimezone(ZONE))


def http_date(at: datetime) -> str:
    """Return an instant as HTTP headers want it (RFC 9110, section 5.6.7)."""
    return format_datetime(at.astimezone(UTC).replace(microsecond=0), usegmt=True)
