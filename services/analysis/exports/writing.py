"""What a writer of a format is: rows in, pieces of a file out, able to go on where another run of it stopped."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from kit.tables.cells import Cell

#: A numbered part of a file; in the order of their numbers they are the file.
Piece = tuple[int, bytes]
#: bytes of a piece, at most; bounds what serving a file holds in memory
PIECE: Final = 2**20


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself: a title, and lines of a name and a value."""

    title: str
    lines: Sequence[tuple[str, Cell]]


class Writer(Protocol):
    """Writes one file."""

    @property
    def size(self) -> int:
        """Bytes of the pieces given so far."""
        ...

    @property
    def pieces(self) -> int:
        """How many pieces there are, numbered from 0."""
        ...

    @property
    def sheets(self) -> int:
        """Sheets of rows; 0 where the format has none."""
        ...

    @property
    def cut(self) -> int:
        """Cells that were longer than the format allows, and cut."""
        ...

    def add(self, rows: Sequence[Sequence[Cell]]) -> list[Piece]:
        """Return the pieces that rows make."""
        ...

    def finish(self, about: About) -> list[Piece]:
        """Return the last pieces. `about` goes with the file where the format has room for it."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what a writer made later needs, as JSON, to go on after the pieces given so far."""
        ...


def kept(format: str, pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces as they are kept: those of CSV packed, those of XLSX as they are, for they are packed already."""
    return [(number, data if format == "xlsx" else zlib.compress(data, 3)) for number, data in pieces]


def unkept(format: str, data: bytes) -> bytes:
    """Return a piece of a file from what :func:`kept` made of it."""
    return data if format == "xlsx" else zlib.decompress(data)


def parts_of(data: bytes) -> Iterator[bytes]:
    """Yield `data` in parts of at most :data:`PIECE` bytes."""
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]
