"""What notify takes in and gives out over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.words import ChannelName, DeliveryState, Level, NotificationKind, Role
from services.notify import store
from services.notify.addressing import ways_of
from services.notify.channels.limits import Limits, Unit
from services.notify.languages import Language
from services.notify.models import Contact, Delivery, Notification
from services.notify.people.quiet import QuietWindow
from services.notify.people.schemas import Name, QuietHours, WayIn, WayOut
from services.notify.service import Acknowledgement
from services.notify.ways import masked


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ContactIn(_In):
    """A contact to be entered. `ways` are tried in their order."""

    name: Name = Field(examples=["张三"])
    roles: list[Role] = Field(default_factory=list, examples=[["group_leader"]])
    unit: Name | None = Field(None, examples=["澜沧县移民系统"], description="a unit's name or one of its aliases")
    username: Name | None = Field(None, description="login name, so that the person can acknowledge and list their own")
    ways: list[WayIn] = Field(min_length=1, max_length=10)
    quiet_hours: QuietHours = Field(default_factory=list, description="when notifications wait, but for grave ones")
    language: Language = Language.ZH
    enabled: bool = True
    drill_target: bool = Field(False, description="told of drills (演练)")


class ContactPatch(_In):
    """Fields of a contact to be changed; what is left out stays.

    `ways` and `roles` are replaced whole; a way that its receiver had closed is in use again when it is sent again.
    """

    name: Name | None = None
    roles: list[Role] | None = None
    unit: Name | None = None
    username: Name | None = None
    ways: list[WayIn] | None = Field(None, min_length=1, max_length=10)
    quiet_hours: QuietHours | None = None
    language: Language | None = None
    enabled: bool | None = None
    drill_target: bool | None = None


class ContactOut(BaseModel):
    """A contact. `desk` marks the duty desk, which gets what nobody else can get."""

    id: str
    name: str
    roles: list[Role]
    unit: str | None
    username: str | None
    ways: list[WayOut]
    quiet_hours: list[QuietWindow]
    language: Language
    enabled: bool
    drill_target: bool
    desk: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, contact: Contact) -> Self:
        """Show a stored contact."""
        return cls(
            id=contact.id,
            name=contact.name,
            roles=[Role(role) for role in contact.roles],
            unit=contact.unit,
            username=contact.username,
            ways=[WayOut.of(way, number) for number, way in enumerate(ways_of(contact), start=1)],
            quiet_hours=[QuietWindow.model_validate(window) for window in contact.quiet_hours],
            language=Language(contact.language),
            enabled=contact.enabled,
            drill_target=contact.drill_target,
            desk=contact.seat == store.DESK,
            version=contact.version,
            created_at=contact.created_at,
            updated_at=contact.updated_at,
        )


class DeliveryOut(BaseModel):
    """One notification to one person by one channel.

    `address` is masked and `last_error` left out for those who may not read contacts. `sending` tells of an attempt
    that has begun and has no result yet. `contact_id` is a subscription's id where `subscription`. `folded_into` names
    the delivery whose letter told of this one too, in a storm.
    """

    id: str
    contact_id: str
    contact_name: str
    subscription: bool
    to_unit: bool
    role: Role | None
    channel: ChannelName
    turn: int = Field(description="0: what the notification itself asked for; else the call of its escalation")
    address: str
    note: str
    state: DeliveryState
    attempts: int
    sending: bool
    next_attempt_at: datetime | None
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_via: str | None
    acknowledged_by: str | None
    folded_into: str | None
    retried_at: datetime | None
    retried_by: str | None

    @classmethod
    def of(cls, delivery: Delivery, *, plain: bool) -> Self:
        """Show a stored delivery, with address and error where `plain`."""
        return cls(
            id=delivery.id,
            contact_id=delivery.contact_id,
            contact_name=delivery.contact_name,
            subscription=delivery.subscription,
            to_unit=delivery.to_unit,
            role=Role(delivery.role) if delivery.role else None,
            channel=ChannelName(delivery.channel),
            turn=delivery.turn,
            address=delivery.address if plain else masked(delivery.channel, delivery.address),
            note=delivery.note,
            state=DeliveryState(delivery.state),
            attempts=delivery.attempts,
            sending=delivery.sending_since is not None,
            next_attempt_at=delivery.next_attempt_at,
            last_error=delivery.last_error if plain else None,
            created_at=delivery.created_at,
            sent_at=delivery.sent_at,
            acknowledged_at=delivery.acknowledged_at,
            acknowledged_via=delivery.acknowledged_via,
            acknowledged_by=delivery.acknowledged_by,
            folded_into=delivery.folded_into,
            retried_at=delivery.retried_at,
            retried_by=delivery.retried_by,
        )


class DeadLetterOut(DeliveryOut):
    """What could not be delivered, with what it was about. `last_error` is the reason."""

    notification_id: str
    kind: NotificationKind
    level: Level | None
    subject: str
    case_number: str | None

    @classmethod
    def of_both(cls, delivery: Delivery, notification: Notification) -> Self:
        """Show a delivery that failed with its notification."""
        return cls(
            **DeliveryOut.of(delivery, plain=True).model_dump(),
            notification_id=notification.id,
            kind=NotificationKind(notification.kind),
            level=Level(notification.level) if notification.level else None,
            subject=notification.subject,
            case_number=notification.case_number,
        )


class RetriedOut(BaseModel):
    """How many were put on their way again."""

    retried: int


class NotificationOut(BaseModel):
    """What was told, and what became of it for each person."""

    id: str
    kind: NotificationKind
    level: Level | None
    subject: str
    body: str
    case_id: str | None
    case_number: str | None
    alert_id: str | None
    requires_acknowledgement: bool
    drill: bool
    requested_at: datetime
    deliveries: list[DeliveryOut]

    @classmethod
    def of(cls, notification: Notification, deliveries: list[Delivery], *, plain: bool) -> Self:
        """Show a stored notification with its deliveries."""
        return cls(
            id=notification.id,
            kind=NotificationKind(notification.kind),
            level=Level(notification.level) if notification.level else None,
            subject=notification.subject,
            body=notification.body,
            case_id=notification.case_id,
            case_number=notification.case_number,
            alert_id=notification.alert_id,
            requires_acknowledgement=notification.requires_acknowledgement,
            drill=notification.drill,
            requested_at=notification.requested_at,
            deliveries=[DeliveryOut.of(delivery, plain=plain) for delivery in deliveries],
        )


class AcknowledgeIn(_In):
    """For whom to acknowledge: oneself or, for those on duty, the duty desk. Left out: whichever was told."""

    contact_id: str | None = None


class AcknowledgementOut(BaseModel):
    """Who acknowledged, when and how; `already`: before this call."""

    notification_id: str
    contact_id: str
    contact_name: str
    acknowledged_at: datetime
    acknowledged_via: str
    acknowledged_by: str
    already: bool

    @classmethod
    def of(cls, made: Acknowledgement) -> Self:
        """Show an acknowledgement."""
        return cls(
            notification_id=made.notification_id,
            contact_id=made.contact_id,
            contact_name=made.contact_name,
            acknowledged_at=made.at,
            acknowledged_via=made.via,
            acknowledged_by=made.by,
            already=made.already,
        )


class RestOut(BaseModel):
    """A channel, or one receiver's address on it, that failed many times in a row and is given a rest."""

    address: str | None = Field(description="masked; null where the whole channel rests")
    until: datetime = Field(description="when it is tried again")


