"""The gateway's tables and its migrations agree."""

from __future__ import annotations

from gateway.models import Base
from kit.settings import ServiceSettings
from kit.testing import schema_differences


async def test_migrations_make_the_tables_that_the_code_declares(database_url: str) -> None:
    url = ServiceSettings(database_url=database_url, internal_key="x" * 32).database_url_for("gateway")
    assert await schema_differences(url, "gateway", Base) == []
