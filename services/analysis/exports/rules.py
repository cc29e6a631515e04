"""Bounds of exports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ExportRules:
    """How much one file may have, how long it is kept, and how many a user may have in the making.

    `user_bytes` and `total_bytes` are what the files that are kept may have together: one user's, and everybody's.

    `bytes` stays below 4 GiB, which is what a workbook can have.
    """

    rows: int = 1_000_000
    bytes: int = 2 * 2**30
    kept: timedelta = timedelta(days=7)
    at_once: int = 2
    user_bytes: int = 4 * 2**30
    total_bytes: int = 20 * 2**30
