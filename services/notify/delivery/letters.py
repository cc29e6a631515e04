"""What goes out for a delivery: one notification or many folded into one, worded for who reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from contracts.words import ChannelName, Role
from kit.clock import Clock
from services.notify.channels.channel import Letter
from services.notify.languages import Language
from services.notify.links import AcknowledgementLinks
from services.notify.models import Delivery, Notification
from services.notify.recipients import ROLE_NAMES
from services.notify.texts import Notice, Texts
from services.notify.ways import Way
from services.notify.wording.making import LetterMaker, Reader, Template


@dataclass(frozen=True)
class Attempt:
    """One attempt under way, with what it needs; `way` is None where the person can no longer be reached so."""

    delivery: Delivery
    notification: Notification
    way: Way | None
    number: int
    address: str
    language: Language
    folded: Sequence[Notification] = ()


class Letters:
    """Makes letters; the same id and link at every attempt. `link_days`: how long a link to acknowledge is good."""

    def __init__(
        self, clock: Clock, texts: Texts, maker: LetterMaker, links: AcknowledgementLinks, link_days: float
    ) -> None:
        self._clock, self._texts, self._maker, self._links, self._link_days = clock, texts, maker, links, link_days
        #: templates by which a letter could not be made, with the reason, until that is written down
        self._failed: dict[Template, str] = {}

    def templates(self, in_force: Mapping[str, Template]) -> None:
        """Word letters by these templates from now on."""
        self._maker.in_force = in_force

    def failed(self) -> dict[Template, str]:
        """Return the templates by which a letter could not be made since the last call, with the reasons."""
        failed, self._failed = self._failed, {}
        return failed

    def letter(self, attempt: Attempt, way: Way) -> Letter:
        """Return what is sent for a delivery; the same id and link at every attempt."""
        delivery, notification = attempt.delivery, attempt.notification
        notice = Notice.of(notification)
        link = None
        asked = any(one.requires_acknowledgement for one in (notification, *attempt.folded))
        if asked and not (delivery.subscription or delivery.to_unit):
            expires = delivery.created_at + timedelta(days=self._link_days)
            link = self._links.url(delivery.id, expires)
        role = Role(delivery.role) if delivery.role else None
        if attempt.folded:
            notices = [notice, *map(Notice.of, attempt.folded)]
            subject = self._texts.folded_subject(notices)
            named = ROLE_NAMES[role] if role else None
            text = self._texts.folded_body(notices, to=delivery.contact_name, role=named, link=link)
        else:
            channel = ChannelName(delivery.channel)
            reader = Reader(delivery.contact_name, role, delivery.note, attempt.language, channel)
            made = self._maker.made(notice, reader, link)
            subject, text = made.subject, made.text
            if made.failed is not None:
                self._failed[made.failed[0]] = made.failed[1]
        return Letter(
            id=delivery.id,
            to=delivery.contact_name,
            address=delivery.address,
            secret=way.secret,
            older_secret=way.older_secret,
            subject=subject,
            text=text,
            at=self._clock.now(),
            facts=_facts(attempt, link),
        )


def _facts(attempt: Attempt, link: str | None) -> Mapping[str, Any]:
    delivery, notification = attempt.delivery, attempt.notification
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
        "folded": [one.id for one in attempt.folded],
    }
