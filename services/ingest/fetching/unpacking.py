"""Undoing Content-Encoding with a bound on what comes out.

A few kilobytes can unpack to gigabytes. Every step here asks the library for a bounded piece of output, so that the
memory used is the limit plus some hundred kilobytes (for zstd, whose binding can't be asked: four megabytes),
whatever was sent.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import brotli  # type: ignore[import-untyped]
import zstandard

from services.ingest.fetching.page import FetchFailed, FetchProblem

#: what is asked for in Accept-Encoding
CODINGS: Final = "gzip, deflate, br, zstd"

_PIECE: Final = 64 * 1024
#: zlib's way of saying: with gzip's header
_GZIP: Final = zlib.MAX_WBITS | 16
#: codings laid over one another that are undone: two are met on the web, by mistake
_MOST_CODINGS: Final = 3
#: RFC 9659: a zstd content coding needs no larger window
_ZSTD_WINDOW: Final = 8 * 1024 * 1024
#: a block of zstd takes four bytes at least and yields 128 KiB at most: these yield 4 MiB
_ZSTD_SLICE: Final = 128


class Unpacking(Protocol):
    """One coding being undone."""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` unpacks to in bounded pieces."""

    @property
    def complete(self) -> bool:
        """Tell whether the coding's own end has been seen."""


class _Zlib:
    """gzip, any number of members."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._inflater = zlib.decompressobj(bits)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflater.eof:
                # padding of zeros or other bytes after the end is not the page's
                if self._bits != _GZIP or not data.startswith(b"\x1f\x8b"):
                    return
                self._inflater = zlib.decompressobj(self._bits)
            piece = self._inflater.decompress(data, _PIECE)
            data = self._inflater.unused_data if self._inflater.eof else self._inflater.unconsumed_tail
            if piece:
                yield piece
            # a full piece may leave output inside the inflater when all input is consumed
            while len(piece) == _PIECE and not data and not self._inflater.eof:
                piece = self._inflater.decompress(b"", _PIECE)
                if piece:
                    yield piece

    @property
    def complete(self) -> bool:
        return self._inflater.eof


class _Deflate(_Zlib):
    """deflate, which servers send with zlib's header, as they should, or without."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)
        self._start = b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if len(self._start) < 2:
            self._start += data
            if len(self._start) < 2:
                return
            data, self._start = self._start, self._start[:2]
            # RFC 1950, 2.2: method 8, and a check of the first two bytes; no packer's raw stream begins so
            if data[0] & 0x0F != 8 or int.from_bytes(data[:2], "big") % 31:
                self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        yield from super().pieces(data)


class _Brotli:
    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        if self._decompressor.is_finished():
            return
        # can_accept_more_data() is true while input inside has yet to yield something: asked until dry instead
        piece = self._decompressor.process(data, output_buffer_limit=_PIECE)
        while piece:
            yield piece
            if self._decompressor.is_finished():
                return
            piece = self._decompressor.process(b"", output_buffer_limit=_PIECE)

    @property
    def complete(self) -> bool:
        return bool(self._decompressor.is_finished())


class _Zstd:
    def __init__(self) -> None:
        self._context = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._frame = self._context.decompressobj()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        place = 0
        while place < len(data):
            if self._frame.eof:
                self._frame = self._context.decompressobj()
            part = data[place : place + _ZSTD_SLICE]
            place += len(part)
            piece = self._frame.decompress(part)
            if self._frame.eof:
                place -= len(self._frame.unused_data)
            if piece:
                yield piece

    @property
    def complete(self) -> bool:
        return bool(self._frame.eof)


_MAKERS: Final[dict[str, Callable[[], Unpacking]]] = {
    "gzip": lambda: _Zlib(_GZIP),
    "x-gzip": lambda: _Zlib(_GZIP),
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}


class Body:
    """A body as it arrives: coding undone, `max_bytes` at most of it before and after each step.

    With `cut`, what goes beyond is left out and :attr:`full` says so, instead of FetchFailed(TOO_LARGE).
    """

    def __init__(self, coding: str, max_bytes: int, *, cut: bool = False) -> None:
        names = [name for piece in coding.lower().split(",") if (name := piece.strip()) not in ("", "identity")]
        unknown = [name for name in names if name not in _MAKERS]
        if unknown or len(names) > _MOST_CODINGS:
            raise FetchFailed(FetchProblem.CONTENT, f"coded as {coding[:60]!r}")
        self._steps = [_MAKERS[name]() for name in reversed(names)]
        self._amounts = [0] * (len(self._steps) + 1)
        self._max_bytes, self._cut = max_bytes, cut
        self._parts: list[bytes] = []
        self.full = False

    @property
    def transferred(self) -> int:
        """Return the bytes that came, coding and all."""
        return self._amounts[0]

    def add(self, data: bytes) -> None:
        """Take `data` in as it came; FetchFailed with TOO_LARGE, or with CONTENT where it can't be unpacked."""
        try:
            self._pass_on(data, 0)
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise FetchFailed(FetchProblem.CONTENT, f"can't be unpacked: {error}") from None

    def whole(self) -> bytes:
        """Return the body; FetchFailed(CONTENT) where its coding has not come to its end."""
        if self._amounts[0] and not self.full and not all(step.complete for step in self._steps):
            raise FetchFailed(FetchProblem.CONTENT, "the packed body ends early")
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def _pass_on(self, data: bytes, depth: int) -> None:
        room = self._max_bytes - self._amounts[depth]
        self._amounts[depth] += len(data)
        if len(data) > room:
            if not self._cut:
                raise FetchFailed(FetchProblem.TOO_LARGE, f"more than {self._max_bytes} bytes")
            self.full = True
            data = data[:room]
        if depth == len(self._steps):
            if data:
                self._parts.append(data)
            return
        for piece in self._steps[depth].pieces(data):
            self._pass_on(piece, depth + 1)
            if self._amounts[depth + 1] > self._max_bytes:
                return
