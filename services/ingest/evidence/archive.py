"""The archive of fetched pages: WARC 1.1 files that only grow, and that go as whole files.

What is kept is raw: it holds the numbers and handles that stood on the page. Only who holds `evidence.read` may see it,
and it goes after the days of evidence (docs/privacy.md).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from kit.clock import Clock, SystemClock
from services.ingest.evidence import retention, warc
from services.ingest.evidence.files import file_name, sync_folder
from services.ingest.evidence.reading import Reader
from services.ingest.evidence.record import EvidenceProblem, Kept, Record
from services.ingest.evidence.retention import Purged
from services.ingest.fetching.page import Page

#: written in pieces, so that a large page does not need one system call that cannot be interrupted
_PIECE: Final = 1024 * 1024


@dataclass(slots=True)
class _Open:
    name: str
    descriptor: int
    opened_at: datetime
    size: int
    bare: int


class Archive:
    """Keeps pages in files of at most `max_bytes` (a larger page has a file of its own) and of one day (UTC).

    Any number of threads may use one archive, and any number of processes one folder: each writes files of its own,
    whose names hold `replica`. A file is locked while it is written, and never opened again for writing: a record that
    a crash has cut short stays at its file's end and is passed over by readers.

    A record is written at once and durable after :meth:`flush`. Flush, then commit the row that points to it: a row
    then never points to nothing; a record without a row is harmless and goes with its file. Methods block on the disk:
    call them in a thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        replica: str,
        clock: Clock | None = None,
        max_bytes: int = 64 * 1024 * 1024,
        software: str = "Huiying",
        contact: str = "",
    ) -> None:
        self._folder, self._max = folder, max_bytes
        self._clock: Clock = clock or SystemClock()
        self._replica = replica
        self._reader = Reader(folder)
        self._about: Mapping[str, str] = {
            "software": software,
            "operator": contact,
            "description": "Public pages as fetched, kept as evidence",
        }
        self._lock = threading.Lock()
        self._file: _Open | None = None
        self._doubtful: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, page: Page, earlier: Record | None = None) -> Record:
        """Keep a page and return where it lies.

        With `earlier`, a record of the same address and body, only a `revisit` record that points to it is written, if
        it is of the same day (so that both are purged together), readable and unaltered; else a whole copy. Raises
        ValueError for an answer "not modified", which shows nothing, and OSError where the disk fails: nothing is kept
        then.
        """
        if page.not_modified:
            raise ValueError("an answer 304 has no body to keep")
        now = self._clock.now()
        data = self._revisit(page, earlier, now) if earlier else None
        data = data or warc.response(page)
        with self._lock:
            file = self._file_for(now, len(data))
            offset = file.size
            try:
                self._append(file, data)
            except OSError:
                self._abandon(file, offset)
                raise
            return Record(file.name, offset, len(data), page.digest, now, hashlib.sha256(data).hexdigest())

    def flush(self, *records: Record) -> None:
        """Make durable whatever was written.

        Raises OSError where the disk fails, or has failed a file of these `records` when it was full and closed: what
        was written to that file since the flush before is in doubt.
        """
        with self._lock:
            if self._file is not None:
                self._sync(self._file)
            for record in records:
                if record.file in self._doubtful:
                    raise OSError(errno.EIO, "the disk failed when this file was closed", record.file)

    def close(self) -> None:
        """Flush and let go of the open file. The next page opens a new one."""
        with self._lock:
            self._shut()

    def read(self, record: Record) -> tuple[Mapping[str, str], bytes]:
        """Return a page's headers and body, checked against `record`; raises EvidenceMissing and EvidenceAltered."""
        kept = self.kept(record)
        return kept.headers, kept.body

    def kept(self, record: Record) -> Kept:
        """Return a page with its address, its time and the way to it; checked and raises as :meth:`read` does."""
        return self._reader.kept(record)

    def extract(self, record: Record) -> bytes:
        """Return a small .warc.gz to hand out: the file's `warcinfo` and the page's record, byte for byte as kept.

        A revisit is preceded by the record that holds its body. Checked and raises as :meth:`read` does.
        """
        return self._reader.extract(record)

    def purge(self, before: datetime) -> list[Purged]:
        """Delete the files whose newest page is older than `before`, and return them.

        Never a file that any process has open, nor one that holds the body of a page that stays.
        """
        with self._lock:
            # a crawl that rests must not hold its last file for ever
            if self._file is not None and self._file.opened_at.date() != self._clock.now().astimezone(UTC).date():
                self._shut()
        return retention.purge(self._folder, before)

    def _revisit(self, page: Page, earlier: Record, now: datetime) -> bytes | None:
        if earlier.sha256 != page.digest or earlier.written_at.astimezone(UTC).date() != now.astimezone(UTC).date():
            return None
        try:
            original, file, offset = self._reader.original(earlier)
        except EvidenceProblem:
            # a whole copy is what is needed all the more
            return None
        if original.url != warc.uri(page.url):
            return None
        return warc.revisit(page, original, file, offset)

    def _file_for(self, now: datetime, length: int) -> _Open:
        file = self._file
        if file is not None:
            another_day = file.opened_at.date() != now.astimezone(UTC).date()
            full = file.size > file.bare and file.size + length > self._max
            if not another_day and not full:
                return file
            self._shut()
        return self._open(now)

    def _open(self, now: datetime) -> _Open:
        opened = now.astimezone(UTC)
        serial = 0
        while True:
            name = file_name(opened, serial, self._replica)
            try:
                descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                break
            except FileExistsError:
                serial += 1
        file = _Open(name, descriptor, opened, 0, 0)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._append(file, warc.warcinfo(name, now, self._about))
            sync_folder(self._folder)
        except OSError:
            os.close(descriptor)
            (self._folder / name).unlink()
            raise
        file.bare = file.size
        self._file = file
        return file

    def _append(self, file: _Open, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file.descriptor, rest[:_PIECE]) :]
        file.size += len(data)

    def _shut(self) -> None:
        if self._file is not None:
            self._sync(self._file)
            descriptor, self._file = self._file.descriptor, None
            os.close(descriptor)

    def _sync(self, file: _Open) -> None:
        try:
            os.fsync(file.descriptor)
        except OSError:
            # a second try would tell of success although the pages are lost
            self._doubtful.add(file.name)
            self._abandon(file, file.size)
            raise

    def _abandon(self, file: _Open, good: int) -> None:
        """Cut off what was written in part, as far as the disk lets us, and use the file no more."""
        self._file = None
        try:
            os.ftruncate(file.descriptor, good)
        finally:
            os.close(file.descriptor)
