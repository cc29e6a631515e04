"""Assembles the notify service."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from kit.runtime import Runtime
from kit.service import create_app, routes_of
from services.notify import consumers
from services.notify.address_book import AddressBook
from services.notify.api import (
    acknowledgements,
    channels,
    communication_checks,
    contacts,
    escalations,
    notifications,
    webhooks,
)
from services.notify.api.parts import Parts
from services.notify.channels.channel import Channel
from services.notify.channels.log import LogChannel
from services.notify.channels.smtp import MailServer, SmtpChannel
from services.notify.channels.webhook import WebhookChannel
from services.notify.checks.service import Checks
from services.notify.checks.when import is_weekday
from services.notify.dispatch import Dispatcher
from services.notify.escalation.running import Escalating
from services.notify.escalation.service import Escalations
from services.notify.escalation.targets import NoRosters, TargetFinder
from services.notify.links import AcknowledgementLinks
from services.notify.models import Base
from services.notify.service import Notifications
from services.notify.settings import NotifySettings
from services.notify.telling import Telling
from services.notify.texts import Texts

SERVICE: Final = "notify"
#: Seconds between two looks for due deliveries; a commit that makes some wakes the look at once.
_PASS_SECONDS: Final = 1.0
#: Seconds between two looks for checks that are to begin, remind or end: they are timed to the minute.
_CHECK_SECONDS: Final = 5.0

_ROUTES: Final = routes_of(
    contacts.router,
    notifications.router,
    escalations.router,
    communication_checks.router,
    channels.router,
    webhooks.router,
    acknowledgements.router,
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
    ways_out: list[Channel] = [
        LogChannel(),
        SmtpChannel(MailServer.of(settings), settings.send_timeout),
        WebhookChannel(settings.send_timeout, settings.allowed_webhook_hosts()),
    ]
    dispatcher = Dispatcher(settings, runtime.database, runtime.clock, telling, ways_out, texts, links)
    dispatcher.wake = runtime.every(_PASS_SECONDS, "deliver", dispatcher.send_due)
    escalating = Escalating(
        runtime.database,
        runtime.clock,
        runtime.inbox,
        runtime.outbox,
        telling,
        TargetFinder(telling, NoRosters()),
        dispatcher.wake,
    )
    escalate = runtime.every(_PASS_SECONDS, "escalate", escalating.run)
    checks = Checks(runtime.database, runtime.clock, telling, dispatcher.wake, is_weekday)
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
    runtime.on_start(service.open_desk)
    runtime.on_start(dispatcher.resume)
    runtime.on_stop(dispatcher.drain)
    consumers.subscribe(runtime, service, escalating)
    return Parts(
        clock=runtime.clock,
        notifications=service,
        escalations=Escalations(runtime.database, runtime.clock, escalating, escalate),
        checks=checks,
        address_book=AddressBook(runtime.database, runtime.clock),
        dispatcher=dispatcher,
        channels={channel.name: channel for channel in ways_out},
        texts=texts,
    )
