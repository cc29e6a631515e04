"""Use cases of escalation: keep policies, look at escalations, hand one on, stop one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.permissions import Reach
from contracts.words import EscalationState
from kit.auth import Principal
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.pages import PageRequest
from kit.problems import Problem
from services.notify import store as contacts
from services.notify.escalation import store
from services.notify.escalation.models import Escalation, EscalationCall, EscalationPolicy
from services.notify.escalation.policy import Policy
from services.notify.escalation.progress import Progress, hand_on
from services.notify.escalation.running import Escalating
from services.notify.models import Delivery, Notification
from services.notify.service import DESK_ROLES

#: Raises a problem unless the caller has seen this version.
Precondition = Callable[[int], None]


@dataclass(frozen=True)
class Course:
    """An escalation with all that is known of it: its calls in order, and who has acknowledged, earliest first."""

    escalation: Escalation
    notification: Notification
    calls: Sequence[EscalationCall]
    receipts: Sequence[Delivery]


class Escalations:
    """Policies and escalations."""

    def __init__(self, database: Database, clock: Clock, escalating: Escalating, wake: asyncio.Event) -> None:
        self._database, self._clock, self._escalating, self._wake = database, clock, escalating, wake

    async def policies(self, page: PageRequest) -> list[EscalationPolicy]:
        """Return one row more than a page of policies, oldest first."""
        async with self._database.reading() as session:
            return await store.policies(session, after=page.after, limit=page.limit + 1)

    async def policy(self, policy_id: str) -> EscalationPolicy:
        """Return a policy; 404 where there is none."""
        async with self._database.reading() as session:
            return _found(await store.policy(session, policy_id))

    async def add(self, policy: Policy, principal: Principal) -> EscalationPolicy:
        """Enter a policy; 409 where another one in use escalates some of the same notifications."""
        now = self._clock.now()
        row = EscalationPolicy(
            id=new_id(),
            name=policy.name,
            body=policy.model_dump(mode="json"),
            created_at=now,
            updated_at=now,
            updated_by=principal.name,
        )
        async with self._database.writing() as session:
            await self._check_contacts(session, policy)
            session.add(row)
            await session.flush()
            await _claim(session, row.id, policy)
        return row

    async def replace(
        self, policy_id: str, policy: Policy, principal: Principal, precondition: Precondition
    ) -> EscalationPolicy:
        """Put `policy` in the place of a stored one. What is running goes on by the copy it began with."""
        async with self._database.writing() as session:
            row = _found(await store.policy(session, policy_id, lock=True))
            precondition(row.version)
            await self._check_contacts(session, policy)
            row.name, row.body = policy.name, policy.model_dump(mode="json")
            row.version += 1
            row.updated_at, row.updated_by = self._clock.now(), principal.name
            await session.flush()
            await _claim(session, row.id, policy)
        return row

    async def remove(self, policy_id: str, precondition: Precondition) -> None:
        """Delete a policy. What is running goes on."""
        async with self._database.writing() as session:
            row = _found(await store.policy(session, policy_id, lock=True))
            precondition(row.version)
            await session.delete(row)

    async def page(
        self, page: PageRequest, principal: Principal, *, state: EscalationState | None, case_id: str | None
    ) -> list[Course]:
        """Return one more than a page of escalations, newest first; to confined roles those of their notifications."""
        async with self._database.reading() as session:
            contact_id = None
            if _confined(principal):
                mine = await contacts.contact_of(session, principal.login)
                if mine is None:
                    return []
                contact_id = mine.id
            rows = await store.escalations(
                session,
                state=state,
                case_id=case_id,
                contact_id=contact_id,
                after=page.after_times(0),
                limit=page.limit + 1,
            )
            return await _courses(session, rows)

    async def one(self, escalation_id: str, principal: Principal) -> Course:
        """Return an escalation; 404 where there is none that the caller may see."""
        async with self._database.reading() as session:
            row = await session.get(Escalation, escalation_id)
            return await self._seen(session, row, principal)

    async def of_notification(self, notification_id: str, principal: Principal) -> Course:
        """Return the escalation of a notification; 404 where it has none, or none that the caller may see."""
        async with self._database.reading() as session:
            row = await store.of_notification(session, notification_id)
            return await self._seen(session, row, principal)

    async def hand_on(self, escalation_id: str, principal: Principal, precondition: Precondition) -> Course:
        """Take what comes next at once. For those who were told of the notification, and for the duty desk's roles."""
        async with self._database.writing() as session:
            known = await session.get(Escalation, escalation_id)
            await self._seen(session, known, principal)
            # before the escalation is held: acknowledging holds a person's deliveries first, too
            if (
                known
                and not principal.roles & DESK_ROLES
                and not await _told(session, known.notification_id, principal)
            ):
                raise Problem(
                    403,
                    "escalation.not-yours",
                    zh="只有收到该通知的人和值班人员可以转交下一步",
                    en="Only those who were told, and those on duty, may hand it on",
                )
            row = await self._running(session, escalation_id, precondition)
            before = Progress(row.round, row.step, row.due_at, row.set_at)
            after = hand_on(before, self._clock.now())
            if after.due_at != before.due_at:
                row.due_at, row.set_at = after.due_at, after.set_at
                row.handed_on_by = await _name(session, principal)
                row.version += 1
            await session.flush()
            course = (await _courses(session, [(row, await session.get_one(Notification, row.notification_id))]))[0]
        self._wake.set()
        return course

    async def stop(self, escalation_id: str, principal: Principal, reason: str, precondition: Precondition) -> Course:
        """End an escalation, with the reason; those whom it told learn of it."""
        async with self._database.writing() as session:
            await self._seen(session, await session.get(Escalation, escalation_id), principal)
            row = await self._running(session, escalation_id, precondition)
            by = await _name(session, principal)
            await self._escalating.end(session, row, EscalationState.STOPPED, by=by, reason=reason)
            await session.flush()
            return (await _courses(session, [(row, await session.get_one(Notification, row.notification_id))]))[0]

    @staticmethod
    async def _running(session: AsyncSession, escalation_id: str, precondition: Precondition) -> Escalation:
        rows = await store.running(session, [escalation_id])
        if not rows:
            raise Problem(409, "escalation.over", zh="逐级通知已结束", en="This escalation has ended")
        precondition(rows[0].version)
        return rows[0]

    async def _seen(self, session: AsyncSession, row: Escalation | None, principal: Principal) -> Course:
        if row is None or (_confined(principal) and not await _told(session, row.notification_id, principal)):
            raise Problem(404, "not-found", zh="没有这次逐级通知", en="There is no such escalation")
        return (await _courses(session, [(row, await session.get_one(Notification, row.notification_id))]))[0]

    @staticmethod
    async def _check_contacts(session: AsyncSession, policy: Policy) -> None:
        for number, step in enumerate(policy.steps):
            for place, target in enumerate(step.targets):
                if target.contact_id is not None and await contacts.contact(session, target.contact_id) is None:
                    raise Problem(
                        422,
                        "escalation.contact",
                        zh="没有这位联络员",
                        en="There is no such contact",
                        pointer=f"/steps/{number}/targets/{place}/contact_id",
                    )


