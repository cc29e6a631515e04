"""A server that can be told how to behave, and fetchers that may ask it and nobody else."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from services.ingest.fetching.fetcher import Fetcher
from services.ingest.fetching.limits import Limits
from tests.integration.ingest.fetching.certificates import Authority
from tests.integration.ingest.fetching.servers import Names, Server

AGENT = "HuiyingBot/1.0 (+https://office.example/bot; mailto:bot@office.example)"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await server.start()
    yield server
    listening.close()


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def limits() -> dict[str, Any]:
    """What a test's fetcher may do, unless the test says otherwise."""
    return {
        "user_agent": AGENT,
        "delay": 0.0,
        "back_off": 0.01,
        "read_seconds": 0.5,
        "connect_seconds": 0.5,
        "seconds": 2.0,
        "max_bytes": 2_000_000,
        "allowed": ("127.0.0.0/8", "[::1]"),
    }


Make = Callable[..., Fetcher]


@pytest.fixture
async def make(limits: dict[str, Any], names: Names, authority: Authority) -> AsyncIterator[Make]:
    """Make fetchers; after the test none of their sockets is left."""
    made: list[Fetcher] = []

    def build(clock: Any = None, **changes: Any) -> Fetcher:
        fetcher = Fetcher(Limits(**limits | changes), clock, resolver=names, tls=authority.client)
        made.append(fetcher)
        return fetcher

    gc.freeze()  # what is there already is not looked at again, for that would take a second and more
    yield build
    for fetcher in made:
        await fetcher.close()
        assert len(fetcher._connections) == 0
    await asyncio.sleep(0)
    gc.collect()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return Authority(folder)
