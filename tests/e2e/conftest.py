"""The real system, booted once on SQLite and once on PostgreSQL."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import asyncpg
import pytest

from kit.embedded import EmbeddedPostgres
from tests.e2e.harness import Receiver, System

MakeSystem = Callable[..., System]
_SYSTEMS = pytest.StashKey[list[System]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the systems of a failed test said that was more than routine."""
    report = yield
    if report.failed:
        for system in item.stash.get(_SYSTEMS, []):
            lines = [line for line in system.said().splitlines() if "[info" not in line]
            report.sections.append((f"what {system.url} said", "\n".join(lines[-150:])))
    return report


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Give a receiver of webhooks."""
    found = Receiver()
    yield found
    found.close()


@pytest.fixture
def make_system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeSystem]:
    """Give a maker of systems, which are started by the test and killed at its end where they still run."""
    made: list[System] = []
    request.node.stash[_SYSTEMS] = made

    def make(name: str = "one", **environment: str) -> System:
        (tmp_path / name).mkdir(exist_ok=True)
        made.append(System(tmp_path / name, **environment))
        return made[-1]

    yield make
    for system in made:
        system.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def system(request: pytest.FixtureRequest, make_system: MakeSystem) -> System:
    """Give a running system, once on SQLite files and once on PostgreSQL."""
    environment = {}
    if request.param == "postgresql":
        server: EmbeddedPostgres = request.getfixturevalue("postgres_server")
        environment["HUIYING_DATABASE_URL"] = server.url(asyncio.run(new_database(server)))
    found = make_system(**environment)
    found.start()
    return found


async def new_database(server: EmbeddedPostgres) -> str:
    """Make an empty database; returns its name."""
    name = f"t{uuid.uuid4().hex}"
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return name