async def _claim(session: AsyncSession, policy_id: str, policy: Policy) -> None:
    scopes = [(kind.value, level.value) for kind in policy.kinds for level in policy.levels] if policy.enabled else []
    others = await store.set_scopes(session, policy_id, scopes)
    if others:
        names = "、".join(others)
        raise Problem(
            409,
            "escalation.overlap",
            zh=f"同一事项、同一级别只能有一个启用的方案，已有：{names}",
            en=f"Another policy in use escalates some of these notifications already: {names}",
        )


async def _courses(session: AsyncSession, rows: Sequence[tuple[Escalation, Notification]]) -> list[Course]:
    calls = await store.calls(session, [row.id for row, _ in rows])
    receipts = await store.acknowledged_by(session, [row.notification_id for row, _ in rows])
    return [Course(row, notification, calls[row.id], receipts[row.notification_id]) for row, notification in rows]


async def _name(session: AsyncSession, principal: Principal) -> str:
    """Return what people call the caller: their name as a contact, else their login name."""
    mine = await contacts.contact_of(session, principal.login)
    return mine.name if mine is not None else principal.name


async def _told(session: AsyncSession, notification_id: str, principal: Principal) -> bool:
    mine = await contacts.contact_of(session, principal.login)
    return mine is not None and bool(await contacts.deliveries_to(session, notification_id, mine.id))


def _confined(principal: Principal) -> bool:
    return principal.reach("notifications.read") is not Reach.ALL


def _found(policy: EscalationPolicy | None) -> EscalationPolicy:
    if policy is None:
        raise Problem(404, "not-found", zh="没有这个逐级通知方案", en="There is no such escalation policy")
    return policy
