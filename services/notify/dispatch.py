"""Sending: takes due deliveries, makes one attempt each, and writes down what came of it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import DeliveryState, Level, NotificationKind, Role
from kit.clock import Clock
from kit.database import Database
from kit.transient import brief, passes
from services.notify import store
from services.notify.channels.channel import Channel, Letter
from services.notify.links import AcknowledgementLinks
from services.notify.metrics import ATTEMPTS
from services.notify.models import Delivery, Notification
from services.notify.recipients import ROLE_NAMES
from services.notify.retries import Outcome, RetryPolicy, next_step
from services.notify.settings import NotifySettings
from services.notify.telling import Telling
from services.notify.texts import Notice, Texts
from services.notify.ways import ChannelName, Way

log = structlog.get_logger(__name__)

#: Seconds beyond the sending time after which an attempt without a result counts as cut short by a crash.
_GRACE: Final = 20.0
#: Seconds between tries to write a result down; together shorter than the grace.
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
#: Seconds that attempts under way are given when the service stops.
_DRAIN: Final = 3.0


@dataclass(frozen=True)
class _Attempt:
    """One attempt under way, with what it needs; `way` is None where the person can no longer be reached so."""

    delivery: Delivery
    notification: Notification
    way: Way | None
    number: int
    address: str


class Dispatcher:
    """Makes the attempts that are due.

    An attempt is committed as begun before it is made, and sending happens outside any transaction: after a crash
    between the two the same letter goes out again under the same id. Each channel has its own slots, so that one that
    hangs never delays the others, and each webhook address may take only a few of them.
    """

    def __init__(
        self,
        settings: NotifySettings,
        database: Database,
        clock: Clock,
        telling: Telling,
        channels: Sequence[Channel],
        texts: Texts,
        links: AcknowledgementLinks,
    ) -> None:
        self._settings, self._database, self._clock = settings, database, clock
        self._telling, self._texts, self._links = telling, texts, links
        self._channels = list(channels)
        self._policy = RetryPolicy(
            settings.max_attempts, settings.retry_base, settings.retry_cap, settings.retry_after_cap
        )
        self._busy: dict[str, Counter[str]] = {channel.name: Counter() for channel in channels}
        self._tasks: set[asyncio.Task[None]] = set()
        self.wake = asyncio.Event()

    async def resume(self) -> None:
        """Make due at once what a process of this name was sending when it died or was cut short."""
        async with self._database.writing() as session:
            released = await store.release_claims(session, self._settings.replica_name(), self._clock.now())
        if released:
            log.warning("deliveries.resumed", count=released)

    async def send_due(self) -> int:
        """Begin every attempt that is due and has room, without waiting for the results; returns how many."""
        async with self._database.reading() as session:
            due = await store.due_channels(session, self._clock.now())
        begun = 0
        for channel in self._channels:
            busy = self._busy[channel.name]
            room = self._settings.channel_slots - busy.total()
            if channel.name not in due or room <= 0:
                continue
            for attempt in await self._claim(channel.name, room, busy):
                busy[attempt.address] += 1
                task = asyncio.create_task(self._make(channel, attempt))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                begun += 1
        return begun

    async def idle(self) -> None:
        """Return when no attempt is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def drain(self) -> None:
        """Give attempts under way a few seconds, then cut them and leave them to whoever looks next."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=_DRAIN)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if late:
            await self.resume()

    async def _claim(self, channel: str, room: int, busy: Counter[str]) -> list[_Attempt]:
        now = self._clock.now()
        # only a receiver's own server can hang by address; mail goes to one server and the log to none
        slots = self._settings.address_slots if channel == ChannelName.WEBHOOK else room
        async with self._database.writing() as session:
            rows = await store.claim(
                session,
                channel,
                now=now,
                until=now + timedelta(seconds=self._settings.send_timeout + _GRACE),
                room=room,
                slots=slots,
                busy=busy,
                claimed_by=self._settings.replica_name(),
            )
            return [await self._prepare(session, row) for row in rows]

    async def _prepare(self, session: AsyncSession, delivery: Delivery) -> _Attempt:
        notification = await session.get_one(Notification, delivery.notification_id)
        way = await self._telling.present_way(session, delivery)
        if way is not None:
            delivery.address = way.address
        return _Attempt(delivery, notification, way, delivery.attempts, delivery.address)

    def _letter(self, delivery: Delivery, notification: Notification, secret: str | None) -> Letter:
        """Return what is sent for `delivery`; the same id and link at every attempt."""
        notice = notice_of(notification)
        link = None
        if notification.requires_acknowledgement and not (delivery.subscription or delivery.to_unit):
            expires = delivery.created_at + timedelta(days=self._settings.link_days)
            link = self._links.url(delivery.id, expires)
        role = ROLE_NAMES[Role(delivery.role)] if delivery.role else None
        text = self._texts.body(notice, to=delivery.contact_name, role=role, note=delivery.note, link=link)
        return Letter(
            id=delivery.id,
            to=delivery.contact_name,
            address=delivery.address,
            secret=secret,
            subject=self._texts.subject(notice),
            text=text,
            at=self._clock.now(),
            facts=_facts(delivery, notification, link),
        )

    async def _make(self, channel: Channel, attempt: _Attempt) -> None:
        try:
            await self._record(attempt, await self._attempt(channel, attempt))
        except Exception:
            # the claim runs out and the attempt is made again under the same id
            log.exception("delivery.result_lost", delivery_id=attempt.delivery.id)
        finally:
            busy = self._busy[channel.name]
            busy[attempt.address] -= 1
            if busy[attempt.address] <= 0:
                del busy[attempt.address]
            self.wake.set()

    async def _attempt(self, channel: Channel, attempt: _Attempt) -> Outcome:
        if attempt.way is None:
            return Outcome.never("联络员已停用、已删除或已取消该联络方式")
        try:
            letter = self._letter(attempt.delivery, attempt.notification, attempt.way.secret)
            async with asyncio.timeout(self._settings.send_timeout + 1):
                return await channel.send(letter)
        except TimeoutError:
            return Outcome.later(f"{self._settings.send_timeout:g} 秒内未送达")
        except Exception as error:
            log.exception("channel.crashed", channel=channel.name, delivery_id=attempt.delivery.id)
            return Outcome.later(f"渠道内部错误：{type(error).__name__}")

    async def _record(self, attempt: _Attempt, outcome: Outcome) -> None:
        """Write the result down, waiting for a database that is away: a lost result is a letter sent twice."""
        for pause in (*_PAUSES, None):
            try:
                async with self._database.writing() as session:
                    await self._settle(session, attempt, outcome)
                return
            except Exception as error:
                if pause is None or not passes(error):
                    raise
                log.warning("delivery.result_waits", delivery_id=attempt.delivery.id, error=brief(error))
                await asyncio.sleep(pause)

    async def _settle(self, session: AsyncSession, attempt: _Attempt, outcome: Outcome) -> None:
        delivery = await store.attempt(session, attempt.delivery.id, attempt.number)
        if delivery is None:
            return
        now = self._clock.now()
        delivery.sending_since = None
        delivery.claimed_by = None
        delivery.last_error = outcome.reason
        if outcome.sent:
            delivery.sent_at = now
        if delivery.state != DeliveryState.PENDING:
            return  # acknowledged while the attempt was under way
        step = next_step(outcome, delivery.attempts, self._policy, now=now, chance=random.random())
        delivery.state = step.state.value
        delivery.next_attempt_at = step.next_attempt_at
        ATTEMPTS.labels(delivery.channel, step.state.value).inc()
        if step.state is DeliveryState.PENDING:
            log.warning("delivery.retries", delivery_id=delivery.id, attempt=delivery.attempts, reason=outcome.reason)
            return
        await self._telling.changed(session, delivery)
        if outcome.closed:
            await self._telling.close_way(session, delivery, outcome.reason or "")
        if step.state is DeliveryState.FAILED:
            await self._telling.fail_over(session, delivery)


def notice_of(notification: Notification) -> Notice:
    """Return what a stored notification says."""
    return Notice(
        id=notification.id,
        kind=NotificationKind(notification.kind),
        level=Level(notification.level) if notification.level else None,
        subject=notification.subject,
        body=notification.body,
        case_number=notification.case_number,
        requires_acknowledgement=notification.requires_acknowledgement,
        drill=notification.drill,
        requested_at=notification.requested_at,
    )


def _facts(delivery: Delivery, notification: Notification, link: str | None) -> Mapping[str, Any]:
    return {
        "notification_id": notification.id,
        "delivery_id": delivery.id,
        "kind": notification.kind,
        "level": notification.level,
        "case_id": notification.case_id,
        "case_number": notification.case_number,
        "alert_id": notification.alert_id,
        "requires_acknowledgement": notification.requires_acknowledgement,
        "acknowledgement_url": link,
        "drill": notification.drill,
        "requested_at": notification.requested_at.isoformat(),
        "note": delivery.note or None,
    }
