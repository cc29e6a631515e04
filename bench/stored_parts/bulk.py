"""Putting many rows into a table at once, past the ORM."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

_STEP: Final = 20_000


async def insert(connection: AsyncConnection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows by the driver's own way: COPY on PostgreSQL, one prepared statement on SQLite.

    Columns of the table that a row lacks become null; fields of a row that the table lacks are left out.
    """
    names = [column.name for column in table.columns]
    postgresql = connection.dialect.name == "postgresql"
    kinds = {column.name: isinstance(column.type, sa.JSON) for column in table.columns}

    def stored(name: str, value: Any) -> Any:
        if kinds[name]:
            return json.dumps(value, ensure_ascii=False)
        if isinstance(value, datetime) and not postgresql:
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        return value

    driver: Any = (await connection.get_raw_connection()).driver_connection
    columns = ", ".join(f'"{name}"' for name in names)
    sql = f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join('?' * len(names))})"
    remaining = iter(rows)
    while records := [tuple(stored(name, row.get(name)) for name in names) for row in islice(remaining, _STEP)]:
        if postgresql:
            await driver.copy_records_to_table(table.name, schema_name="analysis", columns=names, records=records)
        else:
            await driver.executemany(sql, records)
