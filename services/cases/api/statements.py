"""`/api/v1/cases/{id}/statements`: one voice, in versions, checked, and approved by two people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from kit.pages import Page
from kit.problems import problems
from services.cases import store
from services.cases.api.parts import Approver, Author, CaseReader, Id, PartsDep, Seen
from services.cases.models import StatementRow, StatementVersionRow
from services.cases.schemas.statements import (
    CommentIn,
    CorrectionDraftIn,
    DiffOut,
    ExplanationIn,
    FindingsOut,
    RecallIn,
    RefilledStatementOut,
    RefillIn,
    StatementCheckIn,
    StatementDecisionIn,
    StatementDetailOut,
    StatementEditIn,
    StatementIn,
    StatementOut,
    TemplateOut,
    VersionOut,
    WithdrawIn,
)
from services.cases.service.actors import Actor
from services.cases.service.desk import missing
from services.cases.store import speech

router = APIRouter(prefix="/api/v1/cases/{case_id}/statements", tags=["statements"])

Revision = Annotated[int, Query(ge=1)]


@router.get("", responses=problems(404), summary="口径列表")
async def list_statements(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[StatementOut]:
    """List a case's statements in their newest versions, the newest first."""
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        found = await store.statements(session, case_id)
    return Page(items=[StatementOut.of(row) for row in found])


