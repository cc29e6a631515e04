"""What is said with one voice: confirmed facts, statements in versions, and the numbers they are published under."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from kit.database import Json, UtcDateTime
from services.cases.models.base import ID, NAME, WORD, Base, of_case


class CaseFactRow(Base, table=True):
    """A confirmed fact. `seat` is its kind and subject while it is in force, else null: each subject has one."""

    __tablename__: ClassVar[str] = "case_facts"
    __table_args__ = (sa.UniqueConstraint("case_id", "seat"),)

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    kind: str = Field(sa_type=WORD)
    subject: str = Field(sa_type=sa.String(100))
    value: str = Field(sa_type=sa.Text)
    as_of: datetime = Field(sa_type=UtcDateTime)
    source: str = Field(sa_type=sa.Text)
    evidence: str = Field(default="", sa_type=sa.Text)
    aliases: list[str] = Field(sa_type=Json)
    confirmed_by_id: str = Field(sa_type=ID)
    confirmed_by: str = Field(sa_type=NAME)
    confirmed_at: datetime = Field(sa_type=UtcDateTime)
    seat: str | None = Field(default=None, sa_type=NAME)
    superseded_by: str | None = Field(default=None, sa_type=ID)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_by: str | None = Field(default=None, sa_type=NAME)
    withdrawn_reason: str = Field(default="", sa_type=sa.Text)


class StatementRow(Base, table=True):
    """A statement: text number `number` of its case, as its newest version (`revision`) has it.

    `comment` is what was said at the last decision. `version` counts changes of any kind, for the entity tag.
    """

    __tablename__: ClassVar[str] = "statements"
    __table_args__ = (sa.UniqueConstraint("case_id", "number"), sa.Index(None, "state", "published_at", "id"))

    id: str = Field(sa_type=ID, primary_key=True)
    case_id: str = Field(sa_column=of_case())
    number: int = Field(sa_type=sa.Integer)
    kind: str = Field(default="follow_up", sa_type=WORD)
    revision: int = Field(default=1, sa_type=sa.Integer)
    title: str = Field(sa_type=sa.Text)
    text: str = Field(sa_type=sa.Text)
    state: str = Field(sa_type=WORD)
    author_id: str = Field(sa_type=ID)
    author: str = Field(sa_type=NAME)
    disclosure: dict[str, Any] = Field(sa_type=Json)
    #: 索引号, from the day it is published
    index_number: str | None = Field(default=None, sa_type=NAME, unique=True)
    comment: str = Field(default="", sa_type=sa.Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    #: while it awaits approval: what has been said of its waiting, and when there is next something to say
    told: list[str] = Field(default_factory=list, sa_type=Json)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str | None = Field(default=None, sa_type=NAME)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    published_by: str | None = Field(default=None, sa_type=NAME)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_reason: str = Field(default="", sa_type=sa.Text)
    #: the statement that this one corrects, and why
    corrects: str | None = Field(default=None, sa_type=ID)
    correction_reason: str = Field(default="", sa_type=sa.Text)
    #: the statement that corrects this one, and since when
    corrected_by: str | None = Field(default=None, sa_type=ID)
    corrected_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = Field(default=1, sa_type=sa.Integer)


class StatementVersionRow(Base, table=True):
    """A version of a statement, never changed in its words; explanations, comments and what was found stay with it."""

    __tablename__: ClassVar[str] = "statement_versions"

    statement_id: str = Field(
        sa_column=sa.Column(ID, sa.ForeignKey("statements.id", ondelete="CASCADE"), primary_key=True)
    )
    revision: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    title: str = Field(sa_type=sa.Text)
    text: str = Field(sa_type=sa.Text)
    written_by_id: str = Field(sa_type=ID)
    written_by: str = Field(sa_type=NAME)
    written_at: datetime = Field(sa_type=UtcDateTime)
    template: str = Field(default="", sa_type=sa.String(60))
    #: what was found when it was decided on
    findings: list[dict[str, Any]] = Field(sa_type=Json)
    explanations: list[dict[str, Any]] = Field(sa_type=Json)
    comments: list[dict[str, Any]] = Field(sa_type=Json)


class NumberSeriesRow(Base, table=True):
    """How many numbers a series has given (see `voice.disclosure`)."""

    __tablename__: ClassVar[str] = "number_series"

    name: str = Field(sa_column=sa.Column(NAME, primary_key=True))
    last: int = Field(sa_type=sa.Integer)
