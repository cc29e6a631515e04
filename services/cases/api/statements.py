"""`/api/v1/cases/{id}/statements`: one voice, approved by two people."""

from __future__ import annotations

from fastapi import APIRouter

from kit.pages import Page
from kit.problems import problems
from services.cases import store
from services.cases.api.parts import Approver, Author, CaseReader, Id, PartsDep, Seen
from services.cases.schemas.statements import StatementDecisionIn, StatementIn, StatementOut, WithdrawIn
from services.cases.service.actors import Actor
from services.cases.service.desk import missing

router = APIRouter(prefix="/api/v1/cases/{case_id}/statements", tags=["statements"])


@router.get("", responses=problems(404), summary="口径列表")
async def list_statements(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[StatementOut]:
    """List the versions of a case's statement, the newest first."""
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        found = await store.statements(session, case_id)
    return Page(items=[StatementOut.of(row) for row in found])


@router.post("", status_code=201, responses=problems(404, 409, 412), summary="起草口径")
async def draft_statement(
    case_id: Id, body: StatementIn, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Write the next version of a case's statement."""
    actor = Actor.of(principal)
    return StatementOut.of(await parts.statements.draft(case_id, body.title, body.text, actor, seen))


@router.get("/{statement_id}", responses=problems(404), summary="一版口径")
async def get_statement(case_id: Id, statement_id: Id, parts: PartsDep, _: CaseReader) -> StatementOut:
    """Return one version of a case's statement."""
    async with parts.desk.database.reading() as session:
        found = [row for row in await store.statements(session, case_id) if row.id == statement_id]
    if not found:
        raise missing("statement", statement_id)
    return StatementOut.of(found[0])


@router.post("/{statement_id}/submit", responses=problems(404, 409, 412), summary="提交审批")
async def submit_statement(
    case_id: Id, statement_id: Id, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Hand a draft in for approval."""
    return StatementOut.of(await parts.statements.submit(case_id, statement_id, Actor.of(principal), seen))


@router.post("/{statement_id}/approve", responses=problems(404, 409, 412), summary="审批口径")
async def decide_statement(
    case_id: Id,
    statement_id: Id,
    parts: PartsDep,
    principal: Approver,
    seen: Seen,
    body: StatementDecisionIn | None = None,
) -> StatementOut:
    """Approve a submitted version, or send it back. Never its author; always a role that decides at the level."""
    said = body or StatementDecisionIn()
    return StatementOut.of(
        await parts.statements.decide(case_id, statement_id, said.decision, said.comment, Actor.of(principal), seen)
    )


@router.post("/{statement_id}/publish", responses=problems(404, 409, 412), summary="发布口径")
async def publish_statement(
    case_id: Id, statement_id: Id, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Publish an approved version: it meets `first_release` and starts `next_update` anew."""
    return StatementOut.of(await parts.statements.publish(case_id, statement_id, Actor.of(principal), seen))


@router.post("/{statement_id}/withdraw", responses=problems(404, 409, 412), summary="撤回口径")
async def withdraw_statement(
    case_id: Id, statement_id: Id, body: WithdrawIn, parts: PartsDep, principal: Author, seen: Seen
) -> StatementOut:
    """Take a published version off the portal; it stays in the case, with the reason."""
    actor = Actor.of(principal)
    return StatementOut.of(await parts.statements.withdraw(case_id, statement_id, body.reason, actor, seen))
