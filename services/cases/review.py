"""The assessment after a case (总结评估, clause 六(二)): facts out of the records, marks, and a seal on the final text.

Accountability is by unit and about timeliness: what was due, what was done, what was late. No person is marked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from contracts.words import CaseState
from services.cases.labels import STATE_NAMES
from services.cases.lifecycle import Refused
from services.cases.timeline import canonical

#: Entries that a digest of the timeline tells; the others stand in the timeline itself.
TELLING: Final = frozenset(
    {
        "opened",
        "alert_raised",
        "state_changed",
        "level_changed",
        "reported_up",
        "statement_published",
        "statement_withdrawn",
        "press_conference",
        "press_conference_held",
        "consultation_held",
        "clock_breached",
        "concerns_raised",
        "concern_answered",
        "concern_passed",
        "correction_sent",
        "correction_settled",
        "resurgence",
        "aftercare_over",
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A timeline entry as a review reads it."""

    sequence: int
    kind: str
    at: datetime
    text: str
    data: Mapping[str, Any]
    roles: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """Something that a unit owed: by when (None: no time was set), and when it was done (None: it was not)."""

    unit: str
    what: str
    due_at: datetime | None
    done_at: datetime | None

    def is_late(self, now: datetime) -> bool:
        """Tell whether it was done after its time, or is not done and its time is over."""
        return self.due_at is not None and (self.done_at or now) > self.due_at


def phases(entries: Sequence[Entry], now: datetime) -> list[dict[str, Any]]:
    """Return how long the case was in each state, in order; `seconds` of the last counts to `now`."""
    if not entries:
        return []
    moves = [(CaseState.REPORTED, entries[0].at)]
    moves += [(CaseState(entry.data["to"]), entry.at) for entry in entries if entry.kind == "state_changed"]
    ends = [at for _, at in moves[1:]] + [now]
    return [
        {
            "state": str(state),
            "name": STATE_NAMES[state],
            "since": since.isoformat(),
            "until": end.isoformat(),
            "seconds": int((end - since).total_seconds()),
        }
        for (state, since), end in zip(moves, ends, strict=True)
    ]


def levels(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the levels at which the case was led, each with when it was put in force."""
    return [
        {"level": entry.data["to_level"], "at": entry.at.isoformat()}
        for entry in entries
        if entry.kind == "level_changed"
    ]


def digest_of(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the entries that tell the case's story, in order."""
    return [
        {"sequence": entry.sequence, "kind": entry.kind, "at": entry.at.isoformat(), "text": entry.text}
        for entry in entries
        if entry.kind in TELLING
    ]


def receipts(asked: Mapping[str, datetime], entries: Sequence[Entry]) -> dict[str, Any]:
    """Return how fast notices that wanted an acknowledgement got their first one. `asked`: when, by id.

    `median` and `longest` are seconds, None where nothing was acknowledged.
    """
    first: dict[str, datetime] = {}
    for entry in entries:
        notice = str(entry.data.get("notification_id", "")) if entry.kind == "acknowledged" else ""
        if notice in asked:
            first.setdefault(notice, entry.at)
    waits = sorted(max(0, int((at - asked[notice]).total_seconds())) for notice, at in first.items())
    return {
        "asked": len(asked),
        "acknowledged": len(first),
        "median": int(median(waits)) if waits else None,
        "longest": waits[-1] if waits else None,
    }


def accountability(dues: Iterable[Due], now: datetime) -> list[dict[str, Any]]:
    """Return for each unit how much it owed, did in time, did late and has not done; the latest first."""
    by_unit: dict[str, list[Due]] = {}
    for due in dues:
        by_unit.setdefault(due.unit, []).append(due)
    table = []
    for unit, owed in by_unit.items():
        late = [due for due in owed if due.is_late(now)]
        overdue = [due for due in late if due.done_at is None]
        table.append(
            {
                "unit": unit,
                "due": len(owed),
                "met": sum(1 for due in owed if due.done_at is not None and not due.is_late(now)),
                "late": len(late) - len(overdue),
                "overdue": len(overdue),
                "open": sum(1 for due in owed if due.done_at is None) - len(overdue),
                "longest_late": max(
                    (_seconds((due.done_at or now) - due.due_at) for due in late if due.due_at), default=0
                ),
                "late_items": [due.what for due in late],
            }
        )
    return sorted(table, key=lambda row: (-row["late"] - row["overdue"], -row["due"], row["unit"]))


def check_marks(marks: Mapping[str, int], wanted: Sequence[str], out_of: int) -> None:
    """Refuse marks that leave a criterion out, name one that the plan has not, or lie outside 0..`out_of`.

    Raises :class:`Refused`.
    """
    unknown, left_out = sorted(marks.keys() - set(wanted)), [key for key in wanted if key not in marks]
    if unknown or left_out:
        raise Refused(
            "marks_incomplete",
            "须按预案的评分项逐项评分"
            + (f"，缺：{'、'.join(left_out)}" if left_out else "")
            + (f"，多出：{'、'.join(unknown)}" if unknown else ""),
            f"Mark each of the plan's criteria, and no other: {', '.join(wanted)}",
        )
    if any(not 0 <= mark <= out_of for mark in marks.values()):
        raise Refused("marks_out_of_range", f"每项评分须在 0 至 {out_of} 之间", f"A mark lies between 0 and {out_of}")


def averages(given: Sequence[Mapping[str, int]], wanted: Sequence[str]) -> dict[str, float]:
    """Return the mean mark of each criterion, to two places; nothing where nobody has marked."""
    return {key: round(sum(marks[key] for marks in given) / len(given), 2) for key in wanted} if given else {}


def digest(text: Mapping[str, Any]) -> str:
    """Return the seal of a final review: SHA-256 of its canonical JSON, in hex."""
    return hashlib.sha256(canonical(text).encode()).hexdigest()


def has_path(plan: Any, path: str) -> bool:
    """Tell whether a dotted path such as `clocks.limits.I.first_release` leads anywhere in a plan's data."""
    node = plan
    for part in path.split("."):
        if isinstance(node, Mapping) and part in node:
            node = node[part]
        elif isinstance(node, Sequence) and not isinstance(node, str) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return False
    return True


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())
