"""Fixtures of the gateway's tests: the gateway and a service behind it, each on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from gateway.app import assemble
from gateway.models import Base
from gateway.settings import GatewaySettings
from kit.runtime import Runtime
from kit.testing import INTERNAL_KEY
from tests.integration.gateway.harness import ADMIN_PASSWORD, TOKEN_KEY, Gateway, Upstream, reserve, serving

OpenGateway = Callable[..., AbstractAsyncContextManager[Gateway]]


@pytest.fixture
def open_gateway(valkey_url: str, tmp_path: Path) -> OpenGateway:
    """Give an opener of gateways with a service behind them, on SQLite; settings may be overridden."""

    @asynccontextmanager
    async def opened(**overrides: Any) -> AsyncIterator[Gateway]:
        upstream = Upstream()
        with serving(upstream.app(), reserve()) as behind:
            values: dict[str, Any] = {
                "data": tmp_path,
                "database_url": f"sqlite:///{tmp_path}/{{service}}.db",
                "redis_url": valkey_url,
                "internal_key": SecretStr(INTERNAL_KEY),
                "token_key": SecretStr(TOKEN_KEY),
                "admin_password": SecretStr(ADMIN_PASSWORD),
                "log_level": "error",
                **{f"{name}_url": behind for name in ("ingest", "analysis", "cases", "notify")},
                **overrides,
            }
            settings = GatewaySettings(**values)
            app = assemble(Runtime(settings, "gateway", Base), settings)
            with serving(app, reserve()) as base:
                async with httpx.AsyncClient(base_url=base, timeout=15, trust_env=False) as http:
                    yield Gateway(base, http, upstream, valkey_url)

    return opened


@pytest.fixture
async def gateway(open_gateway: OpenGateway) -> AsyncIterator[Gateway]:
    """Give a running gateway."""
    async with open_gateway() as made:
        yield made
