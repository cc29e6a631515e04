"""Correction requests over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from contracts.words import Role
from services.cases.corrections.asking import Evidence, EvidenceKind
from services.cases.models import CorrectionRow
from services.cases.schemas.body import Body, Instant
from services.cases.service.corrections import OUTCOME_NAMES, STATE_NAMES, Draft, Outcome

CorrectionState = Literal["draft", "submitted", "approved", "sent", "settled", "withdrawn"]


class EvidenceIn(Body):
    """Evidence that a claim is false. A link needs its `url`; a document or record the place where it is found."""

    kind: EvidenceKind = Field(examples=["document"])
    description: str = Field("", max_length=2000, examples=["县财政局国库支付凭证，显示补偿款已于2月20日全部拨付到户"])
    url: str = Field("", max_length=2000)
    reference: str = Field("", max_length=500, examples=["景财支〔2026〕18号"])


class CorrectionIn(Body):
    """A request. What is missing is refused by name, so that a form can show it beside its field.

    The fact is `fact` with `fact_source`, or a confirmed fact of the case (`fact_id`), or a text with the published
    statement that says it (`statement_id`).
    """

    outlet: str = Field("", max_length=200, examples=["某网"])
    title: str = Field("", max_length=500, description="of the text")
    url: str = Field("", max_length=2000, examples=["https://news.example.com/a/1.html"])
    claim: str = Field("", max_length=2000, examples=["县移民局把2000万元补偿款挪作他用"])
    evidence: list[EvidenceIn] = Field(default_factory=list, max_length=20)
    fact: str = Field("", max_length=5000, examples=["2026年2月20日，2000万元补偿款已全部发放到213户移民的账户"])
    fact_source: str = Field("", max_length=500, examples=["县财政局、县移民局联合核查"])
    fact_id: str | None = Field(None, max_length=64)
    statement_id: str | None = Field(None, max_length=64)
    note: str = Field("", max_length=5000, description="for those who approve; not in the letter")

    def draft(self) -> Draft:
        """Return the request as the service takes it."""
        evidence = [Evidence(one.kind, one.description, one.url, one.reference) for one in self.evidence]
        return Draft(**{**self.model_dump(exclude={"evidence"}), "evidence": evidence})


class CorrectionDecisionIn(Body):
    """One person's decision on a request; sending it back needs a reason."""

    decision: Literal["approve", "reject"] = "approve"
    comment: str = Field("", max_length=2000)


class CorrectionSentIn(Body):
    """How a person sent the letter."""

    way: str = Field(min_length=1, max_length=100, examples=["挂号信"])
    to: str = Field(min_length=1, max_length=200, examples=["该网总编室"])
    at: Instant | None = Field(None, description="default: now")


class CorrectionOutcomeIn(Body):
    """What came of a request. `published_url`: where the outlet published its correction."""

    outcome: Outcome
    answer: str = Field("", max_length=5000, examples=["对方来函称已核实，将在原栏目刊发更正说明"])
    published_url: str = Field("", max_length=2000, pattern=r"^(https?://.+)?$")


class CorrectionWithdrawIn(Body):
    """Why a request is withdrawn."""

    reason: str = Field(min_length=1, max_length=2000)


class EvidenceOut(BaseModel):
    """A piece of evidence."""

    kind: EvidenceKind
    description: str
    url: str
    reference: str


class CorrectionSignatureOut(BaseModel):
    """One person's act on a request."""

    person: str
    role: Role
    decision: Literal["approve", "reject"]
    at: datetime
    comment: str


class CorrectionOut(BaseModel):
    """A correction request (更正请求) with its letter and outcome."""

    id: str
    case_id: str
    number: int
    outlet: str
    title: str
    url: str
    claim: str
    evidence: list[EvidenceOut]
    fact: str
    fact_source: str
    fact_id: str | None
    statement_id: str | None
    note: str
    state: CorrectionState
    state_name: str = Field(examples=["待审批"])
    author: str
    signatures: list[CorrectionSignatureOut]
    letter: str = Field(description="更正函; written with the second approval, sent by people")
    created_at: datetime
    submitted_at: datetime | None
    approved_at: datetime | None
    sent_at: datetime | None
    sent_by: str
    sent_way: str
    sent_to: str
    outcome: Outcome | None
    outcome_name: str
    outcome_at: datetime | None
    answer: str
    published_url: str
    promised: bool = Field(description="a correction was promised and is not published yet")
    withdrawn_at: datetime | None
    reason: str
    remind_at: datetime | None
    version: int

    @classmethod
    def of(cls, row: CorrectionRow) -> CorrectionOut:
        """Show a stored request."""
        return cls.model_validate(
            {
                **row.model_dump(exclude={"writers"}),
                "state_name": STATE_NAMES[row.state],
                "outcome_name": OUTCOME_NAMES[row.outcome] if row.outcome else "",
                "promised": row.outcome in ("corrected", "clarified") and not row.published_url,
            }
        )
