"""The migrations and the tables that the code declares agree, on both databases."""

from __future__ import annotations

from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY, schema_differences
from services.cases.models import Base


async def test_migrations_make_the_declared_tables(database_url: str) -> None:
    settings = ServiceSettings(database_url=database_url, internal_key=INTERNAL_KEY)
    assert await schema_differences(settings.database_url_for("cases"), "cases", Base) == []
