"""How an import stands, and what is kept of a row that was not taken."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from services.ingest.folding import cleaned
from services.ingest.imports.reading import Found, Record
from services.ingest.imports.reasons import Reason
from services.ingest.privacy import mask, mask_url

#: characters that are kept of each field of a row that was not taken
_KEPT: Final = 2_000


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


def shown(post: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what may be kept and shown of a row: masked, shortened, without its author; None for no row."""
    if post is None:
        return None
    found: dict[str, Any] = {}
    for field, value in post.items():
        if field == "author":
            continue
        if isinstance(value, str):
            text = cleaned(value)[:_KEPT]
            found[field] = mask(_masked_address(text) if field in ("url", "repost_of") else text)
        else:
            found[field] = value
    return found


def _masked_address(text: str) -> str:
    try:
        return mask_url(text)
    except ValueError:  # no address at all
        return text


def found_to_json(found: Found) -> dict[str, Any]:
    """Return what a file was found to be as JSON."""
    return asdict(found)


def notes(found: Mapping[str, Any]) -> list[Reason]:
    """Return the notes of what :func:`found_to_json` gave."""
    return [Reason(**note) for note in found["notes"]]
