"""Pytest fixtures for real parts: a Valkey server, SQLite and PostgreSQL databases, runtimes on both.

Load with ``pytest_plugins = ["kit.testing"]`` in the root conftest.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
import redis
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlmodel import SQLModel

from kit import embedded, migrations
from kit.clock import Clock, ManualClock
from kit.database import migration_engine
from kit.runtime import Runtime
from kit.settings import ServiceSettings

INTERNAL_KEY = "an-internal-key-of-the-tests-0123456789"
PASSWORD = "tests"

MakeRuntime = Callable[..., Runtime]


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    """Give the URL of a real Redis-compatible server that lives as long as the tests."""
    with tempfile.TemporaryDirectory(prefix="huiying-valkey-") as folder:
        port = embedded.free_port()
        process = embedded.start_valkey(Path(folder), port, PASSWORD)
        try:
            embedded.wait_for_valkey(process, port, PASSWORD)
            yield f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def valkey_url(valkey_server: str) -> str:
    """Give the URL of the server, emptied."""
    with redis.Redis.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[embedded.EmbeddedPostgres]:
    """Give a real PostgreSQL, or skip with the reason why there is none."""
    with tempfile.TemporaryDirectory(prefix="huiying-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = embedded.EmbeddedPostgres(Path(folder))
        try:
            server.start()
        except embedded.EmbeddedServerError as error:
            pytest.skip(f"no PostgreSQL on this machine: {error}")
        try:
            yield server
        finally:
            server.stop()


@asynccontextmanager
async def _new_database(server: embedded.EmbeddedPostgres) -> AsyncIterator[str]:
    name = f"t{uuid.uuid4().hex}"
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
        yield server.url(name)
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def postgres_url(postgres_server: embedded.EmbeddedPostgres) -> AsyncIterator[str]:
    """Give the URL of a new, empty PostgreSQL database; it is dropped when the test ends."""
    async with _new_database(postgres_server) as url:
        yield url


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Give the URL of a new, empty database, once SQLite, once PostgreSQL; it is gone when the test ends."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/{{service}}.db"
        return
    async with _new_database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands at 2026-03-02 08:00 in Shanghai and moves when told."""
    return ManualClock(datetime(2026, 3, 2, 0, 0, tzinfo=UTC))


@pytest_asyncio.fixture
async def make_runtime(database_url: str, valkey_url: str, tmp_path: Path) -> AsyncIterator[MakeRuntime]:
    """Give a maker of runtimes: ``make_runtime("cases", Base, settings_type=..., clock=..., **settings)``.

    Each is stopped when the test ends. Start it with ``await runtime.start()``.
    """
    made: list[Runtime] = []

    def make(
        service: str,
        base: type[SQLModel],
        *,
        settings_type: type[ServiceSettings] = ServiceSettings,
        clock: Clock | None = None,
        owns_database: bool = True,
        **settings: Any,
    ) -> Runtime:
        values: dict[str, Any] = {
            "data": tmp_path,
            "database_url": database_url,
            "redis_url": valkey_url,
            "internal_key": SecretStr(INTERNAL_KEY),
            "replica": f"{service}-{len(made)}",
            "bus_claim_idle": 1.0,
            "bus_block": 0.1,
            **settings,
        }
        runtime = Runtime(settings_type(**values), service, base, clock=clock, owns_database=owns_database)
        made.append(runtime)
        return runtime

    yield make
    for runtime in made:
        await runtime.stop()


async def schema_differences(url: str, service: str, base: type[SQLModel]) -> list[Any]:
    """Migrate an empty database and return how it differs from the tables that the code declares (none: they agree)."""
    await migrations.upgrade(url, service, base.metadata)
    engine = migration_engine(url, service)

    def compare(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "render_as_batch": True, "include_name": _ours}
        )
        return list(compare_metadata(context, base.metadata))

    try:
        async with engine.connect() as connection:
            return await connection.run_sync(compare)
    finally:
        await engine.dispose()


def _ours(name: str | None, kind: str, _parents: Any) -> bool:
    # Alembic's own, and the indexes of words, which migrations make by hand: no declared table can say what they are
    return not (kind == "table" and name is not None and name.startswith(("alembic_version", "post_words")))
