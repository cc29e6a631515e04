"""`/api/v1/cases/{id}/concerns` and `/aftercare`: what people ask and what they were answered, and what follows."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from contracts.words import CaseState
from kit.auth import Principal, require
from kit.etags import etag
from kit.pages import Page
from kit.problems import problems
from services.cases.api.parts import CaseReader, Id, PartsDep, Seen
from services.cases.schemas.concerns import (
    AftercareOut,
    ConcernAnswerIn,
    ConcernIn,
    ConcernMergeIn,
    ConcernOut,
    ConcernPassIn,
    ConcernReasonIn,
    shown,
)
from services.cases.service.actors import Actor
from services.cases.service.aftercare import until
from services.cases.service.desk import missing
from services.cases.store import aftermath as stored

router = APIRouter(prefix="/api/v1/cases/{case_id}", tags=["concerns"])

Answerer = Annotated[Principal, require("concerns.answer")]


@router.get("/concerns", responses=problems(404), summary="诉求列表")
async def list_concerns(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[ConcernOut]:
    """List a case's concerns with the answer given to each, most posts first."""
    case = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        rows = await stored.concerns(session, case_id)
    return Page(items=shown(rows, case.event_id))


@router.post("/concerns", status_code=201, responses=problems(404, 409, 412), summary="登记诉求")
async def add_concern(case_id: Id, body: ConcernIn, parts: PartsDep, principal: Answerer, seen: Seen) -> ConcernOut:
    """Enter a concern from a hotline, a county, a visit or a letter."""
    row = await parts.concerns.add(
        case_id,
        name=body.name,
        kind=body.kind,
        origin=body.origin,
        detail=body.detail,
        people=body.people,
        actor=Actor.of(principal),
        check=seen,
    )
    return await _show(parts, case_id, row.id)


@router.get("/concerns/{concern_id}", responses=problems(404), summary="一项诉求")
async def get_concern(case_id: Id, concern_id: Id, parts: PartsDep, _: CaseReader, response: Response) -> ConcernOut:
    """Return a concern."""
    response.headers["ETag"] = etag((await parts.case(case_id)).sequence)
    return await _show(parts, case_id, concern_id)


@router.post("/concerns/{concern_id}/answer", responses=problems(404, 409, 412), summary="答复诉求")
async def answer_concern(
    case_id: Id, concern_id: Id, body: ConcernAnswerIn, parts: PartsDep, principal: Answerer, seen: Seen
) -> ConcernOut:
    """Record the answer that was given. 409 where what is given answers nothing."""
    await parts.concerns.answer(
        case_id,
        concern_id,
        text=body.text,
        statement_id=body.statement_id,
        task_id=body.task_id,
        actor=Actor.of(principal),
        check=seen,
    )
    return await _show(parts, case_id, concern_id)


@router.post("/concerns/{concern_id}/pass", responses=problems(404, 409, 412), summary="转办诉求")
async def pass_concern(
    case_id: Id, concern_id: Id, body: ConcernPassIn, parts: PartsDep, principal: Answerer, seen: Seen
) -> ConcernOut:
    """Pass a concern to the body whose it is (不属本单位职责，已转…); it counts as passed, not as answered."""
    await parts.concerns.pass_on(
        case_id,
        concern_id,
        unit=body.unit,
        role=body.role,
        reason=body.reason,
        actor=Actor.of(principal),
        check=seen,
    )
    return await _show(parts, case_id, concern_id)


@router.post("/concerns/{concern_id}/reopen", responses=problems(404, 409, 412), summary="重新受理诉求")
async def reopen_concern(
    case_id: Id, concern_id: Id, body: ConcernReasonIn, parts: PartsDep, principal: Answerer, seen: Seen
) -> ConcernOut:
    """Take a concern up again, or take it out of the one that it was merged into."""
    await parts.concerns.reopen(case_id, concern_id, body.reason, Actor.of(principal), seen)
    return await _show(parts, case_id, concern_id)


@router.post("/concerns/{concern_id}/merge", responses=problems(404, 409, 412), summary="合并诉求")
async def merge_concern(
    case_id: Id, concern_id: Id, body: ConcernMergeIn, parts: PartsDep, principal: Answerer, seen: Seen
) -> ConcernOut:
    """Merge a concern into another that asks the same."""
    await parts.concerns.merge(case_id, concern_id, body.into, Actor.of(principal), seen)
    return await _show(parts, case_id, concern_id)


@router.get("/aftercare", responses=problems(404), summary="善后关注")
async def get_aftercare(case_id: Id, parts: PartsDep, _: CaseReader) -> AftercareOut:
    """Return how the event is followed after the response; 404 before a response has ended."""
    case = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        row = await stored.aftercare(session, case_id)
        if row is None:
            raise missing("aftercare", case_id)
        file = await parts.desk.file(session, case)
        plan = file.plan.aftercare.resurgence
        active = case.state == CaseState.MONITORING
        return AftercareOut(
            case_id=case_id,
            active=active,
            since=row.since,
            until=until(file) if active else None,
            days=row.days,
            over=row.ended_at is not None,
            threshold=plan.negative_posts_1h,
            baseline=row.baseline,
            figure=row.figure,
            last_told=row.told,
            last_told_at=row.told_at,
            held=row.held,
            reopened=row.reopened,
            rise=plan.rise,
            reopen=plan.reopen,
        )


async def _show(parts: PartsDep, case_id: str, concern_id: str) -> ConcernOut:
    case = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        rows = await stored.concerns(session, case_id)
    found = next((one for one in shown(rows, case.event_id) if one.id == concern_id), None)
    if found is None:
        raise missing("concern", concern_id)
    return found
