"""Fixtures of the notify service's tests: the service, a mail server and a webhook receiver, all real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from aiohttp import web
from aiosmtpd.controller import Controller

from kit.embedded import free_port
from kit.testing import MakeRuntime
from services.notify.app import assemble
from services.notify.escalation.models import EscalationPolicy
from services.notify.models import Base
from services.notify.settings import NotifySettings
from tests.integration.notify.harness import Mailbox, Notify, Receiver, StartNotify


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a webhook receiver on a loopback port."""
    port = free_port()
    made = Receiver(f"http://127.0.0.1:{port}")
    app = web.Application()
    app.router.add_post("/{path:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield made
    made.released.set()
    await runner.cleanup()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Give a mail server on a loopback port."""
    made = Mailbox(free_port())
    controller = Controller(made, hostname="127.0.0.1", port=made.port)
    controller.start()
    yield made
    controller.stop()


@pytest_asyncio.fixture
async def start(make_runtime: MakeRuntime, mailbox: Mailbox) -> AsyncIterator[StartNotify]:
    """Give a starter of notify services; settings may be overridden.

    The policies that ship are put away first, so that only who is named is told; `policies=True` leaves them.
    """
    clients: list[httpx.AsyncClient] = []

    async def begin(**settings: Any) -> Notify:
        clock, on_duty = settings.pop("clock", None), settings.pop("on_duty", None)
        policies = settings.pop("policies", False)
        values: dict[str, Any] = {
            "public_url": "https://huiying.example",
            "smtp_url": f"smtp://127.0.0.1:{mailbox.port}",
            "smtp_tls": "none",
            "smtp_from": "huiying@puer.example",
            "webhook_allow_hosts": "127.0.0.1",
            "retry_base": 0.05,
            "retry_cap": 0.2,
            "send_timeout": 3.0,
            "log_level": "warning",
            **settings,
        }
        runtime = make_runtime("notify", Base, settings_type=NotifySettings, clock=clock, **values)
        assert isinstance(runtime.settings, NotifySettings)
        app = assemble(runtime, runtime.settings, on_duty)
        await runtime.start()
        await runtime.settled()
        if not policies:
            async with runtime.database.writing() as session:
                await session.execute(sa.delete(EscalationPolicy))
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://notify")
        clients.append(http)
        return Notify(runtime, app.state.notify, http)

    yield begin
    for client in clients:
        await client.aclose()


@pytest_asyncio.fixture
async def notify(start: StartNotify) -> Notify:
    """Give a running notify service with quick retries."""
    return await start()
