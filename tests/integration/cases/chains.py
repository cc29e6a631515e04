"""What the tests of levels, delegations, clocks and the timeline have in common."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from contracts.streams import NOTIFICATIONS_REQUESTED
from contracts.words import Role
from kit.auth import Principal
from tests.integration.cases.harness import OFFICE, Cases, person

DEPUTY = person("周副局长", Role.GROUP_MEMBER)
STAND_IN = person("吴科长", Role.PROPAGANDA)

#: The guards that migrations put on the table of entries.
_GUARDS = {
    "sqlite": ("timeline_keeps_entries", "timeline_loses_no_entry", "timeline_replaces_no_entry"),
    "postgresql": ("timeline_keeps_entries", "timeline_is_not_emptied"),
}


async def open_at(cases: Cases, level: str, who: Principal = OFFICE) -> dict[str, Any]:
    """Open a case by hand at a level; its activation is pending."""
    body = {"title": "补偿款发放迟缓", "level": level, "reason": "来电反映"}
    return dict(await cases.post("/api/v1/cases", who, body, status=201))


async def sign(
    cases: Cases, case_id: str, who: Principal, decision: str = "approve", comment: str = "", status: int = 200
) -> dict[str, Any]:
    """Sign the step at which the case's pending proposal stands."""
    proposal = await cases.pending(case_id)
    path = f"/api/v1/cases/{case_id}/approvals/{proposal['id']}"
    return dict(await cases.post(path, who, {"decision": decision, "comment": comment}, status=status))


async def delegate(
    cases: Cases, giver: Principal, role: Role, to: Principal, *, hours: float = 24, status: int = 201, **more: Any
) -> dict[str, Any]:
    """Let somebody act in a role that `giver` holds, from now on."""
    body = {
        "role": role,
        "delegate_id": to.id,
        "delegate": to.name,
        "ends_at": in_hours(cases, hours),
        "reason": "出差",
        **more,
    }
    return dict(await cases.post("/api/v1/delegations", giver, body, status=status))


def in_hours(cases: Cases, hours: float) -> str:
    """Return the instant so many hours from now."""
    at: datetime = cases.clock.now() + timedelta(hours=hours)
    return at.isoformat()


async def overdue(cases: Cases) -> list[tuple[str, set[str]]]:
    """Return the tag of every notice of a decision that waits, and the roles that it went to."""
    notices = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if one["kind"] == "decision_overdue"]
    return [(one["subject"].split("】")[0][1:], {to["role"] for to in one["recipients"]}) for one in notices]


async def unguard(cases: Cases) -> None:
    """Drop the triggers that keep the timeline, as somebody with the database's password could."""
    dialect = cases.runtime.database.dialect
    async with cases.runtime.database.writing() as session:
        for name in _GUARDS["sqlite" if dialect == "sqlite" else "postgresql"]:
            await session.execute(sa.text(f"DROP TRIGGER {name}" + ("" if dialect == "sqlite" else " ON timeline")))
