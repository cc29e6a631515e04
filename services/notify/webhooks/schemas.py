"""What webhook subscriptions take in and give out over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.words import DeliveryState, Level, NotificationKind
from services.notify.models import Delivery, Webhook, WebhookCall
from services.notify.people.schemas import Address, Name, Secret


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WebhookIn(_In):
    """A program to be told. `kinds`: which notifications; empty means all. Without a `secret` one is made."""

    name: Name
    url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = Field(
        examples=["https://portal.example.org/huiying"]
    )
    secret: Secret | None = None
    kinds: list[NotificationKind] = Field(default_factory=list)
    least_level: Level | None = Field(None, description="only what is at least as grave; left out, everything")
    drill_target: bool = Field(False, description="told of drills (演练)")


class WebhookPatch(_In):
    """Fields of a subscription to be changed; what is left out stays. Its secret is changed by rotation."""

    name: Name | None = None
    url: Address | None = None
    kinds: list[NotificationKind] | None = None
    least_level: Level | None = None
    drill_target: bool | None = None
    enabled: bool | None = None


class WebhookOut(BaseModel):
    """A webhook subscription; its secret is never shown. `failing_since`: nothing was accepted since then."""

    id: str
    name: str
    url: str
    kinds: list[NotificationKind]
    least_level: Level | None
    drill_target: bool
    enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    old_secret_until: datetime | None
    version: int
    created_at: datetime

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """Show a stored subscription."""
        return cls(
            id=webhook.id,
            name=webhook.name,
            url=webhook.url,
            kinds=[NotificationKind(kind) for kind in webhook.kinds],
            least_level=Level(webhook.least_level) if webhook.least_level else None,
            drill_target=webhook.drill_target,
            enabled=webhook.enabled,
            disabled_reason=webhook.disabled_reason,
            failing_since=webhook.failing_since,
            old_secret_until=webhook.old_secret_until,
            version=webhook.version,
            created_at=webhook.created_at,
        )


class WebhookSecretOut(WebhookOut):
    """A subscription whose secret was just set. `secret` is shown this once, and only where it was made here."""

    secret: str | None

    @classmethod
    def with_secret(cls, webhook: Webhook, secret: str | None) -> Self:
        """Show a subscription whose secret was just set."""
        return cls(**WebhookOut.of(webhook).model_dump(), secret=secret)


class RotateIn(_In):
    """The new secret; left out, one is made."""

    secret: Secret | None = None


class WebhookCallOut(BaseModel):
    """One call: the status code and the beginning of the answer, where its server answered at all."""

    at: datetime
    sent: bool
    status: int | None
    milliseconds: int
    reason: str | None
    answer: str

    @classmethod
    def of(cls, call: WebhookCall) -> Self:
        """Show a stored call."""
        return cls.model_validate(call, from_attributes=True)


class WebhookDeliveryOut(BaseModel):
    """What a webhook was sent: its `webhook-id` is `id`, the same for every call."""

    id: str
    notification_id: str
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    retried_at: datetime | None
    retried_by: str | None
    calls: list[WebhookCallOut]

    @classmethod
    def of(cls, delivery: Delivery, calls: Sequence[WebhookCall]) -> Self:
        """Show a stored delivery with the calls that were made for it, oldest first."""
        return cls(
            id=delivery.id,
            notification_id=delivery.notification_id,
            state=DeliveryState(delivery.state),
            attempts=delivery.attempts,
            next_attempt_at=delivery.next_attempt_at,
            created_at=delivery.created_at,
            sent_at=delivery.sent_at,
            retried_at=delivery.retried_at,
            retried_by=delivery.retried_by,
            calls=[WebhookCallOut.of(call) for call in calls],
        )
