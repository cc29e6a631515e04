"""Leases that replicas share: evenly, never twice, and taken over in time, on both databases."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from kit.clock import ManualClock
from kit.database import Database, migration_engine, table_base
from kit.leases import TERM, Leases
from kit.outbox import bookkeeping_tables
from kit.settings import ServiceSettings

Base = table_base()
bookkeeping_tables(Base.metadata)
LEASES = Base.metadata.tables["lease"]
NAMES = [f"part-{number}" for number in range(4)]
#: as a consumer that has nothing to read asks
POLL = timedelta(seconds=0.5)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Give a database with the kit's tables."""
    url = ServiceSettings(database_url=database_url, internal_key="x" * 32).database_url_for("toy")
    engine = migration_engine(url, "toy")
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(sa.text("CREATE SCHEMA toy"))
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()
    made = Database(url, "toy")
    yield made
    await made.dispose()


class Replicas:
    """Replicas that ask for their shares, all of them again and again, while a clock moves."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self._database, self.clock = database, clock
        self._living: dict[str, Leases] = {}
        self.changes = 0
        self._holders: dict[str, str] = {}

    def join(self, *names: str) -> None:
        """Let replicas join."""
        for name in names:
            self._living[name] = Leases(self._database, Base.metadata, name, self.clock)

    def die(self, name: str) -> None:
        """Let a replica die without a word."""
        del self._living[name]

    async def leave(self, name: str) -> None:
        """Let a replica end in good order."""
        await self._living.pop(name).release_all()

    async def run(self, seconds: float) -> dict[str, int]:
        """Let time go by; returns how many leases each living replica holds at its end."""
        held: dict[str, set[str]] = {}
        chance = random.Random(seconds)
        for _ in range(int(timedelta(seconds=seconds) / POLL)):
            self.clock.advance(POLL)
            asking = [(replica, name) for replica in self._living for name in NAMES]
            chance.shuffle(asking)
            said = await asyncio.gather(*(self._living[r].hold_share(name, NAMES) for r, name in asking))
            held = {replica: set() for replica in self._living}
            for (replica, name), yes in zip(asking, said, strict=True):
                if yes:
                    held[replica].add(name)
            await self._check(held)
        return {replica: len(names) for replica, names in held.items()}

    async def _check(self, held: dict[str, set[str]]) -> None:
        """Assert that nobody believes to hold what another holds; count the changes of hands."""
        async with self._database.reading() as session:
            rows = await session.execute(sa.select(LEASES).where(LEASES.c.name.in_(NAMES)))
            stored = {row.name: row.holder for row in rows}
        assert max(Counter(_all(held.values())).values(), default=0) <= 1
        for replica, names in held.items():
            assert all(stored[name] == replica for name in names if name in stored)
        for name, holder in stored.items():
            self.changes += self._holders.get(name) != holder
        self._holders |= stored


def _all(parts: Iterable[set[str]]) -> list[str]:
    return [one for part in parts for one in part]


@pytest.fixture
def replicas(database: Database, clock: ManualClock) -> Replicas:
    """Give replicas, none of which has joined yet."""
    return Replicas(database, clock)


@pytest.mark.parametrize(("count", "shares"), [(1, [4]), (2, [2, 2]), (3, [1, 1, 2]), (5, [0, 1, 1, 1, 1])])
async def test_replicas_share_evenly_and_then_keep_what_they_have(
    replicas: Replicas, count: int, shares: list[int]
) -> None:
    replicas.join(*(f"replica-{number}" for number in range(count)))
    assert sorted((await replicas.run(4)).values()) == shares
    settled = replicas.changes
    assert sorted((await replicas.run(3 * TERM)).values()) == shares
    assert replicas.changes == settled, "leases changed hands though nobody came or went"


async def test_one_that_joins_gets_its_share(replicas: Replicas) -> None:
    replicas.join("a")
    assert await replicas.run(2) == {"a": 4}
    replicas.join("b")
    assert await replicas.run(3) == {"a": 2, "b": 2}
    assert replicas.changes == 4 + 2
    replicas.join("c")
    assert sorted((await replicas.run(4)).values()) == [1, 1, 2]


async def test_what_a_dead_one_held_is_taken_over_within_the_term(replicas: Replicas) -> None:
    replicas.join("a", "b", "c")
    assert sum((await replicas.run(5)).values()) == 4
    replicas.die("b")
    assert sum((await replicas.run(TERM / 2 - 1)).values()) < 4, "its leases hold until they expire"
    assert sorted((await replicas.run(TERM / 2 + 3)).values()) == [2, 2]
    replicas.die("c")
    assert await replicas.run(TERM + 2) == {"a": 4}


async def test_what_one_that_leaves_held_is_taken_over_at_once(replicas: Replicas) -> None:
    replicas.join("a", "b")
    await replicas.run(5)
    await replicas.leave("a")
    assert await replicas.run(2) == {"b": 4}


async def test_marks_of_the_dead_are_swept_out(replicas: Replicas, database: Database) -> None:
    for number in range(5):
        replicas.join(f"replica-{number}")
        await replicas.run(1)
        replicas.die(f"replica-{number}")
    replicas.join("last")
    await replicas.run(1)
    replicas.clock.advance(timedelta(seconds=12 * TERM))
    assert await replicas.run(2) == {"last": 4}
    async with database.reading() as session:
        marks = await session.scalars(sa.select(LEASES.c.name).where(LEASES.c.name.startswith("member:")))
    assert len(list(marks)) == 1
