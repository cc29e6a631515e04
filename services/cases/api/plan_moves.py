"""`/api/v1/cases/{id}/plan`: by which version of the plan a case is led, and moving it to another."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from kit.auth import Principal, require
from kit.etags import etag
from kit.problems import problems
from services.cases import store
from services.cases.api.parts import TAGGED, CaseReader, Id, PartsDep, Seen
from services.cases.schemas.plan_moves import CasePlanOut, MovedOut, PlanMoveIn
from services.cases.service.actors import Actor
from services.cases.store.plans import moves

router = APIRouter(prefix="/api/v1/cases", tags=["cases"])

Mover = Annotated[Principal, require("plans.write")]


@router.get("/{case_id}/plan", responses={**problems(404), **TAGGED}, summary="处置单所依预案")
async def get_case_plan(case_id: Id, parts: PartsDep, _: CaseReader, response: Response) -> CasePlanOut:
    """Return the version of the plan that a case is led by, with its moves from one to another."""
    row = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        in_force = await store.active_version(session)
        found = await moves(session, case_id)
    response.headers["ETag"] = etag(row.sequence)
    return CasePlanOut.of(row, in_force, found)


@router.post("/{case_id}/plan", responses={**problems(404, 409, 412), **TAGGED}, summary="改按另一版预案办理")
async def move_case_to_plan(
    case_id: Id, body: PlanMoveIn, parts: PartsDep, principal: Mover, seen: Seen, response: Response
) -> MovedOut:
    """Lead an open case by another version of the plan from now on.

    Running clocks keep their start and get the new limits; the answer names each that changed, and those whose new time
    is over already. 409 while a level, a statement or a correction request awaits its approval: its chain would change.
    """
    moved = await parts.plan_moves.move(case_id, body.version, body.reason, Actor.of(principal), seen)
    response.headers["ETag"] = etag(moved.case.sequence)
    return MovedOut.now(moved.row, moved.level_names, moved.others)
