"""Who is told of what: makes deliveries, tells the bus of their states, and finds another way when one fails.

Every method works inside the caller's transaction, so that rows and messages stand or fall together.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts import streams
from contracts.messages import NotificationChanged, NotificationRequested, Recipient
from contracts.words import DeliveryState, NotificationKind, Role
from kit.clock import Clock
from kit.ids import new_id
from kit.outbox import Outbox
from services.notify import store
from services.notify.metrics import GAPS
from services.notify.models import Contact, Delivery, Notification, Webhook
from services.notify.recipients import Addressee, Person, Resolution, next_way, resolve, unreachable
from services.notify.ways import LOG_WAY, ChannelName, Way

log = structlog.get_logger(__name__)

_ALIVE = frozenset({DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.ACKNOWLEDGED})


class Telling:
    """The steps that requests, attempts and acknowledgements share."""

    def __init__(self, clock: Clock, outbox: Outbox, admin_name: str) -> None:
        self._clock, self._outbox, self._admin_name = clock, outbox, admin_name

    async def desk(self, session: AsyncSession) -> Contact:
        """Return the duty desk (值班席), the contact that gets what nobody else can get; make it where there is none.

        Where there are no contacts at all it holds every role, so that nothing is lost before real people are entered;
        take roles from it as people for them are entered. It is reached through the log and is the administrator's.
        """
        found = await store.desk(session)
        if found is None:
            first = not await store.any_contact(session)
            taken = await store.contact_of(session, self._admin_name)
            now = self._clock.now()
            row = {
                "id": new_id(),
                "name": "值班席",
                "roles": [role.value for role in Role] if first else [],
                "unit": None,
                "username": None if taken else self._admin_name,
                "ways": [LOG_WAY.model_dump(mode="json")],
                "enabled": True,
                "seat": store.DESK,
                "version": 1,
                "created_at": now,
                "updated_at": now,
            }
            await store.add_contact_ignoring(session, row)
            found = await store.desk(session)
        if found is None:
            raise LookupError("the duty desk could neither be found nor made")
        return found

    async def accept(self, session: AsyncSession, request: NotificationRequested) -> bool:
        """Write down a notification and one pending delivery for each person and channel; tells whether it was new."""
        row = request.model_dump(mode="json", exclude={"recipients", "channels", "requested_at"})
        if not await store.add_notification(session, {**row, "requested_at": request.requested_at}):
            return False
        resolution = await self.resolve(session, request.recipients, request.channels)
        GAPS.inc(len(resolution.gaps))
        for gap in resolution.gaps:
            log.warning("notification.gap", notification_id=request.id, kind=request.kind.value, gap=gap)
        rows = [self._row(request.id, addressee, way) for addressee in resolution.addressees for way in addressee.ways]
        rows += [
            {
                **self._row(request.id, Addressee(Person(hook.id, hook.name), None, ()), subscription_way(hook)),
                "subscription": True,
            }
            for hook in await store.subscriptions(session, request.kind)
        ]
        await store.add_deliveries(session, rows)
        return True

    async def resolve(
        self, session: AsyncSession, recipients: Sequence[Recipient], channels: Sequence[str] = ()
    ) -> Resolution:
        """Return who `recipients` are now, and by which ways each is told."""
        people = [person_of(found) for found in await store.candidates(session, recipients)]
        return resolve(recipients, people, person_of(await self.desk(session)), channels)

    async def tell_again(
        self,
        session: AsyncSession,
        notification_id: str,
        addressees: Sequence[Addressee],
        *,
        turn: int,
        note: str,
        without: Set[str] = frozenset(),
    ) -> None:
        """Make deliveries of a notification that is there already, once for each `turn`, person and channel.

        `without` are contacts to be left alone. `note` stands in the letter, after what is noted of the person.
        """
        rows = [
            {**self._row(notification_id, addressee, way, turn), "note": "；".join((*addressee.notes, note))}
            for addressee in addressees
            for way in addressee.ways
            if addressee.person.id not in without
        ]
        await store.add_deliveries(session, rows)

    async def changed(self, session: AsyncSession, delivery: Delivery) -> None:
        """Tell the bus what `delivery` has become. A program's delivery is told without a contact."""
        notification = await session.get_one(Notification, delivery.notification_id)
        payload = NotificationChanged(
            notification_id=notification.id,
            kind=NotificationKind(notification.kind),
            case_id=notification.case_id,
            alert_id=notification.alert_id,
            contact_id=None if delivery.subscription else delivery.contact_id,
            contact_name=delivery.contact_name,
            role=Role(delivery.role) if delivery.role else None,
            channel=delivery.channel,
            state=DeliveryState(delivery.state),
            at=self._clock.now(),
            acknowledged_via=delivery.acknowledged_via,
            error=delivery.last_error if delivery.state == DeliveryState.FAILED else None,
        )
        await self._outbox.put(session, streams.NOTIFICATIONS_CHANGED, "notification.changed", notification.id, payload)

    async def fail_over(self, session: AsyncSession, failed: Delivery) -> None:
        """After `failed`, try the person's next way; where none is left and nothing reached them, tell the desk."""
        log.warning(
            "delivery.failed",
            delivery_id=failed.id,
            channel=failed.channel,
            to=failed.contact_name,
            reason=failed.last_error,
        )
        if failed.subscription:
            return
        contact = await store.contact(session, failed.contact_id)
        others = await store.deliveries_to(session, failed.notification_id, failed.contact_id, turn=failed.turn)
        ways = usable_ways(contact) if contact is not None and contact.enabled else ()
        way = next_way(ways, [delivery.channel for delivery in others])
        if way is not None:
            person = Person(failed.contact_id, failed.contact_name)
            role = Role(failed.role) if failed.role else None
            notes = tuple(note for note in (failed.note, f"{failed.channel} 未送达，改用本方式") if note)
            row = self._row(failed.notification_id, Addressee(person, role, (), notes), way, failed.turn)
            await store.add_deliveries(session, [row])
        elif not any(delivery.state in _ALIVE for delivery in others):
            await self._tell_desk(session, failed, contact)

    async def close_way(self, session: AsyncSession, delivery: Delivery, reason: str) -> None:
        """Stop using the address of `delivery`, whose receiver asked for that; it stays listed with the reason."""
        if delivery.subscription:
            webhook = await session.get(Webhook, delivery.contact_id)
            if webhook is not None and webhook.url == delivery.address:
                webhook.enabled, webhook.disabled_reason = False, reason[:200]
            return
        contact = await store.contact(session, delivery.contact_id, lock=True)
        if contact is None:
            return
        contact.ways = [
            way.model_copy(update={"enabled": False, "disabled_reason": reason}).model_dump(mode="json")
            if (way.channel, way.address) == (delivery.channel, delivery.address)
            else way.model_dump(mode="json")
            for way in ways_of(contact)
        ]
        contact.version += 1
        contact.updated_at = self._clock.now()
        await session.flush()
        log.warning("way.closed", contact_id=contact.id, channel=delivery.channel, reason=reason)

    async def _tell_desk(self, session: AsyncSession, failed: Delivery, contact: Contact | None) -> None:
        if contact is not None and contact.seat == store.DESK:
            log.error("desk.unreachable", notification_id=failed.notification_id, reason=failed.last_error)
            return
        original = await session.get_one(Notification, failed.notification_id)
        desk = person_of(await self.desk(session))
        note = unreachable(failed.contact_name)
        told = NotificationRequested.model_validate(
            {
                **original.model_dump(),
                "id": new_id(),
                "subject": f"{note}（{original.subject}）",
                "body": (
                    f"{note}。各联络方式均未送达，最后一次原因：{failed.last_error or '不详'}。\n\n"
                    f"原通知内容：\n{original.body}"
                ),
                "recipients": [{"contact_id": desk.id}],
                "requested_at": self._clock.now(),
            }
        )
        await self.accept(session, told)

    def _row(self, notification_id: str, addressee: Addressee, way: Way, turn: int = 0) -> dict[str, Any]:
        now = self._clock.now()
        return {
            "id": new_id(),
            "notification_id": notification_id,
            "contact_id": addressee.person.id,
            "contact_name": addressee.person.name,
            "subscription": False,
            "role": addressee.role.value if addressee.role else None,
            "channel": way.channel.value,
            "turn": turn,
            "address": way.address,
            "note": "；".join(addressee.notes),
            "state": DeliveryState.PENDING.value,
            "attempts": 0,
            "next_attempt_at": now,
            "created_at": now,
        }


def ways_of(contact: Contact) -> list[Way]:
    """Return every way of a contact, closed ones too."""
    return [Way.model_validate(way) for way in contact.ways]


def usable_ways(contact: Contact) -> tuple[Way, ...]:
    """Return the contact's ways that are in use; the desk can always be reached through the log."""
    ways = tuple(way for way in ways_of(contact) if way.enabled)
    if contact.seat == store.DESK and all(way.channel is not ChannelName.LOG for way in ways):
        return (*ways, LOG_WAY)
    return ways


def person_of(contact: Contact) -> Person:
    """Return a stored contact as the rules see them."""
    return Person(
        contact.id, contact.name, frozenset(Role(role) for role in contact.roles), contact.unit, usable_ways(contact)
    )


def subscription_way(webhook: Webhook) -> Way:
    """Return the way that leads to a webhook subscription."""
    return Way(channel=ChannelName.WEBHOOK, address=webhook.url, secret=webhook.secret)
