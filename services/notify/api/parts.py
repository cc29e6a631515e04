"""What the routes work with, assembled once by the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from kit.clock import Clock
from services.notify.address_book import AddressBook
from services.notify.channels.channel import Channel
from services.notify.checks.service import Checks
from services.notify.dispatch import Dispatcher
from services.notify.escalation.service import Escalations
from services.notify.service import Notifications
from services.notify.texts import Texts
from services.notify.ways import ChannelName


@dataclass(frozen=True)
class Parts:
    """The use cases and ways out of this service."""

    clock: Clock
    notifications: Notifications
    escalations: Escalations
    checks: Checks
    address_book: AddressBook
    dispatcher: Dispatcher
    channels: dict[ChannelName, Channel]
    texts: Texts


def _parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.notify
    return parts


#: Dependency that gives the service's parts.
PartsDep = Annotated[Parts, Depends(_parts_of)]
