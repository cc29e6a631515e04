"""Notify's tables: contacts and their roles, notifications, deliveries, webhook subscriptions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime, table_base
from kit.outbox import bookkeeping_tables

if TYPE_CHECKING:
    from sqlmodel import SQLModel as Base
else:
    Base = table_base()

__all__ = ["Base", "Contact", "ContactRole", "Delivery", "Notification", "Webhook", "WebhookCall"]

_ID = sa.String(64)
#: Characters of an address; a browser's push subscription with Windows' push service has about 500.
ADDRESS_CHARS = 1000


class Contact(Base, table=True):
    """A person of the contact network. `ways` is an ordered list of :class:`services.notify.ways.Way` as JSON.

    `seat` is "desk" for the one contact that gets what nobody else can get, and empty for everyone else.
    """

    __tablename__: ClassVar[str] = "contacts"

    id: str = Field(sa_type=_ID, primary_key=True)
    name: str = Field(sa_type=sa.String(100), index=True)
    roles: list[str] = Field(sa_type=Json)
    unit: str | None = Field(default=None, sa_type=sa.String(100))
    username: str | None = Field(default=None, sa_type=sa.String(100), unique=True)
    ways: list[dict[str, Any]] = Field(sa_type=Json)
    #: :class:`services.notify.people.quiet.QuietWindow` as JSON
    quiet_hours: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    #: "zh" or "en"
    language: str = Field(default="zh", sa_type=sa.String(8))
    enabled: bool = Field(default=True, sa_type=sa.Boolean)
    #: told of drills; everyone else hears of what is real only
    drill_target: bool = Field(default=False, sa_type=sa.Boolean)
    seat: str | None = Field(default=None, sa_type=sa.String(20), unique=True)
    version: int = Field(default=1, sa_type=sa.Integer)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class ContactRole(Base, table=True):
    """The roles of :class:`Contact` once more as rows, for finding who holds one."""

    __tablename__: ClassVar[str] = "contact_roles"

    contact_id: str = Field(
        sa_column=sa.Column(_ID, sa.ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    )
    role: str = Field(sa_type=sa.String(32), primary_key=True, index=True)


class Notification(Base, table=True):
    """What somebody must be told, as it was requested. `id` is the request's."""

    __tablename__: ClassVar[str] = "notifications"
    __table_args__ = (sa.Index(None, "requested_at", "id"),)

    id: str = Field(sa_type=_ID, primary_key=True)
    kind: str = Field(sa_type=sa.String(32))
    level: str | None = Field(default=None, sa_type=sa.String(4))
    subject: str = Field(sa_type=sa.Text)
    body: str = Field(sa_type=sa.Text)
    case_id: str | None = Field(default=None, sa_type=_ID, index=True)
    case_number: str | None = Field(default=None, sa_type=sa.String(32))
    alert_id: str | None = Field(default=None, sa_type=_ID)
    requires_acknowledgement: bool = Field(default=False, sa_type=sa.Boolean)
    drill: bool = Field(default=False, sa_type=sa.Boolean)
    requested_at: datetime = Field(sa_type=UtcDateTime)


class Delivery(Base, table=True):
    """One notification to one person by one channel.

    `turn` is 0 for what the notification itself asked for; whoever is told of it again later is told in a later turn.
    `subscription` marks deliveries to a program (:class:`Webhook`), `to_unit` those to the group of a unit
    (:class:`services.notify.people.models.Unit`), whose id then stands in `contact_id`.
    While an attempt is under way `sending_since` and `claimed_by` are set and `next_attempt_at` is when another process
    may take it for dead; so an attempt that a crash cut short can be seen.
    `held` marks those of a storm that wait to go out together; `folded_into` names the one whose letter tells of this
    one too. `attempts_before` is what `attempts` was when a person asked for it to be tried anew.
    """

    __tablename__: ClassVar[str] = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("notification_id", "contact_id", "channel", "turn"),
        sa.Index(None, "state", "channel", "next_attempt_at"),
        sa.Index(None, "contact_id", "channel", "created_at"),
    )

    id: str = Field(sa_type=_ID, primary_key=True)
    notification_id: str = Field(
        sa_column=sa.Column(_ID, sa.ForeignKey("notifications.id", ondelete="CASCADE"), nullable=False)
    )
    contact_id: str = Field(sa_type=_ID)
    contact_name: str = Field(sa_type=sa.String(100))
    subscription: bool = Field(default=False, sa_type=sa.Boolean)
    to_unit: bool = Field(default=False, sa_type=sa.Boolean)
    role: str | None = Field(default=None, sa_type=sa.String(32))
    channel: str = Field(sa_type=sa.String(16))
    turn: int = Field(default=0, sa_type=sa.Integer)
    address: str = Field(sa_type=sa.String(ADDRESS_CHARS))
    note: str = Field(default="", sa_type=sa.Text)
    state: str = Field(sa_type=sa.String(16))
    attempts: int = Field(default=0, sa_type=sa.Integer)
    attempts_before: int = Field(default=0, sa_type=sa.Integer)
    held: bool = Field(default=False, sa_type=sa.Boolean)
    folded_into: str | None = Field(default=None, sa_type=_ID, index=True)
    next_attempt_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sending_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claimed_by: str | None = Field(default=None, sa_type=sa.String(128))
    last_error: str | None = Field(default=None, sa_type=sa.Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_via: str | None = Field(default=None, sa_type=sa.String(16))
    acknowledged_by: str | None = Field(default=None, sa_type=sa.String(100))
    retried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    retried_by: str | None = Field(default=None, sa_type=sa.String(100))


class WebhookCall(Base, table=True):
    """One call of a webhook and what came of it; `answer` is the beginning of what it said."""

    __tablename__: ClassVar[str] = "webhook_calls"
    __table_args__ = (sa.Index(None, "webhook_id", "at", "id"),)

    id: str = Field(sa_type=_ID, primary_key=True)
    webhook_id: str = Field(sa_column=sa.Column(_ID, sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False))
    delivery_id: str = Field(sa_type=_ID, index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    sent: bool = Field(sa_type=sa.Boolean)
    status: int | None = Field(default=None, sa_type=sa.Integer)
    milliseconds: int = Field(sa_type=sa.Integer)
    reason: str | None = Field(default=None, sa_type=sa.Text)
    answer: str = Field(default="", sa_type=sa.String(300))


class Webhook(Base, table=True):
    """A program that wants to be told: a URL, its signing secret, and the kinds it asked for (empty: all).

    `least_level`: only what is at least as grave. `old_secret` signs beside `secret` until `old_secret_until`.
    `failing_since` is when the first of the failures began after which nothing has been accepted.
    """

    __tablename__: ClassVar[str] = "webhooks"

    id: str = Field(sa_type=_ID, primary_key=True)
    name: str = Field(sa_type=sa.String(100))
    url: str = Field(sa_type=sa.String(500))
    secret: str = Field(sa_type=sa.String(200))
    old_secret: str | None = Field(default=None, sa_type=sa.String(200))
    old_secret_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    kinds: list[str] = Field(sa_type=Json)
    least_level: str | None = Field(default=None, sa_type=sa.String(4))
    drill_target: bool = Field(default=False, sa_type=sa.Boolean)
    enabled: bool = Field(default=True, sa_type=sa.Boolean)
    disabled_reason: str | None = Field(default=None, sa_type=sa.String(200))
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = Field(default=1, sa_type=sa.Integer)
    created_at: datetime = Field(sa_type=UtcDateTime)


bookkeeping_tables(Base.metadata)
