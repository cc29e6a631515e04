"""Identifiers: UUIDv7 strings, which sort by the time they were made."""

from __future__ import annotations

import uuid_utils


def new_id() -> str:
    """Return a new UUIDv7 in its canonical text form (36 characters)."""
    return str(uuid_utils.uuid7())
