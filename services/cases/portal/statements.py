"""Published statements as the public sees them: no names of persons, no case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel

from services.cases.models import StatementRow
from services.cases.portal.site import Site
from services.cases.portal.times import minute
from services.cases.portal.wanted import themes_of
from services.cases.schemas.statements import DisclosureOut

#: What has become of a text, before its title where there is no other room for it.
MARKS: Final = {"published": "", "withdrawn": "〔已撤回〕", "corrected": "〔已更正〕"}


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
    #: when it was published, corrected or withdrawn, whichever came last
    modified_at: datetime
    url: str
    disclosure: DisclosureOut
    withdrawn_at: datetime | None = None
    withdrawn_reason: str = ""
    #: the statement that this one corrects, and why
    corrects: LinkOut | None = None
    correction_reason: str = ""
    #: the statement that corrects this one, why, and since when
    corrected_by: LinkOut | None = None
    corrected_reason: str = ""
    corrected_at: datetime | None = None

    @classmethod
    def of(cls, row: StatementRow, site: Site, linked: Mapping[str, StatementRow]) -> PublicStatementOut:
        """Show a published statement; `linked` are the public ones that it corrects or is corrected by, by id."""
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
        later = linked.get(row.corrected_by or "")
        return cls(
            **shown,
            modified_at=max(at for at in (row.published_at, row.withdrawn_at, row.corrected_at) if at),
            url=site.statement(row.id),
            disclosure=DisclosureOut.model_validate(row.disclosure),
            corrects=_link(linked.get(row.corrects or ""), site),
            corrected_by=_link(later, site),
            corrected_reason=later.correction_reason if later is not None else "",
        )

    @property
    def marked_title(self) -> str:
        """Return the title behind the mark of what has become of the text."""
        return MARKS[self.state] + self.title

    @property
    def themes(self) -> list[str]:
        """Return the single words of its 主题词."""
        return themes_of(self.disclosure.subject_words)

    @property
    def publisher(self) -> str:
        """Return the body that published it."""
        return self.disclosure.publisher

    def notices(self) -> list[str]:
        """Return what must be said before the text: what has become of it, and what it corrects."""
        said = []
        if self.withdrawn_at is not None:
            said.append(f"本文已于{minute(self.withdrawn_at)}撤回：{self.withdrawn_reason}")
        if self.corrected_by is not None:
            when = f"于{minute(self.corrected_at)}" if self.corrected_at else ""
            why = f"更正原因：{self.corrected_reason}。" if self.corrected_reason else ""
            said.append(f"本文已{when}更正，请以《{self.corrected_by.title}》为准。{why}")
        if self.corrects is not None:
            said.append(f"本文更正《{self.corrects.title}》。更正原因：{self.correction_reason}")
        return said


def _link(row: StatementRow | None, site: Site) -> LinkOut | None:
    return LinkOut(id=row.id, url=site.statement(row.id), title=row.title) if row is not None else None
