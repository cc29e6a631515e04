"""Assembles the notify service."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from kit.runtime import Runtime
from kit.service import create_app, routes_of
from services.notify import consumers
from services.notify.address_book import AddressBook
from services.notify.api import acknowledgements, channels, contacts, notifications, webhooks
from services.notify.api.parts import Parts
from services.notify.channels.registry import Channels
from services.notify.dispatch import Dispatcher
from services.notify.links import AcknowledgementLinks
from services.notify.models import Base
from services.notify.service import Notifications
from services.notify.settings import NotifySettings
from services.notify.telling import Telling
from services.notify.texts import Texts

SERVICE: Final = "notify"
#: Seconds between two looks for due deliveries; a commit that makes some wakes the look at once.
_PASS_SECONDS: Final = 1.0

_ROUTES: Final = routes_of(
    contacts.router, notifications.router, channels.router, webhooks.router, acknowledgements.router
)


def build() -> FastAPI:
    """Return the service's app, set up from the environment."""
    settings = NotifySettings()
    return assemble(Runtime(settings, SERVICE, Base), settings)


def assemble(runtime: Runtime, settings: NotifySettings) -> FastAPI:
    """Return the app around a given runtime; its parts are `app.state.notify`."""
    parts = wire(runtime, settings)
    app = create_app(
        runtime,
        _ROUTES,
        title="Huiying notify",
        description="Tells the people whom the plan names and records who acknowledged.",
    )
    app.state.notify = parts
    return app


def wire(runtime: Runtime, settings: NotifySettings) -> Parts:
    """Build the service's parts and register its loops on `runtime`."""
    texts = Texts()
    links = AcknowledgementLinks(settings.internal_key.get_secret_value(), settings.public_url)
    telling = Telling(runtime.clock, runtime.outbox, settings.admin_name)
    ways_out = Channels(settings, runtime.redis)
    dispatcher = Dispatcher(settings, runtime.database, runtime.clock, telling, ways_out.all, texts, links)
    dispatcher.wake = runtime.every(_PASS_SECONDS, "deliver", dispatcher.send_due)
    service = Notifications(runtime.database, runtime.clock, runtime.inbox, telling, links, dispatcher.wake)
    runtime.on_start(service.open_desk)
    runtime.on_start(dispatcher.resume)
    runtime.on_stop(dispatcher.drain)
    runtime.on_stop(ways_out.close)
    consumers.subscribe(runtime, service)
    return Parts(
        clock=runtime.clock,
        notifications=service,
        address_book=AddressBook(runtime.database, runtime.clock),
        dispatcher=dispatcher,
        channels={channel.name: channel for channel in ways_out.all},
        texts=texts,
    )
