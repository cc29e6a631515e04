"""A ZIP archive (APPNOTE 6.3, without ZIP64) written piece by piece, that another process can go on with.

Three things make it so. Each write is packed by a compressor of its own and ended with a flush, so that the pieces of
an entry, one after the other, are one valid DEFLATE stream (RFC 1951, 3.2.4: stored blocks of no length). CRC-32 goes
on from its value. And the header before an entry, which has a fixed length, gets a number first and its content when
the entry ends: so it has the sizes in it, and readers that know no data descriptors can read the archive.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.analysis.exports.writing import Piece, parts_of

_LEVEL: Final = 4
_LAST_BLOCK: Final = b"\x03\x00"
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_VERSION, _DEFLATED = 20, 8


class Archive:
    """Writes one archive. `at` is the time that its entries bear, as it stands, without a zone."""

    def __init__(self, at: datetime, state: Mapping[str, Any] | None = None) -> None:
        self._date = (max(1980, at.year) - 1980) << 9 | at.month << 5 | at.day
        self._time = at.hour << 11 | at.minute << 5 | at.second // 2
        self.pieces: int = state["pieces"] if state else 0
        self.size: int = state["size"] if state else 0
        self._entries: list[dict[str, Any]] = [dict(entry) for entry in state["entries"]] if state else []
        self._open: dict[str, Any] | None = dict(state["open"]) if state and state["open"] else None

    def state(self) -> dict[str, Any]:
        """Return what another archive needs to go on, as JSON."""
        entries = [dict(entry) for entry in self._entries]
        return {"pieces": self.pieces, "size": self.size, "entries": entries, "open": dict(self._open or {}) or None}

    def open(self, name: str) -> None:
        """Begin an entry; `name` is of ASCII characters."""
        assert self._open is None
        self._open = {"name": name, "number": self.pieces, "offset": self.size, "crc": 0, "packed": 0, "plain": 0}
        self.pieces += 1
        self.size += _LOCAL.size + len(name)

    def write(self, data: bytes) -> list[Piece]:
        """Return the pieces of more content of the open entry."""
        assert self._open is not None
        self._open["crc"] = zlib.crc32(data, self._open["crc"])
        self._open["plain"] += len(data)
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        return self._pack(packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))

    @property
    def plain(self) -> int:
        """Bytes of the open entry, unpacked."""
        assert self._open is not None
        plain: int = self._open["plain"]
        return plain

    def close(self) -> list[Piece]:
        """End the open entry; returns its last piece, and its header."""
        assert self._open is not None
        pieces = self._pack(_LAST_BLOCK)
        entry, self._open = self._open, None
        self._entries.append(entry)
        header = _LOCAL.pack(b"PK\x03\x04", _VERSION, *self._common(entry))
        return [(entry["number"], header + entry["name"].encode("ascii")), *pieces]

    def finish(self) -> list[Piece]:
        """Return the directory, with which the archive is whole."""
        assert self._open is None
        start = self.size
        directory = b"".join(
            _CENTRAL.pack(b"PK\x01\x02", _VERSION, _VERSION, *self._common(entry), 0, 0, 0, 0, entry["offset"])
            + entry["name"].encode("ascii")
            for entry in self._entries
        )
        count = len(self._entries)
        end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)
        return [self._piece(part) for part in parts_of(directory + end)]

    def _common(self, entry: Mapping[str, Any]) -> tuple[int, ...]:
        sizes = (entry["crc"], entry["packed"], entry["plain"], len(entry["name"]), 0)
        return (0, _DEFLATED, self._time, self._date, *sizes)

    def _pack(self, data: bytes) -> list[Piece]:
        assert self._open is not None
        self._open["packed"] += len(data)
        return [self._piece(part) for part in parts_of(data)]

    def _piece(self, data: bytes) -> Piece:
        number = self.pieces
        self.pieces += 1
        self.size += len(data)
        return number, data
