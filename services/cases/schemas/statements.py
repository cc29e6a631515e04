"""Statements over HTTP, as officers work with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from services.cases.models import StatementRow, StatementVersionRow
from services.cases.plan.statements import StatementKind, StatementTemplate
from services.cases.schemas.body import Body
from services.cases.voice.consistency import Finding, FindingKind
from services.cases.voice.diff import changes, readable
from services.cases.voice.drafting import Draft

State = Literal["draft", "submitted", "approved", "published", "withdrawn", "corrected"]


class DisclosureOut(BaseModel):
    """Disclosure metadata: 索引号, 公开目录, 主题词, 发布机构, 文号. The numbers are given when it is published."""

    index_number: str = Field("", examples=["1042-/2026-1009001"])
    catalogue: str = ""
    subject_words: str = ""
    publisher: str = ""
    document_number: str = ""


class StatementIn(Body):
    """A draft: title and text, or the key of a template that is filled with the confirmed facts."""

    title: str | None = Field(None, min_length=1, max_length=200, examples=["关于景谷县移民补偿款发放情况的说明"])
    text: str | None = Field(None, min_length=1, max_length=50_000)
    kind: StatementKind | None = None
    template: str | None = Field(None, max_length=60, pattern=r"^[a-z0-9_]+$")
    catalogue: str | None = Field(None, min_length=1, max_length=200, description="公开目录; the plan's by default")
    subject_words: str | None = Field(None, max_length=200, description="主题词; the plan's by default")

    @model_validator(mode="after")
    def _something_to_say(self) -> Self:
        if self.template is None and (self.title is None or self.text is None):
            raise ValueError("须填写标题和正文，或选择模板 / give title and text, or a template")
        return self


class StatementEditIn(Body):
    """A new version; what is left out stays as it is."""

    title: str | None = Field(None, min_length=1, max_length=200)
    text: str | None = Field(None, min_length=1, max_length=50_000)


class CorrectionDraftIn(Body):
    """The text that is to correct a published one, and why."""

    title: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=50_000)
    reason: str = Field(min_length=1, max_length=2000, examples=["受影响户数统计口径有误"])


class StatementCheckIn(Body):
    """A text to be checked while it is written."""

    title: str = Field("", max_length=200)
    text: str = Field(max_length=50_000)


class CommentIn(Body):
    """What is said of a version."""

    text: str = Field(min_length=1, max_length=2000)


class ExplanationIn(Body):
    """Why a finding is no mistake."""

    finding: str = Field(min_length=1, max_length=64, description="the finding's `key`")
    text: str = Field(min_length=1, max_length=2000, examples=["前次统计未含永平镇，已向发布单位说明"])


class StatementDecisionIn(Body):
    """A decision on a submitted version; sending it back needs a reason.

    `accept_explanations`: the approver has read the explanations of the findings and takes them as sufficient.
    """

    decision: Literal["approve", "reject"] = "approve"
    comment: str = Field("", max_length=2000)
    accept_explanations: bool = False


class RecallIn(Body):
    """Why a submitted version is taken back, where there is something to say."""

    reason: str = Field("", max_length=2000)


class RefillIn(Body):
    """The template to fill; by default the one that the draft came from."""

    template: str | None = Field(None, max_length=60, pattern=r"^[a-z0-9_]+$")


class WithdrawIn(Body):
    """Why a published version is withdrawn."""

    reason: str = Field(min_length=1, max_length=2000)


class AgainstOut(BaseModel):
    """What a finding is held against: a published text or a confirmed fact."""

    origin: Literal["statement", "fact"]
    id: str
    label: str = Field(examples=["口径第1份"])
    at: datetime
    quote: str


class StatementFindingOut(BaseModel):
    """A place in the title or text, counted in characters, and what is wrong with it. `blocks` holds approval up."""

    key: str
    kind: FindingKind
    severity: Literal["blocks", "note"]
    field: Literal["title", "text"]
    start: int
    end: int
    quote: str
    subject: str
    why: str
    against: AgainstOut | None

    @classmethod
    def of(cls, found: Finding) -> StatementFindingOut:
        """Show a finding."""
        return cls.model_validate(found, from_attributes=True)


class FindingsOut(BaseModel):
    """What the consistency check finds; `blocks` tells whether anything holds approval up."""

    blocks: bool
    findings: list[StatementFindingOut]

    @classmethod
    def of(cls, found: list[Finding]) -> FindingsOut:
        """Show findings."""
        blocks = any(one.severity == "blocks" for one in found)
        return cls(blocks=blocks, findings=[StatementFindingOut.of(one) for one in found])


class ExplanationOut(BaseModel):
    """An explanation of a finding, and who accepted it."""

    finding: str
    quote: str
    why: str
    text: str
    by: str
    at: datetime
    accepted_by: str | None
    accepted_at: datetime | None


class CommentOut(BaseModel):
    """A comment, or what was said at a decision."""

    kind: Literal["comment", "approved", "returned", "recalled"]
    text: str
    by: str
    at: datetime


class VersionOut(BaseModel):
    """A version of a statement. `findings` are those at the time it was decided on."""

    revision: int
    title: str
    text: str
    written_by: str
    written_at: datetime
    template: str
    findings: list[StatementFindingOut]
    explanations: list[ExplanationOut]
    comments: list[CommentOut]

    @classmethod
    def of(cls, row: StatementVersionRow) -> VersionOut:
        """Show a stored version."""
        return cls.model_validate(row.model_dump(exclude={"statement_id", "written_by_id"}))


class StatementOut(BaseModel):
    """A statement of a case in its newest version. `number` counts the case's texts, `revision` this one's versions."""

    id: str
    case_id: str
    number: int
    kind: StatementKind
    revision: int
    title: str
    text: str
    state: State
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
    withdrawn_reason: str
    corrects: str | None
    correction_reason: str
    corrected_by: str | None
    corrected_at: datetime | None
    version: int

    @classmethod
    def of(cls, row: StatementRow) -> StatementOut:
        """Show a stored statement."""
        return cls.model_validate(row.model_dump(exclude={"author_id", "index_number"}))


class StatementDetailOut(StatementOut):
    """A statement with what its newest version is found to say, how that is explained, and what was said of it."""

    findings: list[StatementFindingOut]
    explanations: list[ExplanationOut]
    comments: list[CommentOut]

    @classmethod
    def with_version(
        cls, row: StatementRow, version: StatementVersionRow, found: list[Finding] | None
    ) -> StatementDetailOut:
        """Show a statement with its newest version; `found` is None where the stored findings are to be shown."""
        shown = VersionOut.of(version)
        findings = shown.findings if found is None else [StatementFindingOut.of(one) for one in found]
        return cls(
            **StatementOut.of(row).model_dump(),
            findings=findings,
            explanations=shown.explanations,
            comments=shown.comments,
        )


class PieceOut(BaseModel):
    """Words that stay, go or come."""

    op: Literal["equal", "insert", "delete"]
    text: str


class TextChangeOut(BaseModel):
    """A run of sentences before and after."""

    op: Literal["equal", "insert", "delete", "replace"]
    before: str
    after: str
    words: list[PieceOut]


class DiffOut(BaseModel):
    """From one version to another, as data and in one readable text (〔删：…〕〔增：…〕)."""

    from_revision: int
    to_revision: int
    title: list[TextChangeOut]
    text: list[TextChangeOut]
    readable: str

    @classmethod
    def of(cls, before: StatementVersionRow, after: StatementVersionRow) -> DiffOut:
        """Compare two versions."""
        title, text = changes(before.title, after.title), changes(before.text, after.text)
        return cls(
            from_revision=before.revision,
            to_revision=after.revision,
            title=[TextChangeOut.model_validate(one, from_attributes=True) for one in title],
            text=[TextChangeOut.model_validate(one, from_attributes=True) for one in text],
            readable=f"{readable(title)}\n\n{readable(text)}",
        )


class RefilledStatementOut(StatementOut):
    """A statement after its template was filled anew, with the difference to the version before."""

    diff: DiffOut

    @classmethod
    def refilled(
        cls, row: StatementRow, before: StatementVersionRow, after: StatementVersionRow
    ) -> RefilledStatementOut:
        """Show a statement whose newest version is `after`."""
        return cls(**StatementOut.of(row).model_dump(), diff=DiffOut.of(before, after))


class TemplateOut(BaseModel):
    """A template of the case's plan, filled with what is confirmed so far.

    `missing` names the facts that it waits for, `optional` those that it would say too once they are confirmed.
    """

    key: str
    kind: StatementKind
    name: str
    title: str
    text: str
    missing: list[str]
    optional: list[str]

    @classmethod
    def of(cls, template: StatementTemplate, filled: Draft) -> TemplateOut:
        """Show a filled template."""
        shown: dict[str, Any] = template.model_dump(include={"key", "kind", "name"})
        return cls(
            **shown, title=filled.title, text=filled.text, missing=list(filled.missing), optional=list(filled.optional)
        )