class RateOut(BaseModel):
    """At most `count` messages to one address within any `seconds`."""

    count: int
    seconds: float


class LimitsOut(BaseModel):
    """What a channel carries: the length of a message in `unit` (null: any), and how often."""

    length: int | None
    unit: Unit | None
    rates: list[RateOut]

    @classmethod
    def of(cls, limits: Limits) -> Self:
        """Show a channel's limits."""
        return cls(
            length=limits.size.most if limits.size else None,
            unit=limits.size.unit if limits.size else None,
            rates=[RateOut(count=rate.count, seconds=rate.seconds) for rate in limits.rates],
        )


class ChannelOut(BaseModel):
    """A channel; `reason` says why it cannot be used where it is not configured."""

    id: ChannelName
    name: str
    configured: bool
    reason: str | None
    resting: list[RestOut] = Field(description="what failed many times in a row, as this process has seen")
    limits: LimitsOut


class ChannelsOut(BaseModel):
    """Every channel of this deployment."""

    items: list[ChannelOut]


class ChannelTestIn(_In):
    """Whom to send a test to."""

    contact_id: str


class ChannelTestOut(BaseModel):
    """What came of a test."""

    state: DeliveryState = Field(description="sent or failed")
    reason: str | None


class ChannelPreviewIn(_In):
    """What to preview: a subject and text, or a sample notification of a kind (and level) as its template words it."""

    subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)] | None = None
    text: Annotated[str, StringConstraints(min_length=1, max_length=100_000)] | None = None
    kind: NotificationKind | None = None
    level: Level | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        given = self.subject is not None and self.text is not None
        if given == (self.kind is not None) or (self.kind is not None and (self.subject or self.text)):
            raise ValueError("须给出 subject 和 text，或只给出 kind / give subject and text, or kind alone")
        return self


class ChannelPreviewOut(BaseModel):
    """What would be sent: one text for each message."""

    pieces: list[str]
