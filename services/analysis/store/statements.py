"""Statements over many rows, said the way each database likes them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession


def dialect_of(session: AsyncSession) -> str:
    """Return "sqlite" or "postgresql"."""
    return session.get_bind().dialect.name


def among(session: AsyncSession, column: sa.ColumnElement[Any], values: Collection[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that `column`, of text or whole numbers, is one of `values`.

    The values are one parameter (an array, or JSON on SQLite), so that the statement is the same for any number of
    them and is compiled and planned once.
    """
    if dialect_of(session) == "postgresql":
        return column == sa.any_(sa.literal(list(values), postgresql.ARRAY(column.type)))
    each = sa.func.json_each(sa.literal(json.dumps(list(values)))).table_valued("value")
    return column.in_(sa.select(each.c.value))


async def rows_among(
    session: AsyncSession, statement: sa.Select[Any], column: sa.ColumnElement[Any], values: Collection[Any]
) -> list[sa.Row[Any]]:
    """Run `statement` for the rows whose `column` is one of `values`; asks nothing where there are none."""
    if not values:
        return []
    return list(await session.execute(statement.where(among(session, column, values))))


async def add(session: AsyncSession, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows."""
    if rows:
        await session.execute(sa.insert(table), list(rows))


async def add_missing(session: AsyncSession, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows and pass over those that are there."""
    if rows:
        make = postgresql.insert if dialect_of(session) == "postgresql" else sqlite.insert
        await session.execute(make(table).on_conflict_do_nothing(), list(rows))


async def add_up(
    session: AsyncSession, table: sa.Table, rows: Sequence[Mapping[str, Any]], sums: Sequence[str]
) -> None:
    """Insert rows; where one is there, add the columns `sums` to it."""
    if not rows:
        return
    keys = list(table.primary_key.columns)
    make = postgresql.insert if dialect_of(session) == "postgresql" else sqlite.insert
    statement = make(table)
    assign = {name: table.c[name] + statement.excluded[name] for name in sums}
    await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=assign), list(rows))


async def change(
    session: AsyncSession,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    key: str = "id",
) -> None:
    """Set `columns` of the rows whose `key` is given."""
    if not rows:
        return
    statement = (
        sa.update(table)
        .where(table.c[key] == sa.bindparam("_key"))
        .values({name: sa.bindparam(f"_{name}", type_=table.c[name].type) for name in columns})
    )
    connection = await session.connection()
    await connection.execute(
        statement, [{"_key": row[key], **{f"_{name}": row[name] for name in columns}} for row in rows]
    )
