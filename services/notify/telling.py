"""Who is told of what: makes deliveries, tells the bus of their states, and finds another way when one fails.

Every method works inside the caller's transaction, so that rows and messages stand or fall together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts import streams
from contracts.messages import NotificationChanged, NotificationRequested
from contracts.words import ChannelName, DeliveryState, Level, NotificationKind, Role
from kit.clock import Clock
from kit.ids import new_id
from kit.outbox import Outbox
from services.notify import store
from services.notify.delivery.folding import FoldingRules, busy_ways, may_be_held
from services.notify.metrics import GAPS
from services.notify.models import Contact, Delivery, Notification, Webhook
from services.notify.recipients import Addressee, Person, for_drill, next_way, resolve, unreachable
from services.notify.ways import LOG_WAY, Way

log = structlog.get_logger(__name__)

_ALIVE = frozenset({DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.ACKNOWLEDGED})


class Telling:
    """The steps that requests, attempts and acknowledgements share."""

    def __init__(self, clock: Clock, outbox: Outbox, admin_name: str, folding: FoldingRules) -> None:
        self._clock, self._outbox, self._admin_name, self._folding = clock, outbox, admin_name, folding

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
        people = [person_of(found) for found in await store.candidates(session, request.recipients)]
        desk = person_of(await self.desk(session))
        resolution = resolve(request.recipients, people, desk, request.channels)
        GAPS.inc(len(resolution.gaps))
        for gap in resolution.gaps:
            log.warning("notification.gap", notification_id=request.id, kind=request.kind.value, gap=gap)
        addressees = for_drill(resolution.addressees, desk) if request.drill else resolution.addressees
        rows = [self._row(request.id, addressee, way) for addressee in addressees for way in addressee.ways]
        await self._hold_storm(session, request, rows)
        rows += [
            {
                **self._row(
                    request.id,
                    Addressee(Person(hook.id, hook.name), None, ()),
                    subscription_way(hook, self._clock.now()),
                ),
                "subscription": True,
            }
            for hook in await store.subscriptions(session, request.kind, request.level, drill=request.drill)
        ]
        await store.add_deliveries(session, rows)
        return True

    async def changed(self, session: AsyncSession, delivery: Delivery) -> None:
        """Tell the bus what `delivery` has become. A program's delivery is told without a contact."""
        notification = await session.get_one(Notification, delivery.notification_id)
        contact = None if delivery.subscription else await session.get(Contact, delivery.contact_id)
        payload = NotificationChanged(
            notification_id=notification.id,
            kind=NotificationKind(notification.kind),
            case_id=notification.case_id,
            alert_id=notification.alert_id,
            contact_id=None if delivery.subscription else delivery.contact_id,
            contact_name=delivery.contact_name,
            contact_login=contact.username if contact is not None else None,
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
        others = await store.deliveries_to(session, failed.notification_id, failed.contact_id)
        ways = usable_ways(contact) if contact is not None and contact.enabled else ()
        way = next_way(ways, [delivery.channel for delivery in others])
        if way is not None:
            person = Person(failed.contact_id, failed.contact_name)
            role = Role(failed.role) if failed.role else None
            notes = tuple(
                note for note in (failed.note, f"{ChannelName(failed.channel).chinese}未送达，改用本方式") if note
            )
            row = self._row(failed.notification_id, Addressee(person, role, (), notes), way)
            await self._hold_storm(session, await session.get_one(Notification, failed.notification_id), [row])
            await store.add_deliveries(session, [row])
        elif not any(delivery.state in _ALIVE for delivery in others):
            await self._tell_desk(session, failed, contact)

    async def divert(self, session: AsyncSession, waiting: Delivery, reason: str) -> bool:
        """Give up `waiting` for the person's next way, if there is one; tells whether there was."""
        contact = await store.contact(session, waiting.contact_id)
        if contact is None or not contact.enabled:
            return False
        others = await store.deliveries_to(session, waiting.notification_id, waiting.contact_id)
        if next_way(usable_ways(contact), [delivery.channel for delivery in others]) is None:
            return False
        waiting.state, waiting.next_attempt_at, waiting.last_error = DeliveryState.FAILED.value, None, reason
        await self.changed(session, waiting)
        await self.fail_over(session, waiting)
        return True

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

    async def _hold_storm(
        self, session: AsyncSession, notification: Notification | NotificationRequested, rows: list[dict[str, Any]]
    ) -> None:
        """Hold those of `rows` whose person has had many of this kind of late, to go out together."""
        kind = NotificationKind(notification.kind)
        level = Level(notification.level) if notification.level else None
        if not rows or not may_be_held(kind, level, requires_acknowledgement=notification.requires_acknowledgement):
            return
        now, rules = self._clock.now(), self._folding
        busy = await busy_ways(session, kind, [row["contact_id"] for row in rows], now - rules.window, rules)
        for row in rows:
            way = (row["contact_id"], row["channel"])
            row["held"] = way in busy
            if row["held"]:
                row["next_attempt_at"] = busy[way] or now + rules.wait

    def _row(self, notification_id: str, addressee: Addressee, way: Way) -> dict[str, Any]:
        now = self._clock.now()
        return {
            "id": new_id(),
            "notification_id": notification_id,
            "contact_id": addressee.person.id,
            "contact_name": addressee.person.name,
            "subscription": False,
            "role": addressee.role.value if addressee.role else None,
            "channel": way.channel.value,
            "address": way.address,
            "note": "；".join(addressee.notes),
            "state": DeliveryState.PENDING.value,
            "attempts": 0,
            "held": False,
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
        contact.id,
        contact.name,
        frozenset(Role(role) for role in contact.roles),
        contact.unit,
        usable_ways(contact),
        contact.drill_target,
    )


def subscription_way(webhook: Webhook, now: datetime) -> Way:
    """Return the way that leads to a webhook subscription; for a day after a rotation the older secret signs too."""
    rotating = webhook.old_secret_until is not None and now < webhook.old_secret_until
    older = webhook.old_secret if rotating else None
    return Way(channel=ChannelName.WEBHOOK, address=webhook.url, secret=webhook.secret, older_secret=older)
