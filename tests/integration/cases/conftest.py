"""Fixtures of the cases service's tests: the service on a real bus and on either database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

from kit.clock import ManualClock
from kit.testing import MakeRuntime
from services.cases.app import assemble
from services.cases.models import Base
from services.cases.settings import CasesSettings
from tests.integration.cases.harness import Cases, StartCases


@pytest_asyncio.fixture
async def start(make_runtime: MakeRuntime, clock: ManualClock) -> AsyncIterator[StartCases]:
    """Give a starter of cases services on one database; settings may be overridden."""
    clients: list[httpx.AsyncClient] = []

    async def begin(**settings: Any) -> Cases:
        # the pass is run by the tests themselves, when the clock has been moved
        values: dict[str, Any] = {
            "clock_pass": 3600,
            "public_url": "https://huiying.example",
            "log_level": "warning",
            "clock": clock,
            **settings,
        }
        runtime = make_runtime("cases", Base, settings_type=CasesSettings, **values)
        assert isinstance(runtime.settings, CasesSettings)
        app = assemble(runtime, runtime.settings)
        await runtime.start()
        await runtime.settled()
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://cases")
        clients.append(http)
        return Cases(runtime, app.state.cases, http, values["clock"])

    yield begin
    for client in clients:
        await client.aclose()


@pytest_asyncio.fixture
async def cases(start: StartCases) -> Cases:
    """Give a running cases service with the seed's plan in force."""
    return await start()
