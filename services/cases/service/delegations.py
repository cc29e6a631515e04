"""Delegations and absences: who acts for whom, and when nobody of a role is on duty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from contracts.words import Role
from kit.ids import new_id
from kit.problems import Problem
from services.cases.delegations import LeaveKind, check_times, may_delegate
from services.cases.lifecycle import Refused
from services.cases.models import LeaveRow
from services.cases.roles import ROLE_NAMES
from services.cases.service.actors import Actor
from services.cases.service.desk import Desk, missing, refusal
from services.cases.store import decisions, delegations

#: Who keeps the list of absences for others.
_DESK = frozenset({Role.OFFICE, Role.ADMIN})


class Delegations:
    """Delegations and absences as people enter and revoke them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def delegate(
        self,
        role: Role,
        delegate_id: str,
        delegate: str,
        starts_at: datetime,
        ends_at: datetime,
        reason: str,
        actor: Actor,
    ) -> LeaveRow:
        """Let another person act in a role that the actor holds; 409 with the rule where that would widen anything."""
        now = self._desk.clock.now()
        async with self._desk.database.writing() as session:
            plan = await self._desk.plans.in_force(session)
            try:
                may_delegate(
                    plan.delegation,
                    role=role,
                    holder_id=actor.id or "",
                    roles=actor.roles,
                    delegate_id=delegate_id,
                    starts_at=starts_at,
                    ends_at=ends_at,
                    now=now,
                )
            except Refused as refused:
                raise refusal(refused) from refused
            row = self._row(LeaveKind.DELEGATION, role, actor.id or "", actor.name, starts_at, ends_at, reason, actor)
            row.delegate_id, row.delegate = delegate_id, delegate
            session.add(row)
            await session.flush()
            await decisions.wake(session, max(now, starts_at))
            return row

    async def absent(
        self, role: Role, holder: str | None, starts_at: datetime, ends_at: datetime, reason: str, actor: Actor
    ) -> LeaveRow:
        """Record that nobody of a role is on duty, so that deputies are called at once.

        Its holders record it, and the office for all; 403 for others.
        """
        now = self._desk.clock.now()
        if role not in actor.roles and not actor.roles & _DESK:
            raise Problem(
                403,
                "delegation.role",
                zh=f"{ROLE_NAMES[role]}无人在岗只能由其本人或办公室登记",
                en=f"Only holders of {role} or the office record that nobody of it is on duty",
                roles=sorted({role, *_DESK}),
            )
        async with self._desk.database.writing() as session:
            try:
                check_times(starts_at, ends_at, now)
            except Refused as refused:
                raise refusal(refused) from refused
            own = role in actor.roles and holder is None
            holder_id = (actor.id or "") if own else ""
            name = holder or (actor.name if own else ROLE_NAMES[role])
            row = self._row(LeaveKind.ABSENCE, role, holder_id, name, starts_at, ends_at, reason, actor)
            session.add(row)
            await session.flush()
            await decisions.wake(session, max(now, starts_at))
            return row

    async def revoke(self, leave_id: str, reason: str, actor: Actor, check: Callable[[int], None]) -> LeaveRow:
        """End a delegation or absence before its time; what was signed under it stays signed.

        Whoever gave it may revoke it, any holder of the role, and the office. 404 where there is none, 403 for others,
        409 where it is over already.
        """
        now = self._desk.clock.now()
        async with self._desk.database.writing() as session:
            row = await delegations.lock(session, leave_id)
            if row is None:
                raise missing("delegation", leave_id)
            check(row.version)
            role = Role(row.role)
            if row.holder_id != actor.id and role not in actor.roles and not actor.roles & _DESK:
                raise Problem(
                    403,
                    "delegation.role",
                    zh="只能由委托人、该角色的其他人员或办公室撤销",
                    en="Whoever gave it, holders of the role or the office revoke it",
                )
            if row.revoked_at is not None or row.ends_at <= now:
                raise refusal(Refused("delegation_over", "已撤销或已到期", "It has been revoked or is over"))
            row.revoked_at, row.revoked_by, row.revoked_reason = now, actor.name, reason
            row.version += 1
            session.add(row)
            await session.flush()
            await decisions.wake(session, now)
            return row

    def _row(
        self,
        kind: LeaveKind,
        role: Role,
        holder_id: str,
        holder: str,
        starts_at: datetime,
        ends_at: datetime,
        reason: str,
        actor: Actor,
    ) -> LeaveRow:
        return LeaveRow(
            id=new_id(),
            kind=kind,
            role=role,
            holder_id=holder_id,
            holder=holder,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
            created_at=self._desk.clock.now(),
            created_by=actor.name,
        )
