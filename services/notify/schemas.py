"""What notify takes in and gives out over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from contracts.words import DeliveryState, Level, NotificationKind, Role
from services.notify import store
from services.notify.models import Contact, Delivery, Notification, Webhook
from services.notify.service import Acknowledgement
from services.notify.telling import ways_of
from services.notify.ways import ChannelName, masked

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Secret = Annotated[SecretStr, Field(max_length=200)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WayIn(_In):
    """A way of reaching a person. `secret` signs webhooks (``whsec_…``); left out, the stored one is kept."""

    channel: ChannelName = Field(examples=["email"])
    address: Address = Field("", examples=["duty@example.org"])
    secret: Secret | None = None


class ContactIn(_In):
    """A contact to be entered. `ways` are tried in their order."""

    name: Name = Field(examples=["张三"])
    roles: list[Role] = Field(default_factory=list, examples=[["group_leader"]])
    unit: Name | None = Field(None, examples=["澜沧县移民局"])
    username: Name | None = Field(None, description="login name, so that the person can acknowledge and list their own")
    ways: list[WayIn] = Field(min_length=1, max_length=10)
    enabled: bool = True


class ContactPatch(_In):
    """Fields of a contact to be changed; what is left out stays.

    `ways` and `roles` are replaced whole; a way that its receiver had closed is in use again when it is sent again.
    """

    name: Name | None = None
    roles: list[Role] | None = None
    unit: Name | None = None
    username: Name | None = None
    ways: list[WayIn] | None = Field(None, min_length=1, max_length=10)
    enabled: bool | None = None


class WayOut(BaseModel):
    """A way as it is shown: never its secret. A closed way says why."""

    channel: ChannelName
    address: str
    has_secret: bool
    enabled: bool
    disabled_reason: str | None


class ContactOut(BaseModel):
    """A contact. `desk` marks the duty desk, which gets what nobody else can get."""

    id: str
    name: str
    roles: list[Role]
    unit: str | None
    username: str | None
    ways: list[WayOut]
    enabled: bool
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
            ways=[
                WayOut(
                    channel=way.channel,
                    address=way.address,
                    has_secret=bool(way.secret),
                    enabled=way.enabled,
                    disabled_reason=way.disabled_reason,
                )
                for way in ways_of(contact)
            ],
            enabled=contact.enabled,
            desk=contact.seat == store.DESK,
            version=contact.version,
            created_at=contact.created_at,
            updated_at=contact.updated_at,
        )


class DeliveryOut(BaseModel):
    """One notification to one person by one channel.

    `address` is masked and `last_error` left out for those who may not read contacts. `sending` tells of an attempt
    that has begun and has no result yet. `contact_id` is a subscription's id where `subscription`.
    """

    id: str
    contact_id: str
    contact_name: str
    subscription: bool
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

    @classmethod
    def of(cls, delivery: Delivery, *, plain: bool) -> Self:
        """Show a stored delivery, with address and error where `plain`."""
        return cls(
            id=delivery.id,
            contact_id=delivery.contact_id,
            contact_name=delivery.contact_name,
            subscription=delivery.subscription,
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
        )


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


class ChannelOut(BaseModel):
    """A channel; `reason` says why it cannot be used where it is not configured."""

    id: ChannelName
    name: str
    configured: bool
    reason: str | None


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


class WebhookIn(_In):
    """A program to be told. `kinds`: which notifications; empty means all."""

    name: Name
    url: Address = Field(examples=["https://portal.example.org/huiying"])
    secret: Secret
    kinds: list[NotificationKind] = Field(default_factory=list)


class WebhookOut(BaseModel):
    """A webhook subscription; its secret is never shown."""

    id: str
    name: str
    url: str
    kinds: list[NotificationKind]
    enabled: bool
    disabled_reason: str | None
    created_at: datetime

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """Show a stored subscription."""
        return cls(
            id=webhook.id,
            name=webhook.name,
            url=webhook.url,
            kinds=[NotificationKind(kind) for kind in webhook.kinds],
            enabled=webhook.enabled,
            disabled_reason=webhook.disabled_reason,
            created_at=webhook.created_at,
        )
