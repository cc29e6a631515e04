"""Assembles the notify service."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from kit.runtime import Runtime
from kit.service import create_app, routes_of
from services.notify import consumers
from services.notify.address_book import AddressBook
from services.notify.addressing import Addressing
from services.notify.api import (
    acknowledgements,
    channels,
    communication_checks,
    contacts,
    dead_letters,
    escalations,
    network,
    notifications,
    rosters,
    subscriptions,
    templates,
    units,
    webhooks,
)
from services.notify.api.parts import Parts
from services.notify.channels.registry import Channels
from services.notify.checks.service import Checks
from services.notify.delivery.dead_letters import DeadLetters
from services.notify.delivery.letters import Letters
from services.notify.dispatch import Dispatcher
from services.notify.dry_run import DryRun
from services.notify.duty import OnDutyLookup
from services.notify.escalation.running import Escalating
from services.notify.escalation.service import Escalations
from services.notify.escalation.targets import TargetFinder
from services.notify.links import AcknowledgementLinks, CalendarLinks
from services.notify.models import Base
from services.notify.people.importing import Import
from services.notify.people.units import Units
from services.notify.people.verification import Verification
from services.notify.rosters.keeping import Rosters
from services.notify.rosters.lookup import RosterDuty
from services.notify.rosters.notes import Notes
from services.notify.rosters.reading import RosterReader
from services.notify.rosters.swaps import Swaps
from services.notify.rosters.watch import RosterWatch
from services.notify.rosters.workdays import is_rest_day
from services.notify.service import Notifications
from services.notify.settings import NotifySettings
from services.notify.subscriptions.service import Subscriptions
from services.notify.telling import Telling
from services.notify.texts import Texts
from services.notify.webhooks.service import Webhooks
from services.notify.webhooks.watch import WebhookWatch
from services.notify.wording.making import LetterMaker
from services.notify.wording.service import Wording

SERVICE: Final = "notify"
#: Seconds between two looks for due deliveries; a commit that makes some wakes the look at once.
_PASS_SECONDS: Final = 1.0
#: Seconds between two looks at the coming week of every roster.
_ROSTER_SECONDS: Final = 600.0
#: Seconds between two looks for checks that are to begin, remind or end: they are timed to the minute.
_CHECK_SECONDS: Final = 5.0

_ROUTES: Final = routes_of(
    network.router,
    contacts.router,
    units.router,
    subscriptions.router,
    dead_letters.router,
    rosters.router,
    rosters.public,
    notifications.router,
    escalations.router,
    communication_checks.router,
    channels.router,
    webhooks.router,
    templates.router,
    acknowledgements.router,
)


def build() -> FastAPI:
    """Return the service's app, set up from the environment."""
    settings = NotifySettings()
    return assemble(Runtime(settings, SERVICE, Base), settings)


def assemble(runtime: Runtime, settings: NotifySettings, on_duty: OnDutyLookup | None = None) -> FastAPI:
    """Return the app around a given runtime; its parts are `app.state.notify`. `on_duty` knows who is on duty."""
    parts = wire(runtime, settings, on_duty or RosterDuty())
    app = create_app(
        runtime,
        _ROUTES,
        title="Huiying notify",
        description="Tells the people whom the plan names and records who acknowledged.",
    )
    app.state.notify = parts
    return app


def wire(runtime: Runtime, settings: NotifySettings, on_duty: OnDutyLookup) -> Parts:
    """Build the service's parts and register its loops on `runtime`."""
    texts = Texts()
    internal_key = settings.internal_key.get_secret_value()
    links = AcknowledgementLinks(internal_key, settings.public_url)
    addressing = Addressing(on_duty)
    telling = Telling(runtime.clock, runtime.outbox, settings.admin_name, addressing, settings.folding_rules())
    ways_out = Channels(settings, runtime.redis)
    watch = WebhookWatch(runtime.clock, telling)
    maker = LetterMaker(texts)
    letters = Letters(runtime.clock, texts, maker, links, settings.link_days)
    dispatcher = Dispatcher(settings, runtime.database, runtime.clock, telling, ways_out.all, letters, watch)
    wording = Wording(runtime.database, runtime.clock, maker, texts, telling, links)
    dispatcher.template_failed = wording.failed
    dispatcher.wake = runtime.every(_PASS_SECONDS, "deliver", dispatcher.send_due)
    runtime.every(_PASS_SECONDS, "templates", dispatcher.note_failures)
    escalating = Escalating(
        runtime.database,
        runtime.clock,
        runtime.inbox,
        runtime.outbox,
        telling,
        TargetFinder(telling, on_duty),
        dispatcher.wake,
    )
    escalate = runtime.every(_PASS_SECONDS, "escalate", escalating.run)
    checks = Checks(runtime.database, runtime.clock, telling, dispatcher.wake, lambda day: not is_rest_day(day))
    runtime.every(_CHECK_SECONDS, "checks", checks.run)
    service = Notifications(
        runtime.database,
        runtime.clock,
        runtime.inbox,
        telling,
        links,
        dispatcher.wake,
        accepted=[escalating.start],
        acknowledged=[escalating.acknowledged, checks.answered],
    )
    roster_watch = RosterWatch(runtime.database, runtime.clock, telling)
    runtime.every(_ROSTER_SECONDS, "rosters", roster_watch.look)
    runtime.on_start(service.open_desk)
    runtime.on_start(dispatcher.resume)
    runtime.on_stop(dispatcher.drain)
    runtime.on_stop(ways_out.close)
    units_ = Units(runtime.database, runtime.inbox, runtime.clock)
    consumers.subscribe(runtime, service, escalating, units_)
    by_name = {channel.name: channel for channel in ways_out.all}
    return Parts(
        clock=runtime.clock,
        notifications=service,
        escalations=Escalations(runtime.database, runtime.clock, escalating, escalate),
        checks=checks,
        address_book=AddressBook(runtime.database, runtime.clock),
        telling=telling,
        dispatcher=dispatcher,
        dead_letters=DeadLetters(runtime.database, runtime.clock, dispatcher.wake),
        webhooks=Webhooks(runtime.database, runtime.clock, dispatcher.wake),
        wording=wording,
        channels=by_name,
        texts=texts,
        letters=maker,
        rosters=Rosters(runtime.database, runtime.clock),
        roster_reader=RosterReader(runtime.database, runtime.clock),
        roster_watch=roster_watch,
        swaps=Swaps(runtime.database, runtime.clock),
        notes=Notes(runtime.database, runtime.clock),
        calendar_links=CalendarLinks(internal_key, settings.public_url),
        units=units_,
        verification=Verification(runtime.database, runtime.clock, by_name, texts, internal_key),
        imports=Import(runtime.database, runtime.clock, {name: name.chinese for name in by_name}),
        subscriptions=Subscriptions(runtime.database, runtime.clock),
        dry_run=DryRun(runtime.database, runtime.clock, telling, addressing),
    )
