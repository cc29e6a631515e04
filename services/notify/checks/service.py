"""Use cases of communication checks: start one, see what it found, keep schedules; and the pass that moves them on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import NotificationRequested, Recipient
from contracts.words import ChannelName, NotificationKind, Role
from kit.auth import Principal
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.pages import PageRequest
from kit.problems import Problem
from services.notify import store as contacts
from services.notify.checks import store
from services.notify.checks.models import CheckedContact, CheckSchedule, CommunicationCheck
from services.notify.checks.report import Answer, FailedWay
from services.notify.checks.schemas import CommunicationCheckIn, ScheduleIn, Scope
from services.notify.checks.when import IsWorkday, next_run
from services.notify.models import Delivery
from services.notify.service import Acknowledgement
from services.notify.telling import Telling

log = structlog.get_logger(__name__)

#: Raises a problem unless the caller has seen this version.
Precondition = Callable[[int], None]

_EVERY_WAY: Final = [channel.value for channel in ChannelName]
#: The turn of the deliveries that remind.
_REMINDER: Final = 1


@dataclass(frozen=True)
class Found:
    """A check, and what came of it for everyone asked."""

    check: CommunicationCheck
    answers: Sequence[Answer]


class Checks:
    """Communication checks and their schedules."""

    def __init__(
        self, database: Database, clock: Clock, telling: Telling, wake: asyncio.Event, workdays: IsWorkday
    ) -> None:
        self._database, self._clock, self._telling, self._wake = database, clock, telling, wake
        self._workdays = workdays

    async def start(self, wanted: CommunicationCheckIn, principal: Principal) -> CommunicationCheck:
        """Page everyone in scope by all their ways, now; 409 where nobody is in scope."""
        async with self._database.writing() as session:
            check = await self._start(session, wanted, principal.name)
        if check is None:
            raise Problem(
                409, "check.nobody", zh="检查范围内没有启用的联络员", en="There is no enabled contact in this scope"
            )
        self._wake.set()
        return check

    async def page(self, page: PageRequest, *, running: bool | None) -> list[CommunicationCheck]:
        """Return one row more than a page of checks, newest first."""
        async with self._database.reading() as session:
            return await store.checks(session, running=running, after=page.after_times(0), limit=page.limit + 1)

    async def one(self, check_id: str) -> CommunicationCheck:
        """Return a check; 404 where there is none."""
        async with self._database.reading() as session:
            return await self._known(session, check_id)

    async def found(self, check_id: str) -> tuple[Found, Found | None]:
        """Return what a check has found so far, and the closed check of the same people before it."""
        async with self._database.reading() as session:
            check = await self._known(session, check_id)
            before = await store.previous(session, check)
            return await _found(session, check), (await _found(session, before) if before is not None else None)

    async def answered(self, session: AsyncSession, _delivery: Delivery, made: Acknowledgement) -> None:
        """Write down an answer where what was acknowledged is a check's."""
        await store.answer(
            session, made.notification_id, made.contact_id, at=made.at, via=made.via, channel=made.channel
        )

    async def run(self) -> None:
        """Start what the schedules ask for, remind once at half time, and close at the deadline."""
        now = self._clock.now()
        async with self._database.reading() as session:
            if not await store.anything_due(session, now):
                return
        async with self._database.writing() as session:
            for schedule in await store.due_schedules(session, now):
                await self._start(session, _wanted(schedule), schedule.name, schedule)
                schedule.next_at = self._next(schedule, now)
            for check in await store.due(session, now):
                if check.deadline <= now:
                    check.closed_at = now
                    log.info("check.closed", check_id=check.id)
                elif check.reminded_at is None:
                    check.reminded_at = now
                    await self._remind(session, check)
        self._wake.set()

    async def schedules(self, page: PageRequest) -> list[CheckSchedule]:
        """Return one row more than a page of schedules, oldest first."""
        async with self._database.reading() as session:
            return await store.schedules(session, after=page.after, limit=page.limit + 1)

    async def add_schedule(self, wanted: ScheduleIn, principal: Principal) -> CheckSchedule:
        """Enter a schedule."""
        now = self._clock.now()
        row = CheckSchedule(
            id=new_id(),
            **wanted.model_dump(mode="json", exclude={"time"}),
            time=f"{wanted.time:%H:%M}",
            next_at=now,
            created_at=now,
            updated_at=now,
            updated_by=principal.name,
        )
        row.next_at = self._next(row, now)
        async with self._database.writing() as session:
            session.add(row)
        return row

    async def replace_schedule(
        self, schedule_id: str, wanted: ScheduleIn, principal: Principal, precondition: Precondition
    ) -> CheckSchedule:
        """Put `wanted` in the place of a stored schedule; what fell due before is not made up for."""
        now = self._clock.now()
        async with self._database.writing() as session:
            row = _known_schedule(await store.schedule(session, schedule_id, lock=True))
            precondition(row.version)
            for name, value in wanted.model_dump(mode="json", exclude={"time"}).items():
                setattr(row, name, value)
            row.time = f"{wanted.time:%H:%M}"
            row.version += 1
            row.next_at, row.updated_at, row.updated_by = self._next(row, now), now, principal.name
        return row

    async def remove_schedule(self, schedule_id: str, precondition: Precondition) -> None:
        """Delete a schedule; its checks stay."""
        async with self._database.writing() as session:
            row = _known_schedule(await store.schedule(session, schedule_id, lock=True))
            precondition(row.version)
            await session.delete(row)

    def _next(self, schedule: CheckSchedule, after: datetime) -> datetime:
        at = time.fromisoformat(schedule.time)
        return next_run(schedule.day, at, after, self._workdays if schedule.workdays_only else None)

    async def _start(
        self, session: AsyncSession, wanted: CommunicationCheckIn, by: str, schedule: CheckSchedule | None = None
    ) -> CommunicationCheck | None:
        people = await store.people(
            session,
            unit=wanted.unit if wanted.scope is Scope.UNIT else None,
            county=wanted.unit if wanted.scope is Scope.COUNTY else None,
        )
        if wanted.drill:
            people = [person for person in people if person.drill_target]
        if not people:
            log.warning("check.nobody", scope=wanted.scope.value, unit=wanted.unit)
            return None
        now = self._clock.now()
        length = timedelta(minutes=wanted.minutes)
        request = NotificationRequested(
            id=new_id(),
            kind=NotificationKind.COMMUNICATION_CHECK,
            subject=f"通信检查：请在 {wanted.minutes} 分钟内确认",
            body=wanted.text,
            recipients=[Recipient(contact_id=person.id) for person in people],
            channels=_EVERY_WAY,
            requires_acknowledgement=True,
            drill=wanted.drill,
            requested_at=now,
        )
        await self._telling.accept(session, request)
        check = CommunicationCheck(
            id=new_id(),
            notification_id=request.id,
            schedule_id=schedule.id if schedule else None,
            scope=wanted.scope.value,
            unit=wanted.unit,
            text=wanted.text,
            drill=wanted.drill,
            started_at=now,
            started_by=by,
            remind_at=now + length / 2,
            deadline=now + length,
        )
        asked = [
            CheckedContact(
                check_id=check.id,
                contact_id=person.id,
                contact_name=person.name,
                unit=person.unit,
                county=Role.COUNTY.value in person.roles,
            )
            for person in people
        ]
        await store.add(session, check, asked)
        log.info("check.started", check_id=check.id, people=len(asked))
        return check

    async def _remind(self, session: AsyncSession, check: CommunicationCheck) -> None:
        silent = [one.contact_id for one in await store.asked(session, check.id) if one.answered_at is None]
        if not silent:
            return
        recipients = [Recipient(contact_id=id_) for id_ in silent]
        resolution = await self._telling.resolve(session, recipients, _EVERY_WAY)
        wanted = [one for one in resolution.addressees if one.person.id in set(silent)]
        await self._telling.tell_again(
            session, check.notification_id, wanted, turn=_REMINDER, note="催办：检查时间已过半，尚未收到您的确认"
        )
        log.info("check.reminded", check_id=check.id, people=len(wanted))

    async def _known(self, session: AsyncSession, check_id: str) -> CommunicationCheck:
        check = await store.check(session, check_id)
        if check is None:
            raise Problem(404, "not-found", zh="没有这次通信检查", en="There is no such communication check")
        return check


