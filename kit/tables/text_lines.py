"""Text files: their encoding found, and their lines read one at a time and no longer than a limit."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Final, cast

from kit.tables.unreadable import Unreadable

#: characters that one line may have
MAX_LINE: Final = 2**22
_CHUNK: Final = 2**20
_GZIP: Final = b"\x1f\x8b"
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: the start of files that are no text, by what they are called
_MAGIC: Final = {
    b"\xd0\xcf\x11\xe0": "旧版 .xls 或加密的工作簿，请另存为 .xlsx / an old .xls or an encrypted workbook",
    b"%PDF": "PDF",
    b"PK\x03\x04": "ZIP",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "RAR",
    b"SQLite format": "SQLite",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"\x28\xb5\x2f\xfd": "zstd",
}


class LineTooLong(Exception):
    """A line beyond :data:`MAX_LINE`; it has been passed over."""


def is_gzip(path: Path) -> bool:
    """Tell whether a file is gzipped, by its first bytes."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP


@contextmanager
def opened(path: Path) -> Iterator[tuple[BufferedReader, BufferedReader]]:
    """Give a file as it lies on disk (whose position tells the progress), and its content, unpacked where gzipped."""
    with path.open("rb") as raw:
        if is_gzip(path):
            with gzip.GzipFile(fileobj=raw) as plain:
                yield raw, cast(BufferedReader, plain)
        else:
            yield raw, raw


def encoding_of(path: Path) -> str:
    """Return how a text file is encoded: by its byte order mark, else UTF-8 where all of it is, else GB18030.

    Raises :class:`Unreadable` for a file that is no text. The whole file is looked at, since the first Chinese
    character may stand anywhere in it.
    """
    with opened(path) as (_, plain):
        head = plain.read1(_CHUNK)
        check_start(head)
        if head.startswith(_UTF16):
            return "utf-16"
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk = head
        while chunk:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return "utf-8-sig" if _nearly_utf8(chunk) else "gb18030"
            try:
                chunk = plain.read1(_CHUNK)
            except (EOFError, zlib.error, gzip.BadGzipFile):
                break  # what comes before the break can be read; who reads it meets the break
    return "utf-8-sig"


def check_start(head: bytes) -> None:
    """Raise :class:`Unreadable` where the first bytes of a file (unpacked) are those of no text."""
    for magic, called in _MAGIC.items():
        if head.startswith(magic):
            raise Unreadable(f"文件不是文本：{called}", f"the file is no text: {called}")
    if b"\0" in head and not head.startswith(_UTF16):
        raise Unreadable(
            "文件不是文本（含空字节；UTF-16 须带字节序标记）",
            "the file is no text: it holds NUL bytes (UTF-16 needs its byte order mark)",
        )


def _nearly_utf8(chunk: bytes) -> bool:
    """Tell whether bytes are UTF-8 but for a few: of a text in GB18030 nearly no character would pass."""
    text = chunk.decode("utf-8", "replace")
    beyond_ascii = sum(character > "\x7f" for character in text)
    return text.count("\ufffd") * 10 < beyond_ascii


class Lines:
    """The lines of a text with their ends; `number` is that of the last. Bytes that no character has show as �."""

    def __init__(self, plain: BufferedReader, encoding: str) -> None:
        self._text = io.TextIOWrapper(plain, encoding=encoding, errors="replace", newline="")
        self.number = 0
        self.ended = False

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        """Return the next line; raises :class:`LineTooLong` after passing over one that is."""
        line = self._text.readline(MAX_LINE)
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            while (more := self._text.readline(MAX_LINE)) and not more.endswith(("\n", "\r")):
                pass
            raise LineTooLong
        return line

    def detach(self) -> None:
        """Let go of the file without closing it."""
        self._text.detach()
