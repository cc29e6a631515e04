"""The gzip members of an archive file: one record each, found by offset or one after the other."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from services.ingest.evidence.warc import GZIP

_PIECE: Final = 256 * 1024


def members(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield offset, compressed length and content of every whole record.

    A record that a crash has cut short ends the file; it is not yielded. Raises zlib.error where bytes are damaged.
    """
    with path.open("rb") as file:
        offset, size = 0, os.fstat(file.fileno()).st_size
        while offset < size:
            member = _member(file, offset)
            if member is None:
                return
            length, content = member
            yield offset, length, content
            offset += length


def member_at(path: Path, offset: int) -> tuple[int, bytes] | None:
    """Return compressed length and content of the record at `offset`; None where it is not whole."""
    with path.open("rb") as file:
        return _member(file, offset)


def _member(file: BinaryIO, offset: int) -> tuple[int, bytes] | None:
    unpacker = zlib.decompressobj(GZIP)
    content = bytearray()
    length = 0
    file.seek(offset)
    while not unpacker.eof:
        piece = file.read(_PIECE)
        if not piece:
            return None
        content += unpacker.decompress(piece)
        length += len(piece) - len(unpacker.unused_data)
    return length, bytes(content)
