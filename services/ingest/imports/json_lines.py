"""Records of JSON Lines files; nested objects become dotted names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from kit.tables.text_lines import MAX_LINE, Lines, LineTooLong
from services.ingest.imports.reasons import Broken, Reason

_DEEPEST: Final = 3

#: A record's line, and its values by name or why it is none.
Row = tuple[int, "dict[str, Any] | Broken"]


def rows(lines: Lines) -> Iterator[Row]:
    """Yield the records of a JSON Lines text. Empty lines are passed over; a comma at a line's end is."""
    while True:
        try:
            words = next(lines).strip()
        except StopIteration:
            return
        except LineTooLong:
            yield lines.number, Broken(Reason("一行过长", f"a line has more than {MAX_LINE:,} characters"))
            continue
        # a pretty array of one object a line is read as well
        words = words.rstrip(",")
        if words in ("", "[", "]"):
            continue
        try:
            row = json.loads(words)
        except (ValueError, RecursionError) as error:
            yield lines.number, Broken(Reason(f"不是有效的 JSON：{error}", f"not JSON: {error}"), line=words)
            continue
        if isinstance(row, dict):
            yield lines.number, flat(row)
        else:
            yield lines.number, Broken(Reason("不是 JSON 对象", "not a JSON object"), line=words)


def flat(row: dict[str, Any], prefix: str = "", depth: int = 1) -> dict[str, Any]:
    """Return an object with its nested objects' values under dotted names; `metrics` is dissolved."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            inner = "" if not prefix and key == "metrics" else f"{prefix}{key}."
            for name, one in flat(value, inner, depth + 1).items():
                found.setdefault(name, one)
        else:
            found[f"{prefix}{key}"] = value
    return found
