"""What subscriptions to topics take in and give out over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.words import ChannelName, Level, NotificationKind
from kit.inputs import Plain
from services.notify.people.models import Unit
from services.notify.people.schemas import Name
from services.notify.subscriptions.models import Subscription

Topic = Annotated[Plain, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Topics = Annotated[list[Topic], Field(min_length=1, max_length=100)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SubscriptionIn(_In):
    """A contact, or a unit, that is to hear of topics: of these kinds (empty: all), from this level up (none: any).

    `channels` empty: by their own first way. A unit is told in its group, or each of its people where it has none.
    """

    contact_id: str | None = Field(None, max_length=64)
    unit: Name | None = Field(None, description="a unit's name or one of its aliases")
    topics: Topics = Field(examples=[["relocation"]], description="keys of topics")
    kinds: list[NotificationKind] = Field(default_factory=list)
    least_level: Level | None = Field(None, description="III: levels I, II and III; what has no level is left out")
    channels: list[ChannelName] = Field(default_factory=list)

    @model_validator(mode="after")
    def _is_somebodys(self) -> Self:
        if (self.contact_id is None) == (self.unit is None):
            raise ValueError("contact_id 与 unit 须填且只填一项 / exactly one of contact_id and unit is wanted")
        return self


class SubscriptionPatch(_In):
    """Fields of a subscription to be changed; what is left out stays."""

    topics: Topics | None = None
    kinds: list[NotificationKind] | None = None
    least_level: Level | None = None
    channels: list[ChannelName] | None = None


class SubscriptionOut(BaseModel):
    """A subscription to topics, and whose it is."""

    id: str
    contact_id: str | None
    unit: str | None
    topics: list[str]
    kinds: list[NotificationKind]
    least_level: Level | None
    channels: list[ChannelName]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Subscription, unit: Unit | None) -> Self:
        """Show a stored subscription."""
        return cls(
            id=row.id,
            contact_id=row.contact_id,
            unit=unit.name if unit else None,
            topics=row.topics,
            kinds=[NotificationKind(kind) for kind in row.kinds],
            least_level=Level(row.least_level) if row.least_level else None,
            channels=[ChannelName(channel) for channel in row.channels],
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
