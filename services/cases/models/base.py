"""What every table of cases is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from kit.database import table_base
from kit.outbox import bookkeeping_tables

if TYPE_CHECKING:
    from sqlmodel import SQLModel as Base
else:
    Base = table_base()

__all__ = ["ID", "NAME", "WORD", "Base", "of_case"]

ID: Final = sa.String(64)
WORD: Final = sa.String(32)
NAME: Final = sa.String(200)


def of_case() -> Any:
    """Return the column that names the case which a row belongs to, and goes with it."""
    return sa.Column(ID, sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False, index=True)


bookkeeping_tables(Base.metadata)
