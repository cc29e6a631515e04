"""Holding a process at a chosen place from outside, by the database: before it writes, and half way through."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import asyncpg

#: Where SQLite locks the one writer of a database in WAL mode: byte 120 of its shared memory (its file format,
#: "WAL-Index Header", and ``UNIX_SHM_BASE`` of os_unix.c).
_WAL_WRITE_LOCK = 120
_FLOCK = "hhqqi"

#: Returns the process that is in the middle of a change now: its id, 0 where somebody is but not known who, else None.
Caught = Callable[[], Awaitable[int | None]]


class Hold(Protocol):
    """A connection of the test's own to the replicas' database."""

    def before(self, case_id: str) -> AbstractAsyncContextManager[None]:
        """Let nobody change a case while the block runs."""
        ...

    def half_way(self) -> AbstractAsyncContextManager[Caught]:
        """Give what tells who is in the middle of a change: what it has written so far is not committed.

        PostgreSQL holds them there until the block ends; on SQLite they go on, so that one must be quick.
        """
        ...

    async def waiting(self) -> bool:
        """Tell whether a replica is seen to wait for what :meth:`before` holds; SQLite never shows it."""
        ...

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...


class PostgresHold:
    """On PostgreSQL a change waits for a lock on its row or, its entry written, for one on the table of messages."""

    def __init__(self, own: asyncpg.Connection, watching: asyncpg.Connection) -> None:
        self._own, self._watching = own, watching

    @classmethod
    async def open(cls, url: str) -> PostgresHold:
        """Connect twice: one holds, one looks on."""
        settings = {"search_path": "cases"}
        own, watching = [await asyncpg.connect(url, server_settings=settings) for _ in range(2)]
        return cls(own, watching)

    @asynccontextmanager
    async def before(self, case_id: str) -> AsyncIterator[None]:
        """Lock the case's row."""
        async with self._own.transaction():
            await self._own.execute("SELECT 1 FROM cases WHERE id = $1 FOR UPDATE", case_id)
            yield

    async def waiting(self) -> bool:
        """Tell whether a replica waits for a lock."""
        return await self._waits("%")

    async def _waits(self, for_: str) -> bool:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query LIKE $1"
        )
        return bool(await self._watching.fetchval(query, for_))

    @asynccontextmanager
    async def half_way(self) -> AsyncIterator[Caught]:
        """Lock the table of messages: a change has written its entry and waits to tell of it."""

        async def caught() -> int | None:
            return 0 if await self._waits("INSERT INTO outbox%") else None

        async with self._own.transaction():
            await self._own.execute("LOCK TABLE outbox IN SHARE MODE")
            yield caught

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        return [tuple(row) for row in await self._watching.fetch(query)]

    async def close(self) -> None:
        """Close both connections."""
        await self._own.close()
        await self._watching.close()


class SqliteHold:
    """On SQLite there is one writer: the test, for as long as it likes, or whichever process the system names."""

    def __init__(self, path: Path) -> None:
        self._own = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._own.execute("SELECT count(*) FROM cases").fetchall()
        # closed after the connection alone: a process that closes a file gives up every lock that it has on it
        self._shared = open(f"{path}-shm", "rb")  # noqa: SIM115  it stays open as long as the connection

    @asynccontextmanager
    async def before(self, case_id: str) -> AsyncIterator[None]:
        """Take the write lock."""
        self._own.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            self._own.execute("ROLLBACK")

    async def waiting(self) -> bool:
        """Tell nothing: who waits for SQLite's lock sleeps and looks again, and nobody sees it."""
        return False

    def writer(self) -> int | None:
        """Return the id of the process that is in a write transaction now."""
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _WAL_WRITE_LOCK, 1, 0)
        kind, *_, pid = struct.unpack(_FLOCK, fcntl.fcntl(self._shared, fcntl.F_GETLK, asked))
        return None if kind == fcntl.F_UNLCK else int(pid)

    @asynccontextmanager
    async def half_way(self) -> AsyncIterator[Caught]:
        """Look out for the next writer: it is named while it is between its first lock and its commit."""

        async def caught() -> int | None:
            return self.writer()

        yield caught

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        return [tuple(row) for row in self._own.execute(query).fetchall()]

    async def close(self) -> None:
        """Close the connection."""
        self._own.close()
        self._shared.close()
