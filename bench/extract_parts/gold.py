"""The saved pages and what they say."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Gold:
    """A saved page and what it says; '' where nobody checked it."""

    name: str
    page: bytes
    url: str
    title: str
    time: str
    text: str

    @property
    def markup(self) -> str:
        """Return the page as text."""
        return self.page.decode("utf-8", "replace")


def read_gold(folder: Path) -> list[Gold]:
    """Return the pages of `gold.json`, which are kept gzipped."""
    entries = json.loads((folder / "gold.json").read_text(encoding="utf-8"))
    return [
        Gold(
            entry["file"],
            page_of(folder, entry["file"]),
            entry["url"],
            entry["gold_title"],
            entry["gold_date"],
            entry["gold_body"],
        )
        for entry in entries
    ]


def page_of(folder: Path, name: str) -> bytes:
    """Return a page's bytes, kept gzipped or plain."""
    path = folder / name
    return path.read_bytes() if path.exists() else gzip.decompress(path.with_name(path.name + ".gz").read_bytes())
