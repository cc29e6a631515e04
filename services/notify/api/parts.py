"""What the routes work with, assembled once by the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from kit.clock import Clock
from services.notify.address_book import AddressBook
from services.notify.channels.channel import Channel
from services.notify.dispatch import Dispatcher
from services.notify.dry_run import DryRun
from services.notify.people.importing import Import
from services.notify.people.units import Units
from services.notify.people.verification import Verification
from services.notify.service import Notifications
from services.notify.subscriptions.service import Subscriptions
from services.notify.texts import Texts
from services.notify.ways import ChannelName


@dataclass(frozen=True)
class Parts:
    """The use cases and ways out of this service."""

    clock: Clock
    notifications: Notifications
    address_book: AddressBook
    dispatcher: Dispatcher
    channels: dict[ChannelName, Channel]
    texts: Texts
    units: Units
    verification: Verification
    imports: Import
    subscriptions: Subscriptions
    dry_run: DryRun

    @property
    def titles(self) -> dict[ChannelName, str]:
        """Return what officers call the channels."""
        return {name: channel.title for name, channel in self.channels.items()}


def _parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.notify
    return parts


#: Dependency that gives the service's parts.
PartsDep = Annotated[Parts, Depends(_parts_of)]
