"""The gateway's tables and its migrations agree."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import SecretStr

from contracts.envelope import Message
from contracts.messages import MovedUnit, UnitsMoved
from contracts.streams import UNITS_MOVED
from gateway.models import Base
from kit import migrations
from kit.database import Database
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY, schema_differences


async def test_migrations_make_the_tables_that_the_code_declares(database_url: str) -> None:
    url = ServiceSettings(database_url=database_url, internal_key="x" * 32).database_url_for("gateway")
    assert await schema_differences(url, "gateway", Base) == []


async def test_units_that_the_gateway_kept_are_handed_over_to_notify(database_url: str) -> None:
    settings = ServiceSettings(database_url=database_url, internal_key=SecretStr(INTERNAL_KEY))
    url = settings.database_url_for("gateway")
    await migrations.upgrade(url, "gateway", Base.metadata, to="0001")
    database = Database(url, "gateway")
    units = sa.table("units", sa.column("id"), sa.column("name"), sa.column("kind"))
    try:
        async with database.writing() as session:
            await session.execute(units.insert().values(id="1", name="市水务局", kind="department"))
        await migrations.upgrade(url, "gateway", Base.metadata)
        async with database.reading() as session:
            (row,) = (await session.execute(sa.select(Base.metadata.tables["outbox"]))).all()
    finally:
        await database.dispose()
    message = Message.model_validate_json(row.message)
    assert (row.stream, message.type) == (UNITS_MOVED, "units.moved")
    assert UnitsMoved.model_validate(message.data).units == [MovedUnit(name="市水务局", kind="department")]
