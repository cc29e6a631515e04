"""Notify's use cases: take requests in, list what was told, and record who acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Message
from contracts.messages import NotificationRequested
from contracts.words import DeliveryState, NotificationKind, Role
from kit.auth import Principal
from kit.clock import Clock
from kit.database import Database
from kit.inbox import Inbox
from kit.pages import PageRequest
from kit.problems import Problem
from services.notify import store
from services.notify.delivery import folding
from services.notify.links import AcknowledgementLinks, LinkExpired
from services.notify.models import Delivery, Notification
from services.notify.remembering import bring, remembering
from services.notify.telling import Telling

log = structlog.get_logger(__name__)

#: Roles that sit at the duty desk and may acknowledge for it.
DESK_ROLES = frozenset({Role.ADMIN, Role.OFFICE})

Told = tuple[Notification, list[Delivery]]
#: Goes on with a notification that has just been accepted, in the same transaction.
Accepted = Callable[[AsyncSession, NotificationRequested], Awaitable[None]]


@dataclass(frozen=True)
class Linked:
    """What an acknowledgement link leads to; `taken` is the first acknowledgement by somebody else, if there is one."""

    notification: Notification
    delivery: Delivery
    taken: Delivery | None


@dataclass(frozen=True)
class Acknowledgement:
    """Who acknowledged a notification, when and how. `already`: they had done so before this call.

    `channel` is the one whose letter held the link; None where it came by the API or before.
    """

    notification_id: str
    contact_id: str
    contact_name: str
    at: datetime
    via: str
    by: str
    channel: str | None
    already: bool


#: Goes on with the first acknowledgement by somebody, in the same transaction.
Acknowledged = Callable[[AsyncSession, Delivery, Acknowledgement], Awaitable[None]]


class Notifications:
    """What can be done with notifications."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        inbox: Inbox,
        telling: Telling,
        links: AcknowledgementLinks,
        wake: asyncio.Event,
        *,
        accepted: Sequence[Accepted] = (),
        acknowledged: Sequence[Acknowledged] = (),
    ) -> None:
        self._database, self._clock, self._inbox = database, clock, inbox
        self._telling, self._links, self._wake = telling, links, wake
        self._accepted, self._acknowledged = accepted, acknowledged

    async def open_desk(self) -> None:
        """Make the duty desk on the first start, when there are no contacts yet (see :meth:`Telling.desk`)."""
        async with self._database.writing() as session:
            if not await store.any_contact(session):
                await self._telling.desk(session)

    async def requested(self, messages: Sequence[Message]) -> None:
        """Write down what was requested, once each, and wake the dispatcher when that is committed."""
        async with self._database.writing() as session:
            unseen = await self._inbox.unseen(session, messages, self._clock.now())
            requests = [
                NotificationRequested.model_validate(message.data)
                for message in unseen
                if message.type == "notification.requested"
            ]
            await bring(remembering(session), contacts=_named(requests))
            for request in requests:
                await self._accept(session, request)
        self._wake.set()

    async def page(
        self,
        page: PageRequest,
        *,
        state: DeliveryState | None = None,
        kind: NotificationKind | None = None,
        case_id: str | None = None,
        mine_of: Principal | None = None,
    ) -> list[Told]:
        """Return one row more than a page of notifications with their deliveries; `mine_of`: only that person's."""
        async with self._database.reading() as session:
            contact_id = None
            if mine_of is not None:
                mine = await store.contact_of(session, mine_of.login)
                if mine is None:
                    return []
                contact_id = mine.id
            rows = await store.notifications(
                session,
                state=state,
                kind=kind,
                case_id=case_id,
                contact_id=contact_id,
                after=page.after_times(0),
                limit=page.limit + 1,
            )
            deliveries = await store.deliveries_of(session, [row.id for row in rows])
        return [(row, deliveries[row.id]) for row in rows]

    async def one(self, notification_id: str, mine_of: Principal | None = None) -> Told:
        """Return a notification with its deliveries; 404 where there is none, or, with `mine_of`, none of theirs."""
        async with self._database.reading() as session:
            found = await session.get(Notification, notification_id)
            if found is None:
                raise _unknown()
            if mine_of is not None:
                mine = await store.contact_of(session, mine_of.login)
                if mine is None or not await store.deliveries_to(session, notification_id, mine.id):
                    raise _unknown()
            return found, (await store.deliveries_of(session, [found.id]))[found.id]

    async def acknowledge(self, notification_id: str, principal: Principal, contact_id: str | None) -> Acknowledgement:
        """Acknowledge as the principal's own contact or, for the desk's roles, as the duty desk.

        Nobody acknowledges for another person: what counts is that this person knows. Answers 403 where that is asked,
        404 for an unknown notification, 409 where the notification did not go to the person.
        """
        async with self._database.writing() as session:
            if await session.get(Notification, notification_id) is None:
                raise _unknown()
            for candidate in await self._acting_as(session, principal, contact_id):
                deliveries = await store.deliveries_to(session, notification_id, candidate)
                if deliveries:
                    return await self._mark(session, deliveries, deliveries[0], via="api", by=principal.name)
        raise Problem(
            409,
            "notification.not-recipient",
            zh="您不是这条通知的收件人，无需确认",
            en="This notification did not go to you",
        )

    async def behind_link(self, token: str) -> Linked:
        """Return what an acknowledgement link stands for, changing nothing.

        Raises :class:`services.notify.links.LinkError` (or its LinkExpired, also when the delivery is gone).
        """
        delivery_id = self._links.read(token, self._clock.now())
        async with self._database.reading() as session:
            delivery = await session.get(Delivery, delivery_id)
            if delivery is None:
                raise LinkExpired
            notification = await session.get_one(Notification, delivery.notification_id)
            others = [
                (other.acknowledged_at, other.id, other)
                for other in (await store.deliveries_of(session, [notification.id]))[notification.id]
                if other.acknowledged_at is not None and other.contact_id != delivery.contact_id
            ]
            return Linked(notification, delivery, min(others)[2] if others else None)

    async def acknowledge_by_link(self, token: str) -> Acknowledgement:
        """Acknowledge as the person whom the link was sent to. Raises as :meth:`behind_link`."""
        delivery_id = self._links.read(token, self._clock.now())
        async with self._database.writing() as session:
            told = await session.get(Delivery, delivery_id)
            if told is None:
                raise LinkExpired
            deliveries = await store.deliveries_to(session, told.notification_id, told.contact_id)
            return await self._mark(session, deliveries, told, via="link", by=told.contact_name)

    async def _accept(self, session: AsyncSession, request: NotificationRequested) -> None:
        if await self._telling.accept(session, request):
            for follow in self._accepted:
                await follow(session, request)

    async def _acting_as(self, session: AsyncSession, principal: Principal, contact_id: str | None) -> list[str]:
        own = await store.contact_of(session, principal.login)
        desk = await store.desk(session) if principal.roles & DESK_ROLES else None
        allowed = [contact.id for contact in (own, desk) if contact is not None]
        if contact_id is None:
            return list(dict.fromkeys(allowed))
        if contact_id not in allowed:
            raise Problem(
                403,
                "notification.not-yours",
                zh="只能确认发给本人的通知；值班人员另可代值班席确认",
                en="You may acknowledge for yourself or, on duty, for the duty desk",
            )
        return [contact_id]

    async def _mark(
        self, session: AsyncSession, deliveries: Sequence[Delivery], told: Delivery, *, via: str, by: str
    ) -> Acknowledgement:
        first = next((delivery for delivery in deliveries if delivery.acknowledged_at is not None), None)
        if first is not None and first.acknowledged_at is not None:
            return Acknowledgement(
                first.notification_id,
                first.contact_id,
                first.contact_name,
                first.acknowledged_at,
                first.acknowledged_via or via,
                first.acknowledged_by or by,
                None,
                already=True,
            )
        now = self._clock.now()
        for delivery in deliveries:
            delivery.state = DeliveryState.ACKNOWLEDGED.value
            delivery.next_attempt_at = None
            delivery.acknowledged_at, delivery.acknowledged_via, delivery.acknowledged_by = now, via, by
        await self._telling.changed(session, told)
        for delivery in [one for one in deliveries if one.held]:
            for other in await folding.folded(session, delivery.id, lock=True):
                if via == "link":
                    rest = await store.deliveries_to(session, other.notification_id, other.contact_id)
                    await self._mark(session, rest, other, via=via, by=by)
                elif delivery.sent_at is None:  # the letter that was to tell of it will not go out
                    other.folded_into, other.held, other.next_attempt_at = None, False, now
        log.info("notification.acknowledged", notification_id=told.notification_id, contact_id=told.contact_id, via=via)
        channel = told.channel if via == "link" else None
        made = Acknowledgement(
            told.notification_id, told.contact_id, told.contact_name, now, via, by, channel, already=False
        )
        for follow in self._acknowledged:
            await follow(session, told, made)
        return made


def _named(requests: Sequence[NotificationRequested]) -> list[str]:
    return [one.contact_id for request in requests for one in request.recipients if one.contact_id is not None]


def _unknown() -> Problem:
    return Problem(404, "not-found", zh="没有这条通知", en="There is no such notification")
