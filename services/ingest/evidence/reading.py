"""Kept pages read back, checked down to the byte."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

from services.ingest.evidence import warc
from services.ingest.evidence.files import opened_at
from services.ingest.evidence.members import member_at
from services.ingest.evidence.record import EvidenceAltered, EvidenceMissing, Kept, Record
from services.ingest.evidence.warc import Parsed

ALTERED = "the body's SHA-256 is not the one that was noted"


class Reader:
    """Reads an archive's folder. Every method raises EvidenceMissing and EvidenceAltered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def kept(self, record: Record) -> Kept:
        """Return a page with its address, its time and the way to it."""
        found, body = self._found(record)
        return Kept(
            url=found.url,
            fetched_at=found.date,
            status=found.status,
            headers=found.headers,
            body=body,
            requested=found.requested,
            redirects=found.redirects,
            revisit=found.original is not None,
        )

    def original(self, record: Record) -> tuple[Parsed, str, int]:
        """Return the record that holds a page's body, with its file and offset."""
        found, _ = self._found(record)
        if found.original is None:
            return found, record.file, record.offset
        return self._at(*found.original), *found.original

    def extract(self, record: Record) -> bytes:
        """Return the file's `warcinfo`, for a revisit the record with its body, and the page's record, unchanged."""
        found, _ = self._found(record)
        places = [(record.file, 0), *([found.original] if found.original else []), (record.file, record.offset)]
        return b"".join(self._compressed(file, offset) for file, offset in places)

    def _found(self, record: Record) -> tuple[Parsed, bytes]:
        data = self._compressed(record.file, record.offset, record.length)
        found = self._at(record.file, record.offset)
        body = self._at(*found.original).body if found.original else found.body
        if hashlib.sha256(body).hexdigest() != record.sha256:
            raise EvidenceAltered(*(found.original or (record.file, record.offset)), ALTERED)
        if record.seal and hashlib.sha256(data).hexdigest() != record.seal:
            raise EvidenceAltered(record.file, record.offset, "the record's SHA-256 is not the one that was noted")
        return found, body

    def _at(self, file: str, offset: int) -> Parsed:
        """Return the record at a place, checked by its own digests."""
        try:
            return warc.parse(self._member(file, offset)[1])
        except warc.Malformed as error:
            raise EvidenceAltered(file, offset, str(error)) from None

    def _compressed(self, file: str, offset: int, length: int | None = None) -> bytes:
        length = self._member(file, offset)[0] if length is None else length
        with self._path(file, offset).open("rb") as opened:
            opened.seek(offset)
            data = opened.read(length)
        if len(data) < length:
            raise EvidenceAltered(file, offset, "the file ends within the record")
        return data

    def _member(self, file: str, offset: int) -> tuple[int, bytes]:
        try:
            member = member_at(self._path(file, offset), offset)
        except zlib.error as error:
            raise EvidenceAltered(file, offset, f"the record does not unpack: {error}") from None
        if member is None:
            raise EvidenceAltered(file, offset, "the file ends within the record")
        return member

    def _path(self, file: str, offset: int) -> Path:
        if opened_at(file) is None:
            raise EvidenceMissing(file, offset, "this is no name of an archive's file")
        path = self._folder / file
        if not path.is_file():
            raise EvidenceMissing(file, offset, "the file is gone")
        return path
