"""`/api/v1/cases/{id}/reports`: reports to a superior."""

from __future__ import annotations

from fastapi import APIRouter

from kit.problems import problems
from services.cases.api.parts import CaseWriter, Id, PartsDep, Seen
from services.cases.schemas.cases import RecordedOut, ReportIn
from services.cases.service.actors import Actor

router = APIRouter(prefix="/api/v1/cases/{case_id}/reports", tags=["cases"])


@router.post("", status_code=201, responses=problems(404, 409, 412), summary="上报")
async def report_up(case_id: Id, body: ReportIn, parts: PartsDep, principal: CaseWriter, seen: Seen) -> RecordedOut:
    """Record a report to a superior; it meets the clock `report_up`."""
    number = await parts.casework.report_up(case_id, body.to, body.text, Actor.of(principal), seen)
    return RecordedOut(case_id=case_id, sequence=number)
