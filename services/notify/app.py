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
    contacts,
    network,
    notifications,
    subscriptions,
    units,
    webhooks,
)
from services.notify.api.parts import Parts
from services.notify.channels.channel import Channel
from services.notify.channels.log import LogChannel
from services.notify.channels.smtp import MailServer, SmtpChannel
from services.notify.channels.webhook import WebhookChannel
from services.notify.dispatch import Dispatcher
from services.notify.dry_run import DryRun
from services.notify.links import AcknowledgementLinks
from services.notify.models import Base
from services.notify.people.importing import Import
from services.notify.people.units import Units
from services.notify.people.verification import Verification
from services.notify.recipients import NoRosters, OnDutyLookup
from services.notify.service import Notifications
from services.notify.settings import NotifySettings
from services.notify.subscriptions.service import Subscriptions
from services.notify.telling import Telling
from services.notify.texts import Texts

SERVICE: Final = "notify"
#: Seconds between two looks for due deliveries; a commit that makes some wakes the look at once.
_PASS_SECONDS: Final = 1.0

_ROUTES: Final = routes_of(
    network.router,
    contacts.router,
    units.router,
    subscriptions.router,
    notifications.router,
    channels.router,
    webhooks.router,
    acknowledgements.router,
)


def build() -> FastAPI:
    """Return the service's app, set up from the environment."""
    settings = NotifySettings()
    return assemble(Runtime(settings, SERVICE, Base), settings)


def assemble(runtime: Runtime, settings: NotifySettings, on_duty: OnDutyLookup | None = None) -> FastAPI:
    """Return the app around a given runtime; its parts are `app.state.notify`. `on_duty` knows who is on duty."""
    parts = wire(runtime, settings, on_duty or NoRosters())
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
    links = AcknowledgementLinks(settings.internal_key.get_secret_value(), settings.public_url)
    addressing = Addressing(on_duty)
    telling = Telling(runtime.clock, runtime.outbox, settings.admin_name, addressing)
    ways_out: list[Channel] = [
        LogChannel(),
        SmtpChannel(MailServer.of(settings), settings.send_timeout),
        WebhookChannel(settings.send_timeout, settings.allowed_webhook_hosts()),
    ]
    dispatcher = Dispatcher(settings, runtime.database, runtime.clock, telling, ways_out, texts, links)
    dispatcher.wake = runtime.every(_PASS_SECONDS, "deliver", dispatcher.send_due)
    service = Notifications(runtime.database, runtime.clock, runtime.inbox, telling, links, dispatcher.wake)
    runtime.on_start(service.open_desk)
    runtime.on_start(dispatcher.resume)
    runtime.on_stop(dispatcher.drain)
    units_ = Units(runtime.database, runtime.inbox, runtime.clock)
    consumers.subscribe(runtime, service, units_)
    by_name = {channel.name: channel for channel in ways_out}
    return Parts(
        clock=runtime.clock,
        notifications=service,
        address_book=AddressBook(runtime.database, runtime.clock),
        dispatcher=dispatcher,
        channels=by_name,
        texts=texts,
        units=units_,
        verification=Verification(
            runtime.database, runtime.clock, by_name, texts, settings.internal_key.get_secret_value()
        ),
        imports=Import(runtime.database, runtime.clock, {name: channel.title for name, channel in by_name.items()}),
        subscriptions=Subscriptions(runtime.database, runtime.clock),
        dry_run=DryRun(runtime.database, runtime.clock, telling, addressing),
    )
