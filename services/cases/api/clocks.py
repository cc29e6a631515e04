"""`/api/v1/cases/{id}/clocks/{id}/…`: clocks that stand still, where the plan allows."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter

from kit.problems import problems
from services.cases.api.parts import CaseWriter, Id, Parts, PartsDep, Seen
from services.cases.clocks import Clock
from services.cases.schemas.clocks import PauseIn, ResumeIn
from services.cases.schemas.records import ClockOut
from services.cases.service.actors import Actor

router = APIRouter(prefix="/api/v1/cases/{case_id}/clocks/{clock_id}", tags=["cases"])


@router.post("/pause", responses=problems(403, 404, 409, 412), summary="暂停时限")
async def pause_clock(
    case_id: Id, clock_id: Id, body: PauseIn, parts: PartsDep, principal: CaseWriter, seen: Seen
) -> ClockOut:
    """Let a clock stand still where the plan allows it: for this kind, level and reason, and no longer than it says.

    What is due by now is said first. It goes on by itself when the plan's time is used up.
    """
    lasting = timedelta(seconds=body.seconds) if body.seconds is not None else None
    actor = Actor.of(principal)
    clock = await parts.pauses.pause(case_id, clock_id, body.reason, body.note, lasting, actor, seen)
    return await _show(parts, case_id, clock)


@router.post("/resume", responses=problems(403, 404, 409, 412), summary="恢复时限")
async def resume_clock(
    case_id: Id, clock_id: Id, body: ResumeIn, parts: PartsDep, principal: CaseWriter, seen: Seen
) -> ClockOut:
    """Let a paused clock go on; it is due as much later as it stood still."""
    clock = await parts.pauses.resume(case_id, clock_id, body.reason, Actor.of(principal), seen)
    return await _show(parts, case_id, clock)


async def _show(parts: Parts, case_id: str, clock: Clock) -> ClockOut:
    row = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        plan = await parts.desk.plans.version(session, row.plan_version)
    return ClockOut.of(clock, plan, parts.desk.clock.now())
