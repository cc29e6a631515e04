"""Published statements as the public sees them: no names of persons, no case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from services.cases.models import StatementRow
from services.cases.schemas.statements import DisclosureOut


class LinkOut(BaseModel):
    """Another published statement."""

    id: str
    url: str
    title: str


class PublicStatementOut(BaseModel):
    """A published statement. `state` says what has become of it; its text stays as it was published."""

    id: str
    title: str
    text: str
    kind: str
    state: Literal["published", "withdrawn", "corrected"]
    published_at: datetime
    url: str
    disclosure: DisclosureOut
    withdrawn_at: datetime | None = None
    withdrawn_reason: str = ""
    #: the statement that this one corrects, and why
    corrects: LinkOut | None = None
    correction_reason: str = ""
    #: the statement that corrects this one, and since when
    corrected_by: LinkOut | None = None
    corrected_at: datetime | None = None

    @classmethod
    def of(cls, row: StatementRow, base: str, titles: Mapping[str, str]) -> PublicStatementOut:
        """Show a published statement; `titles` are those of the statements it is linked with, by id."""
        assert row.published_at is not None
        shown = row.model_dump(
            include={
                "id",
                "title",
                "text",
                "kind",
                "state",
                "published_at",
                "withdrawn_at",
                "withdrawn_reason",
                "correction_reason",
                "corrected_at",
            }
        )
        return cls(
            **shown,
            url=_url(row.id, base),
            disclosure=DisclosureOut.model_validate(row.disclosure),
            corrects=_link(row.corrects, base, titles),
            corrected_by=_link(row.corrected_by, base, titles),
        )

    def feed_item(self) -> dict[str, Any]:
        """Return the statement as an item of a JSON Feed 1.1, with the disclosure metadata as extensions."""
        changed = self.withdrawn_at or self.corrected_at
        item: dict[str, Any] = {
            "id": self.id,
            "url": self.url,
            "title": {"withdrawn": "〔已撤回〕", "corrected": "〔已更正〕"}.get(self.state, "") + self.title,
            "content_text": self.text,
            "date_published": self.published_at.isoformat(),
            "_disclosure": self.disclosure.model_dump(),
            "_state": self.state,
        }
        if changed is not None:
            item["date_modified"] = changed.isoformat()
        if self.withdrawn_at is not None:
            item["_withdrawn"] = {"at": self.withdrawn_at.isoformat(), "reason": self.withdrawn_reason}
        if self.corrects is not None:
            item["_corrects"] = {**self.corrects.model_dump(), "reason": self.correction_reason}
        if self.corrected_by is not None:
            item["_corrected_by"] = self.corrected_by.model_dump()
        return item


def _url(id_: str, base: str) -> str:
    return f"{base}/public/v1/statements/{id_}"


def _link(id_: str | None, base: str, titles: Mapping[str, str]) -> LinkOut | None:
    return LinkOut(id=id_, url=_url(id_, base), title=titles[id_]) if id_ and id_ in titles else None
