"""An entry of the audit log, and how a run of them is checked. No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from kit.auth import Principal
from kit.chains import canonical, chained

#: read: something was shown · change: something was asked to change · export: a file began to leave · sent: how many
#: bytes of it left, where that was not known before · trim: the retention period ended for older entries
Kind = Literal["read", "change", "export", "sent", "trim"]
#: action of a request whose service did not say what it takes, and of one that takes none
UNKNOWN: Final = "unknown"
OWN: Final = "own"
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One request that counts. `route` is the path with its parameters' names, `objects` are their values.

    `bytes` is the size of a file that left, where it is known. `client` is the caller's address.
    """

    at: datetime
    kind: Kind
    who: Principal
    client: str
    request_id: str
    method: str
    route: str
    status: int
    query: str = ""
    actions: tuple[str, ...] = ()
    objects: Mapping[str, str] = field(default_factory=dict)
    bytes: int | None = None

    @property
    def action(self) -> str:
        """Return the first of its actions."""
        return self.actions[0] if self.actions else OWN

    def values(self, sequence: int, previous: str) -> dict[str, Any]:
        """Return the row of this entry as number `sequence`, chained to the one sealed `previous`."""
        body = canonical(
            {
                "sequence": sequence,
                "at": self.at.astimezone(UTC).isoformat(),
                "kind": self.kind,
                "who": {
                    "id": self.who.id,
                    "login": self.who.login,
                    "name": self.who.name,
                    "kind": self.who.kind,
                    "roles": sorted(self.who.roles),
                    "unit": self.who.unit,
                },
                "client": self.client,
                "request_id": self.request_id,
                "method": self.method,
                "route": self.route[:_LONGEST],
                "query": self.query[:_LONGEST],
                "actions": list(self.actions),
                "objects": {name: value[:100] for name, value in self.objects.items()},
                "status": self.status,
                "bytes": self.bytes,
            }
        )
        return {
            "sequence": sequence,
            **columns(body),
            "body": body,
            "previous": previous,
            "hash": chained(previous, body),
        }


def columns(body: str) -> dict[str, Any]:
    """Return what is searched by, as a body says it. Raises ValueError, KeyError or TypeError for what is no body."""
    said = json.loads(body)
    named = list(said["objects"].values())
    return {
        "at": datetime.fromisoformat(said["at"]),
        "login": said["who"]["login"][:100],
        "action": (said["actions"] or [OWN])[0],
        "object": named[0] if named else "",
        "part": named[-1] if len(named) > 1 else "",
    }


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of consecutive entries found: how many there were, the last one's hash, the first that is wrong."""

    entries: int
    hash: str
    broken_at: int | None = None
    reason: str = ""


def check(rows: Iterable[Any], first: int, anchor: str) -> Checked:
    """Check rows that must be numbered from `first` on without a gap, and chained to the hash `anchor`."""
    expected, previous = first, anchor
    for row in rows:
        reason = _fault(row, expected, previous)
        if reason:
            return Checked(expected - first, previous, expected, reason)
        expected, previous = expected + 1, row.hash
    return Checked(expected - first, previous)


def _fault(row: Any, expected: int, previous: str) -> str:
    if row.sequence != expected:
        return "missing"
    if row.previous != previous:
        return "not chained to the entry before"
    if chained(row.previous, row.body) != row.hash:
        return "altered"
    try:
        said = columns(row.body)
        number = json.loads(row.body)["sequence"]
    except (ValueError, KeyError, TypeError):
        return "not readable"
    if number != expected or any(getattr(row, name) != value for name, value in said.items()):
        return "altered"
    return ""
