"""Schema changes: one Alembic history a service, run at start and safe among replicas."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from kit.database import migration_engine

_ROOT: Final = Path(__file__).resolve().parent.parent
_LOCK: Final = 0x68_75_69_79  # an advisory lock of our own, so that replicas migrate one after another


def history(service: str) -> ScriptDirectory:
    """Return the Alembic script directory of a service (``services/<name>/migrations`` or ``gateway/migrations``)."""
    folder = _ROOT / "services" / service / "migrations"
    if not folder.is_dir():
        folder = _ROOT / service / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


async def upgrade(url: str, service: str, metadata: sa.MetaData, to: str = "head") -> None:
    """Bring the database of `service` to the newest revision, or `to` one, creating its schema on PostgreSQL first."""
    script = history(service)
    engine = migration_engine(url, service)
    try:
        async with engine.execution_options(huiying_writes=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(
                    sa.text(f"SELECT pg_advisory_xact_lock({_LOCK}, hashtext(:s))"), {"s": service}
                )
                await connection.execute(sa.text(f'CREATE SCHEMA IF NOT EXISTS "{service}"'))
            await connection.run_sync(_run, script, service, metadata, to)
    finally:
        await engine.dispose()
    await asyncio.sleep(0)


def _run(connection: sa.Connection, script: ScriptDirectory, service: str, metadata: sa.MetaData, to: str) -> None:
    def steps(revision: object, _context: object) -> list[object]:
        return script._upgrade_revs(to, revision)  # type: ignore[arg-type,return-value]

    config = Config()
    with EnvironmentContext(config, script, fn=steps, destination_rev=to) as environment:
        environment.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            version_table_schema=service if connection.dialect.name == "postgresql" else None,
            transactional_ddl=False,
        )
        environment.run_migrations()
