"""How an import stands, and what is kept of a row that was not taken."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from services.ingest.folding import cleaned, storable
from services.ingest.imports.reading import Found, Record
from services.ingest.imports.reasons import Reason, told
from services.ingest.imports.refused import is_authors
from services.ingest.imports.values import is_address, text_of
from services.ingest.privacy import mask_url

#: beyond, JSON's numbers are not whole any more everywhere
_EXACT: Final = 2**53


@dataclass(slots=True)
class Progress:
    """The counts of an import as committed, and the speed of this run of it."""

    total_bytes: int
    done_bytes: int
    records: int
    accepted: int
    duplicates: int
    rejected: int

    def after(self, last: Record, accepted: int, duplicates: int, rejected: int) -> Progress:
        """Return the counts with one batch more, whose last record is `last`."""
        return Progress(
            self.total_bytes,
            # gzip reads ahead, and a second run may stand at another place of the same record
            max(self.done_bytes, last.position),
            last.number,
            self.accepted + accepted,
            self.duplicates + duplicates,
            self.rejected + rejected,
        )


class Speed:
    """Records a second and the seconds left, of one run of an import."""

    def __init__(self, start: Progress) -> None:
        self._start, self._began = start, time.monotonic()

    def at(self, now: Progress) -> dict[str, Any]:
        """Return `rate` and `eta_seconds`; unknown (None) while no byte was read."""
        seconds = max(1e-3, time.monotonic() - self._began)
        read = now.done_bytes - self._start.done_bytes
        left = max(0, now.total_bytes - now.done_bytes)
        return {
            "rate": round((now.records - self._start.records) / seconds, 1),
            "eta_seconds": round(seconds * left / read) if read > 0 else None,
        }


def shown_row(record: Record) -> dict[str, Any] | str | None:
    """Return what may be kept of a record that was not taken: the post that it was, else its cells or its line."""
    if record.post is not None:
        return shown(record.post)
    return told(record.row) if isinstance(record.row, str) else shown(record.row)


def shown(post: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what may be kept and shown of a row: masked, then shortened, without its author; None for no row."""
    if post is None:
        return None
    return {told(name): _shown(value) for name, value in post.items() if not is_authors(name)}


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return shown({str(name): one for name, one in value.items()})
    if isinstance(value, (list, tuple)):
        return [_shown(one) for one in value]
    if isinstance(value, (int, float)):
        masked = told(text_of(value))
        # a number may be somebody's; what no database takes as a number is kept as its text
        return value if masked == text_of(value) and math.isfinite(value) and abs(value) < _EXACT else masked
    text = text_of(value)
    return told(_masked_address(text) if is_address(text) else text)


def _masked_address(text: str) -> str:
    try:
        return mask_url(cleaned(text).strip())
    except ValueError:  # no address at all
        return text


def found_to_json(found: Found) -> dict[str, Any]:
    """Return what a file was found to be as JSON; names of columns are masked: without a header they are data."""
    read: dict[str, Any] = storable(asdict(found))
    for column in read["columns"]:
        column["name"] = told(column["name"])
    return read


def notes(found: Mapping[str, Any]) -> list[Reason]:
    """Return the notes of what :func:`found_to_json` gave."""
    return [Reason(**note) for note in found["notes"]]
