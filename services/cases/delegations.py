"""Who acts for whom, and when nobody of a role is on duty."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.words import Role
from services.cases.approvals import Mandate
from services.cases.lifecycle import Refused
from services.cases.plan.figures import show_duration
from services.cases.plan.waiting import Delegation as Rules
from services.cases.roles import ROLE_NAMES


class LeaveKind(StrEnum):
    """Why a holder of a role does not act in it."""

    #: another person acts in the role
    DELEGATION = "delegation"
    #: nobody of the role is on duty; deputies may act
    ABSENCE = "absence"


@dataclass(frozen=True, slots=True)
class Leave:
    """A holder of `role` does not act in it from `starts_at` until `ends_at`; a delegate may act for them."""

    id: str
    kind: LeaveKind
    role: Role
    holder_id: str
    holder: str
    starts_at: datetime
    ends_at: datetime
    delegate_id: str | None = None
    delegate: str | None = None
    revoked_at: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        """Tell whether it holds at an instant."""
        return self.starts_at <= at < self.ends_at and (self.revoked_at is None or at < self.revoked_at)


def may_delegate(
    rules: Rules,
    *,
    role: Role,
    holder_id: str,
    roles: Collection[Role],
    delegate_id: str,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> None:
    """Refuse what would widen anybody's power.

    Only who holds a role delegates it (what was delegated to them they cannot hand on), to somebody else, for a time
    that is not over, and as the plan allows. Raises :class:`Refused`.
    """
    if role not in roles:
        name = ROLE_NAMES[role]
        raise Refused(
            "not_your_role",
            f"您不是{name}，不能委托该角色；受委托的角色不能再转委托",
            f"You do not hold {role}; what was delegated to you cannot be handed on",
        )
    if delegate_id == holder_id:
        raise Refused("own_delegate", "不能委托给自己", "Nobody is their own delegate")
    if not rules.allows(role):
        raise Refused(
            "not_delegable", f"预案不允许委托{ROLE_NAMES[role]}", f"The plan does not let {role} be delegated"
        )
    check_times(starts_at, ends_at, now)
    longest = rules.longest
    if longest is not None and ends_at - max(starts_at, now) > longest.within:
        raise Refused(
            "delegation_too_long",
            f"委托期限最长{show_duration(longest.within)}（{longest.origin}）",
            f"A delegation lasts at most {longest.within} ({longest.origin})",
        )


def check_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Refuse a span that ends before it starts, or has ended. Raises :class:`Refused`."""
    if ends_at <= starts_at or ends_at <= now:
        raise Refused("span_over", "结束时间须晚于开始时间和现在", "It must end after it starts, and after now")


def mandates(leaves: Iterable[Leave], person_id: str, at: datetime) -> list[Mandate]:
    """Return the roles that a person may act in for others at an instant."""
    return [
        Mandate(leave.role, leave.id, leave.holder_id, leave.holder)
        for leave in leaves
        if leave.kind is LeaveKind.DELEGATION and leave.delegate_id == person_id and leave.in_force(at)
    ]


def vacant_from(
    leaves: Sequence[Leave], roles: Collection[Role], barred: Collection[str], at: datetime
) -> datetime | None:
    """Return from when on none of `roles` has anybody on duty who may sign; None where there is no such time.

    A role is vacant through a recorded absence, or through a delegation to one of the people in `barred` (who proposed
    or signed before), unless another delegate may act in it. Of several roles all must be vacant.
    """
    starts: list[datetime] = []
    for role in roles:
        mine = [leave for leave in leaves if leave.role is role and leave.ends_at > at and leave.revoked_at is None]
        since = min((leave.starts_at for leave in mine if _leaves_nobody(leave, barred)), default=None)
        if since is None:
            return None
        when = max(since, at)
        if any(not _leaves_nobody(leave, barred) and leave.in_force(when) for leave in mine):
            return None
        starts.append(since)
    return max(starts, default=None)


def _leaves_nobody(leave: Leave, barred: Collection[str]) -> bool:
    return leave.kind is LeaveKind.ABSENCE or leave.delegate_id in barred or leave.holder_id in barred
