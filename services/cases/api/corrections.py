"""`/api/v1/cases/{id}/corrections`: what an outlet is asked to correct, and what came of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from kit.auth import Principal, require
from kit.etags import etag
from kit.pages import Page
from kit.problems import Problem, problems
from services.cases.api.parts import CaseReader, Id, PartsDep, Seen
from services.cases.models import CorrectionRow
from services.cases.schemas.corrections import (
    CorrectionDecisionIn,
    CorrectionIn,
    CorrectionOut,
    CorrectionOutcomeIn,
    CorrectionSentIn,
    CorrectionWithdrawIn,
)
from services.cases.service.actors import Actor
from services.cases.service.desk import missing
from services.cases.store import aftermath as stored

router = APIRouter(prefix="/api/v1/cases/{case_id}/corrections", tags=["corrections"])

Writer = Annotated[Principal, require("corrections.write")]
Approver = Annotated[Principal, require("corrections.approve")]


@router.get("", responses=problems(404), summary="更正请求列表")
async def list_corrections(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[CorrectionOut]:
    """List a case's correction requests, the newest first."""
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        found = await stored.corrections(session, case_id)
    return Page(items=[CorrectionOut.of(row) for row in found])


@router.post("", status_code=201, responses=problems(404, 409, 412), summary="起草更正请求")
async def draft_correction(
    case_id: Id, body: CorrectionIn, parts: PartsDep, principal: Writer, seen: Seen
) -> CorrectionOut:
    """Write a request: a checkable factual claim, evidence that it is false, the official fact and its source.

    409 where it is about opinion or asks for a takedown, 422 where a part is missing; `reasons` names every one.
    """
    return CorrectionOut.of(await parts.corrections.draft(case_id, body.draft(), Actor.of(principal), seen))


@router.get("/{correction_id}", responses=problems(404), summary="一件更正请求")
async def get_correction(
    case_id: Id, correction_id: Id, parts: PartsDep, _: CaseReader, response: Response
) -> CorrectionOut:
    """Return a correction request."""
    row = await _correction(parts, case_id, correction_id)
    response.headers["ETag"] = etag((await parts.case(case_id)).sequence)
    return CorrectionOut.of(row)


@router.get(
    "/{correction_id}/letter",
    responses={**problems(404, 409), 200: {"content": {"text/plain": {}}}},
    response_class=PlainTextResponse,
    summary="更正函",
)
async def get_letter(case_id: Id, correction_id: Id, parts: PartsDep, _: CaseReader) -> PlainTextResponse:
    """Return the letter as it was approved. 409 before the second approval: there is none yet."""
    row = await _correction(parts, case_id, correction_id)
    if not row.letter:
        zh, en = "尚未获两人批准，更正函未生成", "The letter is written with the second approval"
        raise Problem(409, "correction.no_letter", zh=zh, en=en, rule="no_letter")
    return PlainTextResponse(row.letter)


@router.put("/{correction_id}", responses=problems(404, 409, 412), summary="修改更正请求")
async def change_correction(
    case_id: Id, correction_id: Id, body: CorrectionIn, parts: PartsDep, principal: Writer, seen: Seen
) -> CorrectionOut:
    """Write a draft anew. Whoever does cannot approve it."""
    actor = Actor.of(principal)
    return CorrectionOut.of(await parts.corrections.change(case_id, correction_id, body.draft(), actor, seen))


@router.post("/{correction_id}/submit", responses=problems(404, 409, 412), summary="提交审批")
async def submit_correction(
    case_id: Id, correction_id: Id, parts: PartsDep, principal: Writer, seen: Seen
) -> CorrectionOut:
    """Hand a draft in for the approval of two people."""
    return CorrectionOut.of(await parts.corrections.submit(case_id, correction_id, Actor.of(principal), seen))


@router.post("/{correction_id}/approve", responses=problems(404, 409, 412), summary="审批更正请求")
async def decide_correction(
    case_id: Id,
    correction_id: Id,
    parts: PartsDep,
    principal: Approver,
    seen: Seen,
    body: CorrectionDecisionIn | None = None,
) -> CorrectionOut:
    """Approve a request, or send it back. Two people, neither of whom wrote it, one of propaganda or a leader."""
    said = body or CorrectionDecisionIn()
    return CorrectionOut.of(
        await parts.corrections.decide(case_id, correction_id, said.decision, said.comment, Actor.of(principal), seen)
    )


@router.post("/{correction_id}/sent", responses=problems(404, 409, 412), summary="登记发函")
async def record_sent(
    case_id: Id, correction_id: Id, body: CorrectionSentIn, parts: PartsDep, principal: Writer, seen: Seen
) -> CorrectionOut:
    """Record that a person has sent the letter; the machine sends nothing."""
    actor = Actor.of(principal)
    return CorrectionOut.of(
        await parts.corrections.sent(
            case_id, correction_id, at=body.at, way=body.way, to=body.to, actor=actor, check=seen
        )
    )


@router.post("/{correction_id}/outcome", responses=problems(404, 409, 412), summary="登记结果")
async def record_outcome(
    case_id: Id, correction_id: Id, body: CorrectionOutcomeIn, parts: PartsDep, principal: Writer, seen: Seen
) -> CorrectionOut:
    """Record what came of a request; a later outcome takes the place of an earlier one."""
    return CorrectionOut.of(
        await parts.corrections.settle(
            case_id,
            correction_id,
            body.outcome,
            answer=body.answer,
            published_url=body.published_url,
            actor=Actor.of(principal),
            check=seen,
        )
    )


@router.post("/{correction_id}/withdraw", responses=problems(404, 409, 412), summary="撤回更正请求")
async def withdraw_correction(
    case_id: Id, correction_id: Id, body: CorrectionWithdrawIn, parts: PartsDep, principal: Writer, seen: Seen
) -> CorrectionOut:
    """Withdraw a request with the reason."""
    actor = Actor.of(principal)
    return CorrectionOut.of(await parts.corrections.withdraw(case_id, correction_id, body.reason, actor, seen))


async def _correction(parts: PartsDep, case_id: str, correction_id: str) -> CorrectionRow:
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        row = await stored.correction(session, case_id, correction_id)
    if row is None:
        raise missing("correction", correction_id)
    return row