@router.post("", status_code=201, responses=problems(404, 409, 412), summary="起草口径")
async def draft_statement(
    case_id: Id, body: StatementIn, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Write a case's next statement, or draft it from a template filled with the confirmed facts."""
    row = await parts.statements.draft(
        case_id,
        body.title,
        body.text,
        Actor.of(principal),
        seen,
        kind=body.kind,
        template=body.template,
        catalogue=body.catalogue,
        subject_words=body.subject_words,
    )
    return StatementOut.of(row)


@router.get("/templates", responses=problems(404, 409), summary="口径模板")
async def list_statement_templates(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[TemplateOut]:
    """List the templates of the case's plan, each filled with what is confirmed so far."""
    await parts.case(case_id)
    found = await parts.statements.previews(case_id)
    return Page(items=[TemplateOut.of(template, filled) for template, filled in found])


@router.post("/check", responses=problems(404), summary="一致性核对")
async def check_statement(case_id: Id, body: StatementCheckIn, parts: PartsDep, _: CaseReader) -> FindingsOut:
    """Hold a text against what was published in the case and its confirmed facts; changes nothing."""
    await parts.case(case_id)
    return FindingsOut.of(await parts.statements.findings(case_id, body.title, body.text))


@router.get("/{statement_id}", responses=problems(404), summary="一份口径")
async def get_statement(case_id: Id, statement_id: Id, parts: PartsDep, _: CaseReader) -> StatementDetailOut:
    """Return a statement with the findings on its newest version, their explanations and the comments."""
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        row = await _statement(session, case_id, statement_id)
        version = await _version(session, statement_id, row.revision)
    found = None
    if row.published_at is None:
        found = await parts.statements.findings(case_id, row.title, row.text, row)
    return StatementDetailOut.with_version(row, version, found)


@router.patch("/{statement_id}", responses=problems(404, 409, 412), summary="修改口径")
async def edit_statement(
    case_id: Id, statement_id: Id, body: StatementEditIn, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Write a new version of a draft. An approved text becomes a draft again; a published one stays as it is (409)."""
    actor = Actor.of(principal)
    return StatementOut.of(await parts.statements.edit(case_id, statement_id, body.title, body.text, actor, seen))


@router.post("/{statement_id}/refill", responses=problems(404, 409, 412), summary="重新填写模板")
async def refill_statement(
    case_id: Id, statement_id: Id, parts: PartsDep, principal: Author, seen: Seen, body: RefillIn | None = None
) -> RefilledStatementOut:
    """Fill a draft's template with what is confirmed by now, as a new version; the versions before stay readable."""
    template = (body or RefillIn()).template
    return RefilledStatementOut.refilled(
        *await parts.statements.refill(case_id, statement_id, template, Actor.of(principal), seen)
    )


@router.get("/{statement_id}/versions", responses=problems(404), summary="口径各版")
async def list_statement_versions(case_id: Id, statement_id: Id, parts: PartsDep, _: CaseReader) -> Page[VersionOut]:
    """List a statement's versions, the newest first, each with its explanations and comments."""
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        await _statement(session, case_id, statement_id)
        found = await speech.versions(session, statement_id)
    return Page(items=[VersionOut.of(row) for row in found])


@router.get("/{statement_id}/diff", responses=problems(404), summary="版本比较")
async def diff_statement(
    case_id: Id,
    statement_id: Id,
    parts: PartsDep,
    _: CaseReader,
    from_: Annotated[int, Query(alias="from", ge=1)],
    to: Revision,
) -> DiffOut:
    """Compare two versions by sentence, and by word inside a changed sentence."""
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        await _statement(session, case_id, statement_id)
        before, after = await _version(session, statement_id, from_), await _version(session, statement_id, to)
    return DiffOut.of(before, after)


@router.post("/{statement_id}/comments", status_code=201, responses=problems(404, 409, 412), summary="提出意见")
async def comment_statement(
    case_id: Id, statement_id: Id, body: CommentIn, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Comment on the newest version of a statement that is not published."""
    actor = Actor.of(principal)
    return StatementOut.of(await parts.statements.comment(case_id, statement_id, body.text, actor, seen))


@router.post("/{statement_id}/explanations", status_code=201, responses=problems(404, 409, 412), summary="说明不一致")
async def explain_finding(
    case_id: Id, statement_id: Id, body: ExplanationIn, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Explain a finding of the newest version; it stays with the version, and the approver must accept it."""
    actor = Actor.of(principal)
    row = await parts.statements.explain(case_id, statement_id, body.finding, body.text, actor, seen)
    return StatementOut.of(row)


@router.post("/{statement_id}/submit", responses=problems(404, 409, 412), summary="提交审批")
async def submit_statement(
    case_id: Id, statement_id: Id, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Hand a draft in for approval."""
    return StatementOut.of(await parts.statement_approvals.submit(case_id, statement_id, Actor.of(principal), seen))


@router.post("/{statement_id}/recall", responses=problems(404, 409, 412), summary="撤回送审")
async def recall_statement(
    case_id: Id, statement_id: Id, parts: PartsDep, principal: Author, seen: Seen, body: RecallIn | None = None
) -> StatementOut:
    """Take one's own submitted version back: it is a draft again. 409 once it has been decided on."""
    reason = (body or RecallIn()).reason
    row = await parts.statement_approvals.recall(case_id, statement_id, reason, Actor.of(principal), seen)
    return StatementOut.of(row)


@router.post("/{statement_id}/approve", responses=problems(404, 409, 412), summary="审批口径")
async def decide_statement(
    case_id: Id,
    statement_id: Id,
    parts: PartsDep,
    principal: Approver,
    seen: Seen,
    body: StatementDecisionIn | None = None,
) -> StatementOut:
    """Approve a submitted version, or send it back. Never its author; always a role that decides at the level.

    409 `inconsistent` names what is neither corrected nor explained, `explanations_not_accepted` what the approver has
    yet to accept.
    """
    said = body or StatementDecisionIn()
    row = await parts.statement_approvals.decide(
        case_id,
        statement_id,
        said.decision,
        said.comment,
        Actor.of(principal),
        seen,
        accept_explanations=said.accept_explanations,
    )
    return StatementOut.of(row)


@router.post("/{statement_id}/publish", responses=problems(404, 409, 412), summary="发布口径")
async def publish_statement(
    case_id: Id, statement_id: Id, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Publish an approved version under its 索引号; it meets what its kind meets, and `next_update` starts anew."""
    row = await parts.publishing.publish(case_id, statement_id, Actor.of(principal), seen)
    parts.portal.look_again()
    return StatementOut.of(row)


@router.post("/{statement_id}/withdraw", responses=problems(404, 409, 412), summary="撤回口径")
async def withdraw_statement(
    case_id: Id, statement_id: Id, body: WithdrawIn, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Withdraw a published text; it stays readable, inside and on the portal, with the reason and the time."""
    actor = Actor.of(principal)
    row = await parts.publishing.withdraw(case_id, statement_id, body.reason, actor, seen)
    parts.portal.look_again()
    return StatementOut.of(row)


@router.post("/{statement_id}/correct", status_code=201, responses=problems(404, 409, 412), summary="更正口径")
async def correct_statement(
    case_id: Id, statement_id: Id, body: CorrectionDraftIn, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Draft the correction of a published text; once it is published, each of the two points to the other."""
    actor = Actor.of(principal)
    row = await parts.statements.correct(case_id, statement_id, body.title, body.text, body.reason, actor, seen)
    return StatementOut.of(row)


async def _statement(session: AsyncSession, case_id: str, statement_id: str) -> StatementRow:
    row = await speech.statement(session, case_id, statement_id)
    if row is None:
        raise missing("statement", statement_id)
    return row


async def _version(session: AsyncSession, statement_id: str, revision: int) -> StatementVersionRow:
    row = await speech.version(session, statement_id, revision)
    if row is None:
        raise missing("statement version", str(revision))
    return row
