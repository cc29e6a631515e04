"""What every channel is given, and what it must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from contracts.words import ChannelName
from services.notify.channels.limits import Limits
from services.notify.retries import Outcome


@dataclass(frozen=True)
class Letter:
    """One message to one address.

    `id` is the same for every attempt of one delivery, so that a receiver can tell a repeat from a second message.
    `facts` is what programs read (webhooks); `subject` and `text` are what people read.
    """

    id: str
    to: str
    address: str
    subject: str
    text: str
    at: datetime
    secret: str | None = None
    #: signs beside `secret` while that is being replaced
    older_secret: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def whole(self) -> str:
        """Subject and text as one, for channels without a subject."""
        return f"{self.subject}\n\n{self.text}"

    @property
    def link(self) -> str | None:
        """Where to acknowledge, if that is asked for."""
        link = self.facts.get("acknowledgement_url")
        return link if isinstance(link, str) else None


class Channel(Protocol):
    """A way out of the house."""

    name: ChannelName
    limits: Limits

    def unavailable(self) -> str | None:
        """Return why the channel cannot be used (in Chinese), or None when it is configured."""
        ...

    def preview(self, letter: Letter) -> list[str]:
        """Return what people would read, in as many messages as it would be sent in."""
        ...

    async def send(self, letter: Letter) -> Outcome:
        """Make one attempt. Never raises for what a receiver or network does; that is in the outcome."""
        ...
