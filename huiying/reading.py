"""Files of posts for the command line: read as the server reads them, refused in one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from huiying.errors import CommandError
from kit.tables.unreadable import Unreadable
from services.ingest.imports.columns import FIELDS
from services.ingest.imports.reading import NoText, Options, Record
from services.ingest.imports.reading import PostFile as _PostFile
from services.ingest.imports.reasons import reason_of

__all__ = ["FIELDS", "PostFile", "Record"]


class PostFile:
    """A CSV, JSON Lines or XLSX file of posts; the first two may be gzipped. Raises :class:`CommandError`."""

    def __init__(self, path: Path, mapping: Mapping[str, str] | None = None) -> None:
        if not path.is_file():
            raise CommandError(f"找不到文件 / no such file: {path}")
        self.path = path
        self._file = _PostFile(path, Options(dict(mapping or {})))
        self.size = self._file.size
        if not _PostFile.supports(path.name):
            raise CommandError(
                f"只支持 .csv、.jsonl（可加 .gz）与 .xlsx / only .csv, .jsonl (optionally .gz) and .xlsx: {path.name}"
            )

    @property
    def ignored(self) -> list[str]:
        """Return the columns of the file that no field takes."""
        try:
            return [column.name for column in self._file.look().columns if column.field is None]
        except Unreadable as error:
            raise _refused(error) from None

    def records(self, skip: int = 0) -> Iterator[Record]:
        """Yield the records after the first `skip`, in order."""
        number = 0
        try:
            for record in self._file.records(skip):
                number = record.number
                yield record
        except Unreadable as error:
            raise _refused(error, number) from None


def _refused(error: Unreadable, number: int = 0) -> CommandError:
    reason = reason_of(error)
    if isinstance(error, NoText):
        return CommandError(f"{reason.zh} / {reason.en}. Use --map text=COLUMN")
    where = f"（第 {number} 条之后）", f" (after record {number})"
    zh, en = where if number else ("", "")
    return CommandError(f"{reason.zh}{zh} / {reason.en}{en}", 1)
