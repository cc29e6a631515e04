"""What people ask, complain of or want done in posts."""

from __future__ import annotations

from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from services.analysis.models.base import BY_KEY, Base


class PostConcern(Base, table=True):
    """A concern of a post, by where it stands in its title or text: the words are the post's and go with them."""

    __tablename__: ClassVar[str] = "post_concerns"
    __table_args__ = BY_KEY

    post_id: str = Field(primary_key=True, max_length=36)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(max_length=9)
    theme: str = Field(max_length=16)
    ask: str = Field(max_length=16)
    field: str = Field(max_length=5)
    start: int
    end: int
    #: hash of the words without punctuation, equal for equal sentences
    gist: int = Field(sa_type=sa.BigInteger)