async def _found(session: AsyncSession, check: CommunicationCheck) -> Found:
    deliveries = (await contacts.deliveries_of(session, [check.notification_id]))[check.notification_id]
    of: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        of.setdefault(delivery.contact_id, []).append(delivery)
    answers = [
        Answer(
            row.contact_id,
            row.contact_name,
            row.unit,
            row.county,
            reached=any(delivery.sent_at is not None for delivery in of.get(row.contact_id, ())),
            at=row.answered_at,
            via=row.answered_via,
            channel=row.answered_channel,
            failed=_failed(of.get(row.contact_id, ())),
        )
        for row in await store.asked(session, check.id)
    ]
    return Found(check, answers)


def _failed(deliveries: Sequence[Delivery]) -> tuple[FailedWay, ...]:
    """Return the ways by which nothing was sent although it was tried."""
    sent = {delivery.channel for delivery in deliveries if delivery.sent_at is not None}
    tried = {
        delivery.channel: FailedWay(delivery.channel, delivery.last_error)
        for delivery in deliveries
        if delivery.attempts and delivery.last_error is not None and delivery.channel not in sent
    }
    return tuple(tried.values())


def _known_schedule(row: CheckSchedule | None) -> CheckSchedule:
    if row is None:
        raise Problem(404, "not-found", zh="没有这个定期检查", en="There is no such schedule")
    return row


def _wanted(schedule: CheckSchedule) -> CommunicationCheckIn:
    return CommunicationCheckIn(
        scope=Scope(schedule.scope),
        unit=schedule.unit,
        text=schedule.text,
        minutes=schedule.minutes,
        drill=schedule.drill,
    )
