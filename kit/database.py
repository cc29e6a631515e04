"""One database a service: SQLite (embedded default) or PostgreSQL, by URL alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import registry
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

#: Names every constraint, so that Alembic can alter tables on SQLite too.
NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: A statement may bind at most this many values (SQLite's limit is 32,766, asyncpg's 32,767).
MAX_PARAMETERS: Final = 30_000


#: What starting parallel workers is reckoned at, in PostgreSQL's units of cost (its default: 1,000). At the default it
#: starts two for counts over some thousand rows, which it answers in 3 ms without them and in 26 ms with them.
_PARALLEL_SETUP: Final = "20000"


def sqlite_stamp(at: datetime) -> str:
    """Return an aware instant as SQLite stores it: of UTC, without saying so, to the microsecond."""
    return at.astimezone(UTC).isoformat(" ", "microseconds")[:26]


class _SqliteInstant(sqlite.DATETIME):
    """The form of SQLAlchemy's own, written and read several times as fast."""

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:
        # of UTC already
        return lambda at: None if at is None else at.isoformat(" ", "microseconds")[:26]

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None]:
        return lambda stamp: None if stamp is None else datetime.fromisoformat(f"{stamp}+00:00")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC. SQLite forgets time zones, so the zone is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what each database stores it as."""
        instant: TypeEngine[Any] = sa.DateTime(timezone=True)
        if dialect.name == "sqlite":
            instant = _SqliteInstant()  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(instant)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times and convert to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored instant as aware UTC."""
        return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)


#: JSON on SQLite, JSONB on PostgreSQL.
Json: Final = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def table_base() -> type[SQLModel]:
    """Return a base class for one service's tables, with metadata of its own."""
    metadata = sa.MetaData(naming_convention=NAMING)
    own = registry(metadata=metadata)

    class Base(SQLModel, registry=own):
        pass

    Base.metadata = metadata
    return Base


class Database:
    """A service's database. `reading()` and `writing()` give sessions; only `writing()` commits."""

    def __init__(self, url: str, service: str, *, pool_size: int = 8) -> None:
        self.service = service
        self.url = url
        parsed = sa.make_url(url)
        self.dialect = parsed.get_backend_name()
        if self.dialect == "sqlite":
            self.engine = create_async_engine(url, pool_size=pool_size, max_overflow=8, hide_parameters=True)
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        else:
            self.engine = create_async_engine(
                url,
                pool_size=pool_size,
                max_overflow=8,
                pool_pre_ping=True,
                # errors go to the log, rows do not
                hide_parameters=True,
                connect_args={
                    "server_settings": {
                        "search_path": service,
                        "application_name": f"huiying-{service}",
                        "parallel_setup_cost": _PARALLEL_SETUP,
                    }
                },
            )
        self._writer = self.engine.execution_options(huiying_writes=True)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Give a session for reading; whatever it changes is rolled back."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Give a session that commits when the block ends and rolls back when it raises.

        On SQLite the write lock is taken at the start, so that a transaction never fails half way for want of it.
        """
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    async def ping(self) -> None:
        """Raise unless the database answers."""
        async with self.engine.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def migration_engine(url: str, service: str) -> AsyncEngine:
    """Return an engine for schema changes: one connection, no pool."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        url, poolclass=NullPool, hide_parameters=True, connect_args={"server_settings": {"search_path": service}}
    )


async def insert_ignoring(
    session: AsyncSession | AsyncConnection,
    table: sa.Table | type[SQLModel],
    rows: Sequence[Mapping[str, Any]],
    *,
    returning: Sequence[str] = (),
) -> list[sa.Row[Any]]:
    """Insert rows and pass over those that a unique constraint already holds.

    All rows must have the same keys. Returns the `returning` columns of the rows that were inserted, in no set order.
    """
    if not rows:
        return []
    target: sa.Table = table if isinstance(table, sa.Table) else table.__table__  # type: ignore[attr-defined]
    dialect = session.get_bind().dialect.name if isinstance(session, AsyncSession) else session.dialect.name
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    step = max(1, MAX_PARAMETERS // max(1, len(rows[0])))
    inserted: list[sa.Row[Any]] = []
    for start in range(0, len(rows), step):
        statement = make(target).on_conflict_do_nothing()
        some = list(rows[start : start + step])
        if returning:
            result = await session.execute(statement.returning(*(target.c[name] for name in returning)), some)
            inserted.extend(result.fetchall())
        else:
            await session.execute(statement, some)
    return inserted


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite alone
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=15000",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("huiying_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
