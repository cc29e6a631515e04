"""What the tables of analysis have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlmodel import SQLModel

from kit.database import table_base
from kit.outbox import bookkeeping_tables

if TYPE_CHECKING:
    from sqlmodel import SQLModel as Base
else:
    Base = table_base()
bookkeeping_tables(Base.metadata)

#: SQLite keeps such a table in the order of its key: smaller, and half the writes.
BY_KEY: Final = {"sqlite_with_rowid": False}

__all__ = ["BY_KEY", "Base", "table"]


def table(model: type[SQLModel]) -> sa.Table:
    """Return the table of a model, for statements over many rows."""
    found: sa.Table = model.__table__  # type: ignore[attr-defined]
    return found
