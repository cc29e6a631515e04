"""Who may do what: one table, read by the gateway and by every service.

Rows are actions, columns the roles that may perform them. `admin` runs the system: it manages users, sources, plans
and contacts, and, as the duty desk of a small office, may also work cases; only approvals stay with the roles that the
plan names.
"""

from __future__ import annotations

from typing import Final

from contracts.words import Role

_EVERYONE: Final = frozenset(Role)
_LEADERS: Final = frozenset({Role.CITY_LEADER, Role.GROUP_LEADER, Role.GROUP_MEMBER})
_DESK: Final = frozenset({Role.OFFICE, Role.ADMIN})
_WORKERS: Final = _DESK | {Role.GROUP_LEADER, Role.GROUP_MEMBER, Role.PROPAGANDA}

PERMISSIONS: Final[dict[str, frozenset[Role]]] = {
    "posts.push": _DESK | {Role.COUNTY},
    "posts.read": _EVERYONE,
    "sources.read": _EVERYONE,
    "sources.write": _DESK,
    "evidence.read": _WORKERS | {Role.AUDITOR},
    "topics.read": _EVERYONE,
    "topics.write": _DESK,
    "events.read": _EVERYONE,
    "events.write": _DESK,
    "sentiment.score": _EVERYONE,
    "plans.read": _EVERYONE,
    "plans.write": frozenset({Role.ADMIN}),
    "alerts.read": _EVERYONE,
    "alerts.write": _WORKERS,
    "cases.read": _EVERYONE,
    "cases.write": _WORKERS | {Role.DEPARTMENT, Role.COUNTY},
    "cases.decide": _LEADERS | {Role.OFFICE},
    "participants.write": _WORKERS,
    "tasks.write": _WORKERS | {Role.DEPARTMENT, Role.COUNTY},
    "consultations.write": _WORKERS,
    "information.write": _WORKERS,
    "information.answer": _WORKERS | {Role.DEPARTMENT, Role.COUNTY, Role.EXPERT},
    "media_contacts.write": _WORKERS,
    "press_conferences.write": _WORKERS | {Role.CITY_LEADER},
    "facts.confirm": _WORKERS | {Role.DEPARTMENT, Role.COUNTY},
    "corrections.write": _WORKERS,
    "corrections.approve": _LEADERS | {Role.OFFICE, Role.PROPAGANDA},
    "concerns.answer": _WORKERS | {Role.DEPARTMENT, Role.COUNTY},
    "reviews.write": _WORKERS,
    "reviews.mark": _LEADERS | {Role.EXPERT},
    "delegations.write": _LEADERS | _DESK,
    "statements.write": _WORKERS,
    "statements.approve": _LEADERS | {Role.OFFICE},
    "notifications.read": _EVERYONE,
    "notifications.acknowledge": _EVERYONE - {Role.AUDITOR},
    "contacts.read": _DESK | _LEADERS | {Role.AUDITOR},
    "contacts.write": _DESK,
    "users.read": frozenset({Role.ADMIN, Role.AUDITOR}),
    "users.write": frozenset({Role.ADMIN}),
    "stream.read": _EVERYONE,
}


def allowed(action: str, roles: frozenset[Role]) -> bool:
    """Tell whether any of `roles` may perform `action`. Raises KeyError for an unknown action."""
    return bool(PERMISSIONS[action] & roles)
