"""What the routes work with, assembled once by the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from contracts.words import ChannelName
from kit.clock import Clock
from services.notify.address_book import AddressBook
from services.notify.channels.channel import Channel
from services.notify.checks.service import Checks
from services.notify.delivery.dead_letters import DeadLetters
from services.notify.dispatch import Dispatcher
from services.notify.dry_run import DryRun
from services.notify.escalation.service import Escalations
from services.notify.links import CalendarLinks
from services.notify.people.importing import Import
from services.notify.people.units import Units
from services.notify.people.verification import Verification
from services.notify.rosters.keeping import Rosters
from services.notify.rosters.notes import Notes
from services.notify.rosters.reading import RosterReader
from services.notify.rosters.swaps import Swaps
from services.notify.rosters.watch import RosterWatch
from services.notify.service import Notifications
from services.notify.subscriptions.service import Subscriptions
from services.notify.telling import Telling
from services.notify.texts import Texts
from services.notify.webhooks.service import Webhooks
from services.notify.wording.making import LetterMaker
from services.notify.wording.service import Wording


@dataclass(frozen=True)
class Parts:
    """The use cases and ways out of this service."""

    clock: Clock
    notifications: Notifications
    escalations: Escalations
    checks: Checks
    address_book: AddressBook
    telling: Telling
    dispatcher: Dispatcher
    dead_letters: DeadLetters
    webhooks: Webhooks
    wording: Wording
    channels: dict[ChannelName, Channel]
    texts: Texts
    letters: LetterMaker
    rosters: Rosters
    roster_reader: RosterReader
    roster_watch: RosterWatch
    swaps: Swaps
    notes: Notes
    calendar_links: CalendarLinks
    units: Units
    verification: Verification
    imports: Import
    subscriptions: Subscriptions
    dry_run: DryRun

    @property
    def titles(self) -> dict[ChannelName, str]:
        """Return what officers call the channels."""
        return {name: name.chinese for name in self.channels}


def _parts_of(request: Request) -> Parts:
    parts: Parts = request.app.state.notify
    return parts


#: Dependency that gives the service's parts.
PartsDep = Annotated[Parts, Depends(_parts_of)]
