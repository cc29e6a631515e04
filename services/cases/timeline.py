"""The timeline of a case: append-only, each entry sealed with the hash of the one before."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from kit.chains import GENESIS, canonical, chained

__all__ = [
    "GENESIS",
    "Fault",
    "Sealed",
    "Verdict",
    "canonical",
    "chained",
    "export_entry",
    "export_head",
    "seal",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry: its canonical JSON text and its seal, sha256(previous ‖ body) in hex."""

    sequence: int
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Fault:
    """An entry that is not what it was, by its number, and why."""

    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a timeline is whole: how many entries there are, the hash of the last, and every fault by number."""

    intact: bool
    entries: int
    head: str
    faults: tuple[Fault, ...] = ()

    @property
    def broken_at(self) -> int | None:
        """Return the number of the first entry that is not what it was."""
        return self.faults[0].sequence if self.faults else None

    @property
    def reason(self) -> str:
        """Return what is wrong with the first of them."""
        return self.faults[0].reason if self.faults else ""


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


def export_head(case_id: str, number: str, entries: int, head: str) -> str:
    """Return the first line of an exported timeline: whose it is, how many entries it has, and the last one's hash."""
    line = {"case_id": case_id, "number": number, "entries": entries, "head": head or GENESIS, "genesis": GENESIS}
    return canonical({**line, "seal": "sha256(previous + body), UTF-8, hex"}) + "\n"


def export_entry(entry: Sealed) -> str:
    """Return an entry's line of an exported timeline, with the very text that its hash seals."""
    return canonical(asdict(entry)) + "\n"


def verify(case_id: str, entries: Iterable[Sealed], length: int, head: str) -> Verdict:
    """Check a whole timeline against the number of entries and the head that the case remembers.

    Every entry that was altered, is missing, is one too many or stands in another's place is named. An entry that was
    altered and sealed anew shows by the next one, which seals the hash that it had, or by the head.
    """
    found: dict[int, str] = {}
    at: dict[int, Sealed] = {}
    count = 0
    for entry in entries:
        count += 1
        number = entry.sequence
        if number in at or not 1 <= number <= length:
            found.setdefault(number, f"第 {number} 条记录多出")
        elif number < max(at, default=0):
            found.setdefault(number, f"第 {number} 条记录次序被调换")
        at.setdefault(number, entry)
    previous: str | None = GENESIS
    for number in range(1, length + 1):
        entry_there = at.get(number)
        if entry_there is None:
            found.setdefault(number, f"第 {number} 条记录缺失")
            previous = None
            continue
        reason = _fault(case_id, entry_there, number)
        if reason:
            found.setdefault(number, reason)
        elif previous is not None and entry_there.previous != previous:
            altered = max(number - 1, 1)
            found.setdefault(altered, f"第 {altered} 条记录内容被改动并重新封存")
        previous = entry_there.hash
    if previous is not None and previous != (head or GENESIS):
        found.setdefault(length, f"第 {length} 条记录与处置单所记不符")
    faults = tuple(Fault(number, found[number]) for number in sorted(found))
    last = at[length].hash if length in at else previous or ""
    return Verdict(not faults, count, last, faults)


def _fault(case_id: str, entry: Sealed, expected: int) -> str:
    if chained(entry.previous, entry.body) != entry.hash:
        return f"第 {expected} 条记录内容被改动"
    try:
        said = json.loads(entry.body)
    except ValueError:
        return f"第 {expected} 条记录无法读取"
    if not isinstance(said, dict) or said.get("case_id") != case_id or said.get("sequence") != expected:
        return f"第 {expected} 条记录不属于此处"
    return ""
