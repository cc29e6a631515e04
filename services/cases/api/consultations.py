"""`/api/v1/cases/{id}/consultations`: called, held, and what becomes of their conclusions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from contracts.words import Role
from kit.auth import Principal, require
from kit.etags import etag
from kit.pages import Page
from kit.problems import problems
from services.cases.api.parts import TAGGED, CaseReader, Id, PartsDep, Seen
from services.cases.models import ConsultationRow
from services.cases.schemas.body import Body, Instant
from services.cases.schemas.participants import (
    ConsultationHeldIn,
    ConsultationIn,
    ConsultationOut,
    Name,
    ReleaseIn,
)
from services.cases.schemas.tasks import TaskOut
from services.cases.service.actors import Actor
from services.cases.service.consultations import Body as Called
from services.cases.service.desk import missing
from services.cases.service.tasks import Giving
from services.cases.store import work

router = APIRouter(prefix="/api/v1/cases/{case_id}/consultations", tags=["command"])

Convener = Annotated[Principal, require("consultations.write")]
#: The number of a point, in a path.
Number = Annotated[int, Path(ge=1, le=1000)]


class ConclusionTaskIn(Body):
    """Who carries a conclusion out; without a title the task has the conclusion's text."""

    title: str = Field("", max_length=500)
    role: Role
    unit: Name = ""
    person: Name = ""
    due_at: Instant | None = None


@router.get("", responses=problems(404), summary="会商列表")
async def list_consultations(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[ConsultationOut]:
    """List a case's consultations, the oldest first."""
    row = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        plan = await parts.desk.plans.version(session, row.plan_version)
        found = await work.all_of(session, ConsultationRow, case_id)
    return Page(items=[ConsultationOut.of(one, plan) for one in found])


@router.post("", status_code=201, responses=problems(404, 409, 412), summary="召集会商")
async def call_consultation(
    case_id: Id, body: ConsultationIn, parts: PartsDep, principal: Convener, seen: Seen
) -> ConsultationOut:
    """Call a consultation; its units take part in the case from now on and are told, with a receipt."""
    units = [Called(unit.role, unit.unit) for unit in body.units]
    row = await parts.consultations.call(
        case_id, body.subject, body.planned_at, body.place, units, Actor.of(principal), seen
    )
    return await _shown(parts, row)


@router.get("/{consultation_id}", responses={**problems(404), **TAGGED}, summary="一次会商")
async def get_consultation(
    case_id: Id, consultation_id: Id, parts: PartsDep, _: CaseReader, response: Response
) -> ConsultationOut:
    """Return a consultation."""
    case = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        row = await session.get(ConsultationRow, consultation_id)
    if row is None or row.case_id != case_id:
        raise missing("consultation", consultation_id)
    response.headers["ETag"] = etag(case.sequence)
    return await _shown(parts, row)


@router.post("/{consultation_id}/held", responses=problems(404, 409, 412), summary="会商结论")
async def hold_consultation(
    case_id: Id, consultation_id: Id, body: ConsultationHeldIn, parts: PartsDep, principal: Convener, seen: Seen
) -> ConsultationOut:
    """Record who came and what was concluded, in numbered points; it is evidence of the playbook's task."""
    row = await parts.consultations.hold(
        case_id, consultation_id, body.held_at, body.attended, body.conclusions, Actor.of(principal), seen
    )
    return await _shown(parts, row)


@router.post("/{consultation_id}/cancel", responses=problems(404, 409, 412), summary="取消会商")
async def cancel_consultation(
    case_id: Id, consultation_id: Id, body: ReleaseIn, parts: PartsDep, principal: Convener, seen: Seen
) -> ConsultationOut:
    """Call a consultation off, with the reason; those who were called are told."""
    row = await parts.consultations.cancel(case_id, consultation_id, body.reason, Actor.of(principal), seen)
    return await _shown(parts, row)


@router.post(
    "/{consultation_id}/conclusions/{number}/task",
    status_code=201,
    responses=problems(404, 409, 412),
    summary="结论转任务",
)
async def carry_out_conclusion(
    case_id: Id,
    consultation_id: Id,
    number: Number,
    body: ConclusionTaskIn,
    parts: PartsDep,
    principal: Convener,
    seen: Seen,
) -> TaskOut:
    """Make a task of a conclusion; 409 where it is one already."""
    giving = Giving(body.title, body.role, body.unit, body.person, body.due_at)
    task = await parts.consultations.carry_out(case_id, consultation_id, number, giving, Actor.of(principal), seen)
    return TaskOut.of(task, await parts.plan_of(await parts.case(case_id)), parts.desk.clock.now())


async def _shown(parts: PartsDep, row: ConsultationRow) -> ConsultationOut:
    return ConsultationOut.of(row, await parts.plan_of(await parts.case(row.case_id)))
