"""The archive's files: their names, which tell when they were opened, and their folder."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"huiying-(\d{14})-\d{5}-[A-Za-z0-9._-]{1,100}\.warc\.gz")
_STAMP: Final = "%Y%m%d%H%M%S"


def file_name(opened_at: datetime, serial: int, replica: str) -> str:
    """Return the name of a file that `replica` opens; `serial` tells apart those of one second."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", replica).strip("-.")[:100] or "replica"
    return f"huiying-{opened_at.astimezone(UTC).strftime(_STAMP)}-{serial:05d}-{safe}.warc.gz"


def opened_at(name: str) -> datetime | None:
    """Return when a file was opened, to the second; None where the name is not one of the archive's."""
    match = _NAME.fullmatch(name)
    return datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC) if match else None


def sync_folder(folder: Path) -> None:
    """Make new and deleted names durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
