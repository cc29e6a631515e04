"""How the index of posts' words was made; the index itself is no table of the metadata (store/fulltext.py)."""

from __future__ import annotations

from typing import ClassVar

from sqlmodel import Field

from services.analysis.models.base import Base


class SearchIndex(Base, table=True):
    """One row: the version of the tokens that the index holds."""

    __tablename__: ClassVar[str] = "search_index"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    version: int
