"""The public research texts on which false marks are counted. None of them is kept here."""

from __future__ import annotations

import csv
import gzip
import json
import sys
from pathlib import Path

csv.field_size_limit(sys.maxsize)


def texts(folder: Path) -> dict[str, list[str]]:
    """Return the texts by corpus; files that are not there are left out."""
    found: dict[str, list[str]] = {}
    for path in sorted(
        [*folder.glob("sentiment/*.csv.gz"), *folder.glob("topic/*.csv.gz"), *folder.glob("events/*.csv.gz")]
    ):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        found[f"{path.parent.name}/{path.name.partition('.')[0]}"] = [
            "\n".join(value for value in row.values() if isinstance(value, str)) for row in rows
        ]
    for path in sorted([*folder.glob("events/*.jsonl.gz"), *folder.glob("dedup/*.jsonl.gz")]):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            found[f"{path.parent.name}/{path.name.partition('.')[0]}"] = [_strings(json.loads(line)) for line in file]
    return found


def _strings(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "\n".join(filter(None, map(_strings, value.values())))
    return "\n".join(filter(None, map(_strings, value))) if isinstance(value, list) else ""
