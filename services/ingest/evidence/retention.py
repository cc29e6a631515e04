"""Which files of an archive have had their time, and their going."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.ingest.evidence import warc
from services.ingest.evidence.files import opened_at, sync_folder
from services.ingest.evidence.members import members


@dataclass(frozen=True, slots=True)
class Purged:
    """A file that is gone, and how many bytes it held."""

    file: str
    bytes: int


def purge(folder: Path, before: datetime) -> list[Purged]:
    """Delete the files whose newest page is older than `before`, and return them.

    Never a file that any process has open, nor one that holds the body of a page that stays. Files by other names are
    not touched.
    """
    opened = {path.name: at for path in folder.iterdir() if (at := opened_at(path.name))}
    day = timedelta(days=1)
    began = {name: datetime(at.year, at.month, at.day, tzinfo=UTC) for name, at in opened.items()}
    stale = {name for name, start in began.items() if start + day <= before}
    # a file holds one day, so that only those of the day in which `before` falls have to be looked into
    torn = {name: opened[name] for name, start in began.items() if start < before < start + day}
    if any(at < before for at in torn.values()):
        stale |= _stale(folder, torn, before)
    gone = [purged for name in sorted(stale) if (purged := _delete(folder / name))]
    if gone:
        sync_folder(folder)
    return gone


def _stale(folder: Path, opened: Mapping[str, datetime], before: datetime) -> set[str]:
    """Return those of a day's files whose newest page is older than `before` and that nothing younger refers to."""
    newest = dict(opened)
    refers: dict[str, set[str]] = {name: set() for name in opened}
    for name in opened:
        try:
            for _, _, content in members(folder / name):
                found = warc.parse(content)
                if found.kind != "warcinfo":
                    newest[name] = max(newest[name], found.date)
                if found.original:
                    refers[name].add(found.original[0])
        except FileNotFoundError:
            newest.pop(name)
        except (zlib.error, warc.Malformed):
            # how old the rest of a damaged file is cannot be told, so that it stays until its day is over
            newest[name] = before
    stale = {name for name, at in newest.items() if at < before}
    return stale - {target for name in newest.keys() - stale for target in refers[name]}


def _delete(path: Path) -> Purged | None:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            size = os.fstat(file.fileno()).st_size
            path.unlink()
    except (BlockingIOError, FileNotFoundError):
        # it is being written, or another replica was faster
        return None
    return Purged(path.name, size)
