"""What points to a kept page, what is found there, and how it can fail to be found. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Record:
    """Where a page lies in the archive.

    `file` is relative to the archive's folder; `offset` and `length` are bytes of the compressed record in it. `sha256`
    is the body's (:attr:`Page.digest`); `seal` that of the compressed record, so that address, date and headers cannot
    be altered either without its being seen. Both in hexadecimal digits; an empty seal is not checked.
    """

    file: str
    offset: int
    length: int
    sha256: str
    written_at: datetime
    seal: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A page as the archive holds it. `requested` and `redirects` are the way to `url`; `revisit` names a repeat."""

    url: str
    fetched_at: datetime
    status: int
    headers: Mapping[str, str]
    body: bytes
    requested: str
    redirects: tuple[str, ...]
    revisit: bool


class EvidenceProblem(Exception):
    """A kept page cannot be shown. The message names file, offset and fault."""

    def __init__(self, file: str, offset: int, fault: str) -> None:
        super().__init__(f"{file} at byte {offset}: {fault}")
        self.file, self.offset, self.fault = file, offset, fault


class EvidenceMissing(EvidenceProblem):
    """The file is gone: purged, or never synchronised to this machine."""


class EvidenceAltered(EvidenceProblem):
    """What lies in the file is not what was written."""
