"""Fixtures of the tests that look at all parts together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from kit.testing import INTERNAL_KEY
from tests.integration.huiying.whole import PARTS, Part, part


@pytest_asyncio.fixture(params=list(PARTS))
async def one_part(request: pytest.FixtureRequest, valkey_url: str, tmp_path: Path) -> AsyncIterator[Part]:
    """Give each part of the system in turn. What its rights are does not depend on the kind of database."""
    made = await part(
        request.param,
        {
            "data": tmp_path,
            "database_url": f"sqlite:///{tmp_path}/{{service}}.db",
            "redis_url": valkey_url,
            "internal_key": INTERNAL_KEY,
            "log_level": "critical",
        },
    )
    if request.param == "cases":  # whose alerts are one's own is for the plan in force to say
        await made.runtime.start()
        await made.runtime.settled()
    yield made
    await made.http.aclose()
    await made.runtime.stop()
