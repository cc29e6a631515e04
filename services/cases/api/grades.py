"""How an event is graded now: every criterion, what people might establish, what is held back and why."""

from __future__ import annotations

from fastapi import APIRouter

from kit.problems import Problem, problems
from services.cases import store
from services.cases.api.parts import AlertReader, CaseReader, Id, PartsDep
from services.cases.schemas.grades import CurrentGradeOut
from services.cases.service.desk import missing

router = APIRouter(prefix="/api/v1", tags=["alerts"])


@router.get("/cases/{case_id}/grade", responses=problems(404, 409), summary="当前定级依据")
async def get_case_grade(case_id: Id, parts: PartsDep, _: CaseReader) -> CurrentGradeOut:
    """Grade the case's event as it stands, by the plan in force, with every criterion met or not. Changes nothing."""
    row = await parts.case(case_id)
    if row.event_id is None:
        raise Problem(409, "case.no_event", zh="处置单没有对应的事件", en="The case has no event")
    return CurrentGradeOut.of(await parts.grades.now(row.event_id))


@router.get("/alerts/{alert_id}/grade", responses=problems(404), summary="预警所涉事件的当前定级依据")
async def get_alert_grade(alert_id: Id, parts: PartsDep, _: AlertReader) -> CurrentGradeOut:
    """Grade the alert's event as it stands, by the plan in force; the alert itself keeps what it was raised on."""
    async with parts.desk.database.reading() as session:
        row = await store.alert(session, alert_id)
    if row is None:
        raise missing("alert", alert_id)
    return CurrentGradeOut.of(await parts.grades.now(row.event_id))
