"""Who is told of what: makes deliveries, tells the bus of their states, and finds another way when one fails.

Every method works inside the caller's transaction, so that rows and messages stand or fall together.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts import streams
from contracts.messages import Audience, NotificationChanged, NotificationRequested, Recipient
from contracts.words import ChannelName, DeliveryState, Level, NotificationKind, Role
from kit.clock import Clock
from kit.ids import new_id
from kit.outbox import Outbox
from services.notify import store
from services.notify.addressing import Addressing, Planned, Target, person_of, subscription_way, usable_ways, ways_of
from services.notify.delivery.folding import FoldingRules, busy_ways, may_be_held
from services.notify.metrics import GAPS
from services.notify.models import Contact, Delivery, Notification, Webhook
from services.notify.people import store as people
from services.notify.recipients import Addressee, Person, Resolution, next_way, resolve, unreachable
from services.notify.ways import LOG_WAY, Way

log = structlog.get_logger(__name__)

_ALIVE = frozenset({DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.ACKNOWLEDGED})


class Telling:
    """The steps that requests, attempts and acknowledgements share."""

    def __init__(
        self, clock: Clock, outbox: Outbox, admin_name: str, addressing: Addressing, folding: FoldingRules
    ) -> None:
        self._clock, self._outbox, self._admin_name = clock, outbox, admin_name
        self._addressing, self._folding = addressing, folding

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
                "quiet_hours": [],
                "language": "zh",
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
        """Write down a notification and one pending delivery for each person and channel; tells whether it was new.

        One that is for subscribers alone is not written down where there are none.
        """
        addressed = await self._addressing.address(session, request, await self.desk(session), self._clock.now())
        if addressed.nobody:
            return False
        row = request.model_dump(mode="json", exclude={*Audience.model_fields, "requested_at"})
        row |= {"requires_acknowledgement": request.requires_acknowledgement, "requested_at": request.requested_at}
        if not await store.add_notification(session, row):
            return False
        GAPS.inc(len(addressed.gaps))
        for gap in addressed.gaps:
            log.warning("notification.gap", notification_id=request.id, kind=request.kind.value, gap=gap)
        rows = [self._row(request.id, letter) for letter in addressed.letters]
        await self._hold_storm(session, request, rows)
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
            self._row(notification_id, Planned(addressee, way, Target.PERSON, self._clock.now()), turn)
            for addressee in (replace(one, notes=(*one.notes, note)) for one in addressees)
            for way in addressee.ways
            if addressee.person.id not in without
        ]
        await store.add_deliveries(session, rows)

    async def changed(self, session: AsyncSession, delivery: Delivery) -> None:
        """Tell the bus what `delivery` has become. A program's delivery is told without a contact."""
        notification = await session.get_one(Notification, delivery.notification_id)
        contact = None if delivery.subscription else await session.get(Contact, delivery.contact_id)
        payload = NotificationChanged(
            notification_id=notification.id,
            kind=NotificationKind(notification.kind),
            case_id=notification.case_id,
            alert_id=notification.alert_id,
            contact_id=None if delivery.subscription or delivery.to_unit else delivery.contact_id,
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
        """After `failed`, try the person's next way; where none is left and nothing reached them, tell the desk.

        The next way is tried at once, in quiet hours too: telling them has begun already. The group of a unit has no
        other way, but the people who were told besides it.
        """
        log.warning(
            "delivery.failed",
            delivery_id=failed.id,
            channel=failed.channel,
            to=failed.contact_name,
            reason=failed.last_error,
        )
        if failed.subscription or failed.to_unit:
            return
        contact = await store.contact(session, failed.contact_id)
        others = await store.deliveries_to(session, failed.notification_id, failed.contact_id, turn=failed.turn)
        ways = usable_ways(contact) if contact is not None and contact.enabled else ()
        way = next_way(ways, [delivery.channel for delivery in others])
        if way is not None:
            person = Person(failed.contact_id, failed.contact_name)
            role = Role(failed.role) if failed.role else None
            notes = tuple(
                note for note in (failed.note, f"{ChannelName(failed.channel).chinese}未送达，改用本方式") if note
            )
            letter = Planned(Addressee(person, role, (), notes), way, Target.PERSON, self._clock.now())
            row = self._row(failed.notification_id, letter, failed.turn)
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
        if delivery.to_unit:
            await self._close_group(session, delivery, reason)
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

    async def present_way(self, session: AsyncSession, delivery: Delivery) -> Way | None:
        """Return where a delivery leads as things stand, so that a corrected address takes effect at once.

        None where the person, group or program can no longer be reached so.
        """
        if delivery.subscription:
            webhook = await session.get(Webhook, delivery.contact_id)
            return subscription_way(webhook, self._clock.now()) if webhook is not None and webhook.enabled else None
        if delivery.to_unit:
            unit = await people.unit(session, delivery.contact_id)
            ways = [Way.model_validate(unit.way)] if unit is not None and unit.way else []
            return next((way for way in ways if way.enabled and way.channel == delivery.channel), None)
        contact = await store.contact(session, delivery.contact_id)
        if contact is None or not contact.enabled:
            return None
        return next((way for way in usable_ways(contact) if way.channel == delivery.channel), None)

    async def _close_group(self, session: AsyncSession, delivery: Delivery, reason: str) -> None:
        unit = await people.unit(session, delivery.contact_id, lock=True)
        if unit is None or unit.way is None:
            return
        way = Way.model_validate(unit.way)
        if (way.channel, way.address) == (delivery.channel, delivery.address):
            unit.way = way.model_copy(update={"enabled": False, "disabled_reason": reason}).model_dump(mode="json")
            unit.version += 1
            unit.updated_at = self._clock.now()
            await session.flush()
            log.warning("way.closed", unit_id=unit.id, channel=delivery.channel, reason=reason)

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
        people_ = [row for row in rows if not row["subscription"] and not row["to_unit"]]
        asked = notification.requires_acknowledgement
        if not people_ or not may_be_held(kind, level, requires_acknowledgement=asked):
            return
        now, rules = self._clock.now(), self._folding
        busy = await busy_ways(session, kind, [row["contact_id"] for row in people_], now - rules.window, rules)
        for row in people_:
            way = (row["contact_id"], row["channel"])
            row["held"] = way in busy
            if row["held"]:
                row["next_attempt_at"] = max(row["next_attempt_at"], busy[way] or now + rules.wait)

    def _row(self, notification_id: str, letter: Planned, turn: int = 0) -> dict[str, Any]:
        addressee = letter.addressee
        return {
            "id": new_id(),
            "notification_id": notification_id,
            "contact_id": addressee.person.id,
            "contact_name": addressee.person.name,
            "subscription": letter.target is Target.PROGRAM,
            "to_unit": letter.target is Target.UNIT,
            "role": addressee.role.value if addressee.role else None,
            "channel": letter.way.channel.value,
            "turn": turn,
            "address": letter.way.address,
            "note": "；".join(addressee.notes),
            "state": DeliveryState.PENDING.value,
            "attempts": 0,
            "held": False,
            "next_attempt_at": letter.due,
            "created_at": self._clock.now(),
        }
