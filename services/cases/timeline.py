"""The timeline of a case: append-only, each entry sealed with the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

#: What the first entry's hash is chained to.
GENESIS: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry: its canonical JSON text and its seal, sha256(previous ‖ body) in hex."""

    sequence: int
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a timeline is whole. `broken_at` is the sequence number of the first entry that is not what it was."""

    intact: bool
    entries: int
    head: str
    broken_at: int | None = None
    reason: str = ""


def canonical(value: Any) -> str:
    """Return JSON in one form only: keys sorted, no spaces, UTF-8 as it is. Raises ValueError for NaN and infinity."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def chained(previous: str, body: str) -> str:
    """Return the seal of a body that follows the entry sealed `previous`."""
    return hashlib.sha256(f"{previous}{body}".encode()).hexdigest()


def seal(
    previous: str,
    *,
    case_id: str,
    sequence: int,
    kind: str,
    at: datetime,
    actor: dict[str, Any],
    text: str,
    data: dict[str, Any] | None = None,
) -> Sealed:
    """Return the entry number `sequence` (from 1) of a case, chained to the entry before."""
    body = canonical(
        {
            "case_id": case_id,
            "sequence": sequence,
            "kind": kind,
            "at": at.astimezone(UTC).isoformat(),
            "actor": actor,
            "text": text,
            "data": data or {},
        }
    )
    return Sealed(sequence, body, previous, chained(previous, body))


def verify(case_id: str, entries: Iterable[Sealed], length: int, head: str) -> Verdict:
    """Check a whole timeline, in order, against the number of entries and the head that the case remembers."""
    previous, count = GENESIS, 0
    for entry in entries:
        count += 1
        reason = _fault(case_id, entry, previous, count)
        if reason:
            return Verdict(False, count, previous, count, reason)
        previous = entry.hash
    if count != length:
        return Verdict(False, count, previous, min(count, length) + 1, "末尾记录缺失或多出")
    if previous != head:
        return Verdict(False, count, previous, count, "末尾记录与处置单所记不符")
    return Verdict(True, count, previous)


def _fault(case_id: str, entry: Sealed, previous: str, expected: int) -> str:
    if entry.sequence != expected:
        return f"第 {expected} 条记录缺失"
    if entry.previous != previous:
        return f"第 {expected} 条记录与上一条不衔接"
    if chained(previous, entry.body) != entry.hash:
        return f"第 {expected} 条记录内容被改动"
    try:
        said = json.loads(entry.body)
    except ValueError:
        return f"第 {expected} 条记录无法读取"
    if not isinstance(said, dict) or said.get("case_id") != case_id or said.get("sequence") != expected:
        return f"第 {expected} 条记录不属于此处"
    return ""
