"""Bodies of requests, written to disk as they come: raw, or the file part of a multipart form."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import BinaryIO, Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from kit.problems import Problem

_BUFFER: Final = 2**20
#: bytes that stay free on the disk: the database lies on it too
_RESERVE: Final = 64 * 2**20
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_PART: Final = ".part"
_WHOLE: Final = ".upload"
#: seconds after which what was left of an upload that broke off is deleted
_ABANDONED: Final = 6 * 3600
#: fields beside the file that a form may have, and the bytes of each
_FIELDS: Final = 20
_FIELD_BYTES: Final = 16_000
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in whole: where it lies, what its sender calls it ("" where not said), its bytes.

    `fields` are the other fields of the form that brought it.
    """

    path: Path
    filename: str
    size: int
    fields: Mapping[str, str] = field(default_factory=dict)


class Uploads:
    """The folder of uploaded files; each is named by the import that reads it."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes

    def path(self, id_: str) -> Path:
        """Return where the file of an import lies."""
        return self._folder / f"{id_}{_WHOLE}"

    async def receive(self, request: Request, id_: str, filename: str) -> Upload:
        """Write the body of a request to disk, durably.

        Raises a 400 problem for an empty body or a broken form, 413 beyond the limit, 503 where the disk is full.
        """
        self._check_length(request)
        part = self._folder / f"{id_}{_PART}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                sink = _Sink(file, self._max_bytes, self._too_large)
                said, fields = await self._write(request, sink)
                await asyncio.to_thread(sink.finish)
            if not sink.size:
                raise Problem(400, "empty-file", zh="文件是空的", en="The file is empty")
            os.replace(part, self.path(id_))
            await asyncio.to_thread(_sync_folder, self._folder)
        except ClientDisconnect:
            part.unlink(missing_ok=True)
            raise Problem(400, "broken-off", zh="上传中断", en="The upload broke off") from None
        except OSError as error:
            part.unlink(missing_ok=True)
            if error.errno in _FULL:
                raise _disk_full() from error
            raise
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Upload(self.path(id_), plain_name(filename or said), sink.size, fields)

    def remove(self, id_: str) -> None:
        """Delete the file of an import."""
        self.path(id_).unlink(missing_ok=True)

    def age(self, id_: str) -> float:
        """Return the seconds since a file came in whole; 0 where it is gone."""
        try:
            return time.time() - self.path(id_).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def kept(self) -> list[str]:
        """Return the imports whose files lie here, and delete what is left of uploads that broke off."""
        found: list[str] = []
        if not self._folder.is_dir():
            return found
        for path in self._folder.iterdir():
            if path.suffix == _WHOLE:
                found.append(path.stem)
            elif path.suffix == _PART and time.time() - path.stat().st_mtime > _ABANDONED:
                path.unlink(missing_ok=True)
        return found

    def _check_length(self, request: Request) -> None:
        length = request.headers.get("content-length", "")
        if not length.isdigit():
            return
        if int(length) > self._max_bytes + 2**16:  # a form has headers of its own
            raise self._too_large()
        self._folder.mkdir(parents=True, exist_ok=True)
        if int(length) + _RESERVE > shutil.disk_usage(self._folder).free:
            raise _disk_full()

    def _too_large(self) -> Problem:
        limit = self._max_bytes // 2**20
        return Problem(413, "too-large", zh=f"文件不得超过 {limit} MiB", en=f"A file has at most {limit} MiB")

    async def _write(self, request: Request, sink: _Sink) -> tuple[str, dict[str, str]]:
        kind, options = parse_options_header(request.headers.get("content-type"))
        if kind != b"multipart/form-data":
            await _pump(request.stream(), sink.write)
            return _disposition_filename(request.headers.get("content-disposition", "")), {}
        if not options.get(b"boundary"):
            raise _bad_form("no boundary")
        form = _Form(sink)
        parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": form.part_begin,
                "on_header_field": form.header_field,
                "on_header_value": form.header_value,
                "on_header_end": form.header_end,
                "on_headers_finished": form.headers_finished,
                "on_part_data": form.part_data,
                "on_part_end": form.part_end,
                "on_end": form.ended,
            },
        )
        try:
            await _pump(request.stream(), parser.write)
            parser.finalize()
        except MultipartParseError as error:
            raise _bad_form(str(error)) from None
        if not form.seen or not form.whole:
            raise _bad_form("no file part" if not form.seen else "it broke off")
        return form.filename, form.fields


class _Sink:
    """Takes bytes to a file and counts them."""

    def __init__(self, file: BinaryIO, limit: int, too_large: Callable[[], Problem]) -> None:
        self._file, self._limit, self._too_large = file, limit, too_large
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        if self.size > self._limit:
            raise self._too_large()
        return self._file.write(data)

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())


class _Form:
    """The first part of a form that names a file goes to the sink; of other parts, short fields are kept."""

    def __init__(self, sink: _Sink) -> None:
        self._sink = sink
        self._field = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._open = False
        self.seen = self.whole = False
        self.filename = ""
        self.fields: dict[str, str] = {}
        self._name: str | None = None
        self._said = b""

    def part_begin(self) -> None:
        self._name, self._said = None, b""
        self._headers, self._field, self._value = {}, b"", b""

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if not self.seen and b"filename" in options:
            self.seen = self._open = True
            self.filename = _decoded(options[b"filename"])
        elif b"filename" not in options and b"name" in options and len(self.fields) < _FIELDS:
            self._name = _decoded(options[b"name"])

    def part_data(self, data: bytes, start: int, end: int) -> None:
        if self._open:
            self._sink.write(data[start:end])
        elif self._name is not None:
            self._said += data[start:end]
            if len(self._said) > _FIELD_BYTES:
                raise _bad_form(f"{self._name[:40]}: more than {_FIELD_BYTES:,} bytes")

    def part_end(self) -> None:
        self._open = False
        if self._name is not None:
            self.fields.setdefault(self._name, _decoded(self._said))

    def ended(self) -> None:
        self.whole = True


def _sync_folder(folder: Path) -> None:
    """Have the folder's entries on disk too: without it a power cut may lose a file that was renamed."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


async def _pump(chunks: AsyncIterator[bytes], write: Callable[[bytes], int]) -> None:
    """Hand chunks on in larger pieces, off the loop: disks may be slow."""
    waiting: list[bytes] = []
    size = 0
    async for chunk in chunks:
        waiting.append(chunk)
        size += len(chunk)
        if size >= _BUFFER:
            await asyncio.to_thread(write, b"".join(waiting))
            waiting, size = [], 0
    if waiting:
        await asyncio.to_thread(write, b"".join(waiting))


def _disposition_filename(header: str) -> str:
    message = Message()
    message["content-disposition"] = header
    # RFC 2231 names come back as they are meant, others as the bytes that were sent
    name = message.get_filename("")
    return name if "*=" in header else _decoded(name.encode("latin-1", "replace"))


def _decoded(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("gb18030", "replace")


def plain_name(filename: str) -> str:
    """Return a file's name without folders and control characters, at most 255 characters."""
    return _UNPRINTABLE.sub("", filename.replace("\\", "/").rpartition("/")[2]).strip()[-255:]


def _bad_form(why: str) -> Problem:
    return Problem(400, "bad-form", zh=f"表单无法读取：{why}", en=f"The form cannot be read: {why}")


def _disk_full() -> Problem:
    return Problem(
        503,
        "disk-full",
        zh="服务器磁盘空间不足，无法保存上传的文件，请联系管理员",
        en="The server's disk has no room for the file",
        headers={"Retry-After": "600"},
    )
