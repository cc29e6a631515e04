"""Statements over HTTP, inside and on the public portal."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.cases.models import StatementRow
from services.cases.schemas.body import Body


class DisclosureOut(BaseModel):
    """Disclosure metadata: 索引号, 公开目录, 主题词, 发布机构, 文号."""

    index_number: str = ""
    catalogue: str = ""
    subject_words: str = ""
    publisher: str = ""
    document_number: str = ""


class StatementIn(Body):
    """A draft."""

    title: str = Field(min_length=1, max_length=200, examples=["关于景谷县移民补偿款发放情况的说明"])
    text: str = Field(min_length=1, max_length=50_000)


class StatementDecisionIn(Body):
    """A decision on a submitted version; sending it back needs a reason."""

    decision: Literal["approve", "reject"] = "approve"
    comment: str = Field("", max_length=2000)


class WithdrawIn(Body):
    """Why a published version is withdrawn."""

    reason: str = Field(min_length=1, max_length=2000)


class StatementOut(BaseModel):
    """A version of a case's statement; `number` counts the case's versions."""

    id: str
    case_id: str
    number: int
    title: str
    text: str
    state: Literal["draft", "submitted", "approved", "published", "withdrawn"]
    author: str
    disclosure: DisclosureOut
    comment: str
    created_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    decided_by: str | None
    published_at: datetime | None
    published_by: str | None
    withdrawn_at: datetime | None
    version: int

    @classmethod
    def of(cls, row: StatementRow) -> StatementOut:
        """Show a stored version."""
        return cls.model_validate(row.model_dump(exclude={"author_id"}))


class PublicStatementOut(BaseModel):
    """A published statement as the public sees it."""

    id: str
    title: str
    text: str
    published_at: datetime
    url: str
    disclosure: DisclosureOut

    @classmethod
    def of(cls, row: StatementRow, base: str) -> PublicStatementOut:
        """Show a published version; no names, no case."""
        assert row.published_at is not None
        return cls(
            id=row.id,
            title=row.title,
            text=row.text,
            published_at=row.published_at,
            url=f"{base}/public/v1/statements/{row.id}",
            disclosure=DisclosureOut.model_validate(row.disclosure),
        )
